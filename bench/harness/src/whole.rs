//! The whole Workers on workerd with a local D1: ours as deployed, and the peers' with the same routes.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{
    http, paths,
    server::{Bundle, Server},
    stamp::Stamp,
    wrangler::{execute, migrate_by_copy},
};

use super::{
    bundle::{OURS, worker_bundle},
    connection::{Connection, get, post},
    load::Target,
    server::{bench, dir, file_name, logs},
};

/// Only tokens of the benchmark are signed with it.
const SECRET_KEY: &str = "a secret of the benchmark, as long as 32 bytes in hexadecimal is";

/// The default number of users in the table.
const USERS: u32 = 1000;

/// The cost of every subject: that of the peers is fixed, and the stored hashes have cost 10.
const COST: u32 = 10;

/// The configured cost of the Worker that refuses logins, above that of one of its rows.
const REFUSAL_COST: u32 = 11;

const EMAIL: &str = "user1@example.com";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A running Worker; dropping it ends it.
#[derive(Debug)]
pub(super) struct Whole {
    /// Its address.
    pub(super) addr: SocketAddr,
    /// The workerd that it runs in.
    pub(super) pid: u32,
    label: &'static str,
    _server: Server,
}

/// The users of a Worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Users {
    /// The number of users; the n-th is `userN@example.com`.
    pub(super) count: u32,
    /// The cost of their hashes.
    pub(super) cost: u32,
}

impl Whole {
    /// Our Worker, as deployed.
    pub(super) fn ours(users: Users) -> Result<Self> {
        let database = format!("{OURS}-{}-{}", users.count, users.cost);
        Self::with_users("edgegate", OURS, &database, users)
    }

    /// Our Worker with a row for each reason to refuse a login.
    pub(super) fn refusing() -> Result<Self> {
        let rows: Vec<_> = [("low", secret("10")?), ("equal", secret(&REFUSAL_COST.to_string())?), ("bad", "!".into())]
            .map(|(name, hash)| format!("('{name}@example.com', '{hash}')"))
            .into();
        let sql = format!("INSERT INTO users (email, password) VALUES {};", rows.join(", "));
        Self::start("edgegate", OURS, REFUSAL_COST, database("refusing", &sql)?)
    }

    /// Logins that are refused, one for each reason.
    pub(super) fn refused_logins(&self) -> Vec<Target> {
        let refused = |label: String, name: &str| {
            let request = post("/login", FORM, &format!("username={name}%40example.com&password=wrong"));
            Target { label, status: 403, ..self.target(request) }
        };
        vec![
            refused("unknown user".into(), "nobody"),
            refused("wrong password, hash of cost 10".into(), "low"),
            refused(format!("wrong password, hash of cost {REFUSAL_COST}"), "equal"),
            refused("unreadable hash".into(), "bad"),
        ]
    }

    /// Our library in a Worker with a route that needs only a token.
    pub(super) fn ours_token_only() -> Result<Self> {
        Self::start("edgegate", "token", COST, database("token", "")?)
    }

    /// Hono, jose and bcryptjs.
    pub(super) fn hono() -> Result<Self> {
        Self::with_users("Hono + jose + bcryptjs", "hono", "hono", Users { count: USERS, cost: 10 })
    }

    /// better-auth, with one registered user.
    pub(super) fn better_auth() -> Result<Self> {
        let schema = fs::read_to_string(bench().join("workers/better-auth/schema.sql"))?;
        let worker = Self::start("better-auth", "better-auth", COST, database("better-auth", &schema)?)?;
        let body = json!({ "name": "user1", "email": EMAIL, "password": password()? }).to_string();
        let response = worker.send("POST", "/api/auth/sign-up/email", &[("content-type", JSON)], body)?;
        ensure!(response.status == 200, "sign-up answered {}", String::from_utf8_lossy(&response.body));
        Ok(worker)
    }

    /// A login with a right password, in the format of the Worker.
    pub(super) fn login(&self) -> Result<Target> {
        Ok(self.target(match self.label {
            "better-auth" => post("/api/auth/sign-in/email", JSON, &sign_in()?),
            _ => post("/login", FORM, &login_form()?),
        }))
    }

    /// The request for the user of a token or cookie.
    pub(super) fn me(&self) -> Result<Target> {
        Ok(self.target(match self.label {
            "better-auth" => get("/api/auth/get-session", &format!("cookie: {}\r\n", self.cookie()?)),
            _ => get("/me", &bearer(&self.token()?)),
        }))
    }

    /// A request to the route that needs only this token.
    pub(super) fn token_only(&self, token: &str) -> Target {
        self.target(get("/token", &bearer(token)))
    }

    /// An access token from a login.
    pub(super) fn token(&self) -> Result<String> {
        let response = self.send("POST", "/login", &[("content-type", FORM)], login_form()?)?;
        let body: Value = serde_json::from_slice(&response.body)?;
        Ok(body["access_token"].as_str().context("no access_token")?.to_owned())
    }

    fn cookie(&self) -> Result<String> {
        let response = self.send("POST", "/api/auth/sign-in/email", &[("content-type", JSON)], sign_in()?)?;
        let cookie = response.headers.into_iter().find(|(name, _)| name == "set-cookie").context("no cookie")?.1;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    fn with_users(label: &'static str, bundle: &str, name: &str, users: Users) -> Result<Self> {
        Self::start(label, bundle, COST, database(name, &insert(users)?)?)
    }

    fn start(label: &'static str, bundle: &str, cost: u32, database: PathBuf) -> Result<Self> {
        // All requests are of one client and one account.
        let vars = [("SECRET_KEY", SECRET_KEY), ("BCRYPT_COST", &cost.to_string()), ("RATE_LIMIT", "off")];
        let (dir, nodejs) = (worker_bundle(bundle), bundle == "better-auth");
        let worker = Bundle { dir: &dir, persist_to: &database, vars: &vars, nodejs };
        let (mut server, addr) = worker.start(&logs()?.join(format!("whole-{}.log", file_name(&database))))?;
        Ok(Self { addr, pid: server.workerd()?, label, _server: server })
    }

    fn target(&self, request: Vec<u8>) -> Target {
        Target { label: self.label.into(), addr: self.addr, pid: self.pid, request, status: 200 }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Result<http::Response> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request =
            http::Request { method: method.into(), path: path.into(), headers, body: Some(body.into_bytes()) };
        http::send(self.addr, &request)
    }
}

/// One connection, for the CPU time and latency of single requests.
pub(super) fn open(target: &Target) -> Result<Connection> {
    let mut connection = Connection::open(target.addr)?;
    // The first response of an isolate includes compilation.
    connection.send(&target.request)?;
    Ok(connection)
}

/// A migrated database with these users. It is a copy of a cached one, because inserting a million rows takes long.
fn database(name: &str, sql: &str) -> Result<PathBuf> {
    let template = dir("databases")?.join(format!("{name}-template"));
    let kept = template.join("v3").display().to_string();
    let stamp_name = format!("bench-database-{name}");
    let inputs = &["www/migrations", "package-lock.json"];
    Stamp { name: &stamp_name, inputs, also: sql, outputs: vec![&kept] }.unless_unchanged(|| {
        remove(&template)?;
        migrate_by_copy(&template)?;
        if sql.is_empty() { Ok(()) } else { execute(&template, sql).map(drop) }
    })?;
    let database = dir("databases")?.join(name);
    remove(&database)?;
    paths::copy_dir(&template, &database)?;
    Ok(database)
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    Ok(())
}

/// All users have the same hash, so that two logins differ only in the position of the row.
fn insert(Users { count, cost }: Users) -> Result<String> {
    let hash = secret(&cost.to_string())?;
    Ok(format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO users (email, password) SELECT 'user' || i || '@example.com', '{hash}' FROM n;"
    ))
}

fn login_form() -> Result<String> {
    Ok(format!("username={}&password={}", EMAIL.replace('@', "%40"), password()?.replace(' ', "+")))
}

fn sign_in() -> Result<String> {
    Ok(json!({ "email": EMAIL, "password": password()? }).to_string())
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

fn password() -> Result<String> {
    secret("password")
}

fn secret(key: &str) -> Result<String> {
    let hashes: Value = serde_json::from_slice(&fs::read(bench().join("hashes.json"))?)?;
    Ok(hashes[key].as_str().with_context(|| format!("bench/hashes.json: {key}"))?.to_owned())
}
