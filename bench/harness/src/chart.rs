//! Bar charts as SVG, readable on light and dark pages and by screen readers.

use super::outcome::{Bar, Chart};

const WIDTH: f64 = 760.0;
const LABELS: f64 = 260.0;
const VALUES: f64 = 70.0;
const TOP: f64 = 44.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;

/// The chart as a file.
pub(super) fn svg(chart: &Chart) -> String {
    let height = TOP + ROW * chart.bars.len() as f64 + 10.0;
    let longest = chart.bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let scale = (WIDTH - LABELS - VALUES) / longest;
    let bars: String = chart.bars.iter().enumerate().map(|(row, bar)| draw(bar, row, scale)).collect();
    let said: Vec<String> = chart.bars.iter().map(|bar| format!("{}: {}", bar.label, bar.text)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n{STYLE}\n\
         <text class=\"title\" x=\"0\" y=\"20\">{}</text>\n{bars}</svg>\n",
        escape(&chart.title),
        escape(&said.join("; ")),
        escape(&chart.title)
    )
}

/// The background of the page is unknown: these greys have a contrast of 4:1 for text and 3:1 for bars on white and on
/// near-black. The reader's colour scheme increases it.
const STYLE: &str = "<style>\n\
    text { font: 13px system-ui, sans-serif; fill: #6e7681 } .title { font-weight: 600; font-size: 14px }\n\
    .ours { fill: #2f81f7 } .theirs { fill: #8b949e }\n\
    @media (prefers-color-scheme: light) { text { fill: #57606a } }\n\
    @media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } }\n\
    </style>";

fn draw(bar: &Bar, row: usize, scale: f64) -> String {
    let top = TOP + ROW * row as f64;
    let (width, baseline) = (bar.value * scale, top + BAR - 3.0);
    let class = if bar.label.starts_with("edgegate") { "ours" } else { "theirs" };
    format!(
        "<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{}</text>\
         <rect class=\"{class}\" x=\"{LABELS}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{baseline:.1}\">{}</text>\n",
        LABELS - 8.0,
        escape(&bar.label),
        LABELS + width + 6.0,
        escape(&bar.text)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_width_and_every_text_is_escaped() {
        let bar = |label: &str, value| Bar { label: label.into(), value, text: format!("{value}") };
        let bars = vec![bar("edgegate", 1.0), bar("a<b", 2.0)];
        let svg = svg(&Chart { name: "c".into(), title: "A & B".into(), bars });
        assert!(svg.contains("width=\"430.0\"") && svg.contains("width=\"215.0\""), "{svg}");
        assert!(svg.contains("<title id=\"title\">A &amp; B</title>") && svg.contains("a&lt;b: 2"), "{svg}");
    }
}
