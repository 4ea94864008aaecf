//! A short run of every target: its seeds, and changes of them. The changes are the same in every run.

use edgegate_fuzz::TARGETS;

/// Changed inputs for each target.
const ROUNDS: u32 = 500_000;

/// Texts that parsers look for.
const WORDS: [&str; 20] = [
    "&",
    "=",
    "%",
    "\r\n",
    "--b",
    "--b--\r\n",
    ";",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    ",",
    ":",
    "\\u",
    ".",
    "@",
    "$2b$",
    "name=",
    "\u{301}",
];

/// xorshift64: no dependency, and the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.0 % bound).unwrap_or_default()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len().saturating_add(1));
        let end = at.saturating_add(self.below(8)).min(input.len());
        match self.below(5) {
            0 => drop(input.drain(at..end)),
            1 => drop(input.splice(at..end, WORDS.get(self.below(WORDS.len())).unwrap_or(&"").bytes())),
            2 => {
                let copy = input.get(at..end).unwrap_or_default().to_vec();
                let to = self.below(input.len().saturating_add(1));
                drop(input.splice(to..to, copy));
            }
            3 => input.insert(at, u8::try_from(self.below(256)).unwrap_or_default()),
            _ => {
                let byte = u8::try_from(self.below(256)).unwrap_or_default();
                if let Some(changed) = input.get_mut(at) {
                    *changed = byte;
                }
            }
        }
    }
}

#[test]
fn every_target_holds_for_its_seeds_and_changes_of_them() {
    for target in &TARGETS {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        target.seeds.iter().for_each(|seed| (target.run)(seed));
        for round in 0..ROUNDS {
            let mut input =
                target.seeds.get(random.below(target.seeds.len())).map(|seed| seed.to_vec()).unwrap_or_default();
            for _ in 0..=random.below(6) {
                random.change(&mut input);
            }
            let run = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(run.is_ok(), "{}, round {round}: {:?}", target.name, String::from_utf8_lossy(&input));
        }
    }
}
