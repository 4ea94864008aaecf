//! The Rust Worker of `examples/workers-rs`.

use anyhow::{Result, ensure};
use testkit::{
    paths,
    worker::{Worker, WorkerOptions},
    wrangler::migrate_by_copy,
};

use crate::client::{expect, expect_detail, login, me, register, text, token};

/// `cargo xtask test --only workers-rs` builds it and runs this test.
#[test]
#[ignore = "needs the build of the stage workers-rs"]
fn a_rust_worker_logs_in() -> Result<()> {
    let dir = paths::state().join("workers-rs");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    migrate_by_copy(&dir)?;
    let vars =
        [("SECRET_KEY", "a secret of the tests, 32 bytes or more"), ("REGISTRATION", "open"), ("BCRYPT_COST", "10")];
    let folder = "examples/workers-rs";
    let worker = Worker::start_migrated(WorkerOptions { folder, ..WorkerOptions::test(dir, &vars) })?;
    expect(&register(&worker, "ada@example.com", "correct horse")?, 201)?;
    expect(&register(&worker, "Ada@Example.com", "correct horse")?, 409)?;
    let token = token(&login(&worker, "username=ADA@example.com&password=correct+horse")?)?;
    let user = me(&worker, &token)?;
    ensure!(text(&user).starts_with(r#"{"id":1,"email":"ada@example.com","created_at":"2"#), "{}", text(&user));
    let wrong = login(&worker, "username=ada@example.com&password=battery+staple")?;
    expect_detail(&wrong, 403, "Invalid Credentials")?;
    expect_detail(&me(&worker, "garbage")?, 401, "Could not validate credentials")?;
    let long = login(&worker, &"x".repeat(16 * 1024 + 1))?;
    expect_detail(&long, 413, "Request Entity Too Large")
}
