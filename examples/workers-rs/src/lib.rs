//! Login in a Rust Worker, with users in D1.
use std::{pin::pin, sync::OnceLock, time::Duration};

use edgegate::{Answer, Gate, Question, Request as Head, Settings, SettingsError, Step, UserRow, Vars};
use futures_util::{StreamExt as _, future};
use worker::{Context, Date, Delay, Env, Request, Response, Result, console_error, event};

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _: Context) -> Result<Response> {
    static GATE: OnceLock<Result<Gate, SettingsError>> = OnceLock::new();
    let settings = || Settings::try_from(Vars::read(|name| Some(env.var(name).ok()?.to_string())));
    let gate = GATE.get_or_init(|| settings().map(Gate::new)).as_ref().map_err(|error| error.to_string())?;

    let mut head = Head::new(request.method().as_ref(), &request.inner().url());
    head.content_type = request.headers().get("content-type")?;
    head.authorization = request.headers().get("authorization")?;
    let now = || Date::now().as_millis() / 1000;
    let mut step = gate.handle(head, now());
    let reply = loop {
        step = match step {
            Step::Done(reply) => break reply,
            Step::Ask(question, pending) => {
                let answer = answer(&mut request, &env, question).await;
                pending.answer(answer.unwrap_or_else(|error| {
                    console_error!("{error}");
                    Answer::Unavailable
                }), now())
            }
        };
    };
    let response = Response::builder().with_status(reply.status);
    let response = reply.headers.iter().try_fold(response, |response, (name, value)| response.with_header(name, value));
    Ok(if reply.body.is_empty() { response?.empty() } else { response?.fixed(reply.body.into_bytes()) })
}

async fn answer(request: &mut Request, env: &Env, question: Question) -> Result<Answer> {
    const USER: &str = "SELECT id, email, password, created_at FROM users WHERE";
    const INSERT: &str = "INSERT INTO users (email, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING RETURNING *";
    let user = async |sql: String, values: &[&str]| {
        let values: Vec<_> = values.iter().map(|value| (*value).into()).collect();
        env.d1("DB")?.prepare(sql).bind(&values)?.first::<UserRow>(None).await.map(Answer::User)
    };
    match question {
        Question::Body { at_most, within_seconds } => {
            let reading = pin!(read(request, at_most));
            match future::select(reading, Delay::from(Duration::from_secs(within_seconds.into()))).await {
                future::Either::Left((body, _)) => body.map(Answer::Body),
                future::Either::Right(_) => Ok(Answer::TimedOut),
            }
        }
        Question::UserByEmail { email, .. } => user(format!("{USER} email = ?1 COLLATE NOCASE"), &[&email]).await,
        Question::UserById { id, .. } => user(format!("{USER} id = ?1"), &[&id.to_string()]).await,
        Question::InsertUser { email, password, .. } => user(INSERT.into(), &[&email, &password]).await,
        Question::Work { job } => Ok(job.work_out(&|| false).map_or(Answer::Busy, Answer::Worked)),
        _ => Err("this example has no sessions and no key pairs".into()),
    }
}

async fn read(request: &mut Request, at_most: usize) -> Result<Vec<u8>> {
    let (mut stream, mut body) = (request.stream()?, Vec::new());
    while body.len() <= at_most && let Some(chunk) = stream.next().await {
        body.extend(chunk?);
    }
    Ok(body)
}
