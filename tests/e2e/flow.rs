//! The requests of a normal client.

use std::{thread, time::Duration};

use anyhow::{Result, bail, ensure};
use testkit::{
    http::Response,
    worker::{Worker, WorkerOptions},
    wrangler,
};

use crate::{
    client::{JSON, expect, expect_detail, json, login, me, register, send, text, token},
    workers::{Workers, database},
};

#[test]
fn register_log_in_and_get_the_user() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let created = register(good, "new@flow.example.org", "pa ss+wörd")?;
    expect(&created, 201)?;
    let token = token(&login(good, "username=new%40flow.example.org&password=pa+ss%2Bw%C3%B6rd")?)?;
    let shown = me(good, &token)?;
    expect(&shown, 200)?;
    ensure!(json(&shown)? == json(&created)?, "{} is not {}", text(&shown), text(&created));
    let multipart = "--b\r\ncontent-disposition: form-data; name=username\r\n\r\nnew@flow.example.org\r\n\
                     --b\r\ncontent-disposition: form-data; name=password\r\n\r\npa ss+wörd\r\n--b--\r\n";
    expect(&send(good, "POST", "/login", &[("content-type", "multipart/form-data; boundary=b")], multipart)?, 200)
}

#[test]
fn one_account_per_address_whatever_its_letter_case() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let created = register(good, " One.Account@Flow.Example.org ", "secret")?;
    expect(&created, 201)?;
    ensure!(json(&created)?["email"] == "One.Account@flow.example.org", "{}", text(&created));
    expect_detail(&register(good, "one.account@flow.example.org", "secret")?, 409, "Email already registered")?;
    expect(&login(good, "username=ONE.ACCOUNT@FLOW.EXAMPLE.ORG&password=secret")?, 200)
}

#[test]
fn unknown_user_and_wrong_password_look_the_same() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let unknown = login(good, "username=nobody@example.com&password=wrong")?;
    expect_detail(&unknown, 403, "Invalid Credentials")?;
    for email in ["alice@example.com", "corrupt@example.com", "costly@example.com"] {
        let other = login(good, &format!("username={email}&password=wrong"))?;
        ensure!(without_date(&other) == without_date(&unknown), "{email}: {other:?}\nnobody: {unknown:?}");
    }
    Ok(())
}

#[test]
fn the_id_of_a_deleted_user_is_not_reused() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let first = json(&register(good, "first@ids.example.org", "secret")?)?;
    let token = token(&login(good, "username=first@ids.example.org&password=secret")?)?;
    wrangler::execute(&database("good"), "DELETE FROM users WHERE email = 'first@ids.example.org';")?;
    expect_detail(&me(good, &token)?, 401, "Could not validate credentials")?;
    let second = json(&register(good, "second@ids.example.org", "secret")?)?;
    ensure!(second["id"] != first["id"], "{second} was given the id of {first}");
    expect_detail(&me(good, &token)?, 401, "Could not validate credentials")
}

#[test]
fn logins_in_flight_together_get_their_own_answers() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let users = [1, 2, 3, 7, 12, 20];
    let seed = testkit::fixture::seed()?;
    thread::scope(|scope| {
        let logins: Vec<_> = (0..24usize)
            .map(|at| {
                let user = seed.users.iter().find(|user| user.id == users[at % users.len()]);
                scope.spawn(move || -> Result<()> {
                    let Some(user) = user else { anyhow::bail!("the seed has no such user") };
                    let password = if at % 4 == 3 { "wrong" } else { &user.plain };
                    let form = format!("username={}&password={}", escape(&user.email), escape(password));
                    let response = login(good, &form)?;
                    if at % 4 == 3 {
                        return expect(&response, 403);
                    }
                    let shown = json(&me(good, &token(&response)?)?)?;
                    ensure!(shown["email"] == user.email.as_str(), "{} was shown {shown}", user.email);
                    Ok(())
                })
            })
            .collect();
        logins.into_iter().try_for_each(|login| login.join().map_err(|_| anyhow::anyhow!("a login panicked"))?)
    })
}

#[test]
fn rehash_on_replaces_a_hash_of_lower_cost_at_login() -> Result<()> {
    let _workers = Workers::lock()?;
    let seed = testkit::fixture::seed()?;
    let Some(user) = seed.users.first() else { bail!("the seed has no user") };
    let dir = database("rehash");
    let vars = [("SECRET_KEY", seed.secret_key.as_str()), ("REHASH", "on"), ("BCRYPT_COST", "10")];
    let worker = Worker::start(WorkerOptions::test(dir.clone(), &vars))?;
    let insert = format!("INSERT INTO users (email, password) VALUES ('{}', '{}');", user.email, user.password);
    wrangler::execute(&dir, &insert)?;
    let log_in = |password: &str| login(&worker, &format!("username={}&password={}", user.email, escape(password)));
    let stored = || wrangler::execute(&dir, "SELECT password FROM users;");
    expect(&log_in("wrong")?, 403)?;
    ensure!(stored()?.contains(&user.password), "a wrong password replaced the hash: {}", stored()?);
    expect(&log_in(&user.plain)?, 200)?;
    // After the answer.
    for _ in 0..20 {
        if stored()?.contains("$2b$10$") {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    ensure!(stored()?.contains("$2b$10$"), "the hash was not replaced: {}", stored()?);
    expect(&log_in(&user.plain)?, 200)?;
    expect(&log_in("wrong")?, 403)
}

#[test]
fn replicas_are_used_if_configured() -> Result<()> {
    let _workers = Workers::lock()?;
    let dir = database("replicas");
    let vars = [
        ("SECRET_KEY", "a secret of the tests, 32 bytes or more"),
        ("REGISTRATION", "open"),
        ("BCRYPT_COST", "10"),
        ("D1_REPLICAS", "on"),
    ];
    let worker = Worker::start(WorkerOptions::test(dir.clone(), &vars))?;
    expect(&register(&worker, "near@flow.example.org", "seven..")?, 422)?;
    expect(&register(&worker, "near@flow.example.org", "long enough")?, 201)?;
    let token = token(&login(&worker, "username=near@flow.example.org&password=long+enough")?)?;
    expect(&me(&worker, &token)?, 200)?;
    wrangler::execute(&dir, "DELETE FROM users;")?;
    expect_detail(&me(&worker, &token)?, 401, "Could not validate credentials")
}

#[test]
fn responses_have_no_store() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let responses = [
        login(good, "username=alice@example.com&password=correct+horse+battery+staple")?,
        login(good, "username=alice@example.com&password=wrong")?,
        login(good, "")?,
        me(good, "x")?,
        send(good, "POST", "/users", &[JSON], "{}")?,
    ];
    for response in &responses {
        ensure!(response.header("cache-control").as_deref() == Some("no-store"), "{response:?}");
    }
    Ok(())
}

#[test]
fn the_page_is_served() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    // The links of mails lead to it.
    for path in ["/", "/reset-password?token=x", "/verify-email?token=x"] {
        let page = send(good, "GET", path, &[], "")?;
        expect(&page, 200)?;
        ensure!(page.header("content-type").is_some_and(|value| value.starts_with("text/html")), "{page:?}");
        ensure!(
            page.header("content-security-policy").is_some_and(|value| value.contains("default-src 'none'")),
            "{page:?}"
        );
    }
    Ok(())
}

/// `public/_headers` is for files; the Worker sets those of its routes.
#[test]
fn every_answer_has_the_headers_for_browsers() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/page/main.js"),
        ("GET", "/page.json"),
        ("GET", "/me"),
        ("POST", "/login"),
        ("GET", "/nothing"),
    ] {
        let answer = send(good, method, path, &[], "")?;
        for (name, expected) in [
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            ensure!(answer.header(name).as_deref() == Some(expected), "{method} {path}, {name}: {answer:?}");
        }
    }
    Ok(())
}

/// A browser sends the form itself while the script is not loaded. A GET would put the password into the URL.
#[test]
fn the_form_without_its_script_is_a_post_to_login() -> Result<()> {
    let Workers { good, .. } = &*Workers::lock()?;
    let page = text(&send(good, "GET", "/", &[], "")?);
    let forms: Vec<&str> = page.split("<form").skip(1).filter_map(|form| form.split('>').next()).collect();
    ensure!(forms == [r#" id="credentials" method="post" action="/login""#], "{forms:?}");
    Ok(())
}

fn without_date(response: &Response) -> (u16, Vec<&(String, String)>, &[u8]) {
    let headers = response.headers.iter().filter(|(name, _)| name != "date" && name != "cf-ray").collect();
    (response.status, headers, &response.body)
}

pub(crate) fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
