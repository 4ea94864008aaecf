//! Login for an axum app, with users in SQLite.
//!
//! ```sh
//! export SECRET_KEY=$(openssl rand -base64 32) REGISTRATION=open REFRESH_TOKEN_EXPIRE_MINUTES=60
//! cargo run -p example-axum
//! curl localhost:3000/auth/users --json '{"email": "ada@example.com", "password": "correct horse"}'
//! curl localhost:3000/auth/login -d 'username=ada@example.com&password=correct horse'
//! curl localhost:3000/hello -H 'Authorization: Bearer ...'
//! ```

use std::{env, error::Error, net::SocketAddr};

use axum::{Router, routing::get};
use edgegate_axum::{Auth, CurrentUser, SqliteStore, settings_from_env};
use serde::Deserialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode::Wal, SqlitePool};
use tokio::net::TcpListener;

/// The claims of a token that the handlers use.
#[derive(Deserialize)]
struct Claims {
    exp: u64,
}

async fn hello(CurrentUser { user, claims }: CurrentUser<Claims>) -> String {
    format!("Hello {}, until {}", user.email, claims.exp)
}

async fn home(user: Option<CurrentUser>) -> String {
    user.map_or("Please log in".to_owned(), |current| format!("Welcome back, {}", current.user.email))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::var("DATABASE").unwrap_or("users.db".to_owned());
    let database = SqliteConnectOptions::new().filename(file).create_if_missing(true).journal_mode(Wal);
    let users = SqlitePool::connect_with(database).await?;
    SqliteStore::migrations().run(&users).await?;
    let auth = Auth::new(settings_from_env()?, SqliteStore::new(users));

    let app =
        Router::new().route("/", get(home)).route("/hello", get(hello)).nest("/auth", auth.router()).with_state(auth);

    let listener = TcpListener::bind(env::var("ADDRESS").unwrap_or("127.0.0.1:3000".to_owned())).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
