//! The statements. Every row that they return is one text: a JSON object, or a text that only says that there is a row.

use edgegate::UserId;
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::engine::Param;

/// What differs between the databases.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// A JSON object as a text: the function and what follows it.
    pub(super) object: (&'static str, &'static str),
    /// A value as a text, with `#` for the value.
    pub(super) as_text: &'static str,
    /// Whether `email` is the address `$1`, ignoring the case of A to Z.
    pub(super) is_email: &'static str,
    /// The lesser and the greater one of two values.
    pub(super) least: &'static str,
    pub(super) greatest: &'static str,
    /// A parameter that is an id, with `$` for its number.
    pub(super) id_param: &'static str,
    /// Converts an id to a parameter; `None` when no user can have it.
    pub(super) id: for<'i> fn(&'i UserId) -> Option<Param<'i>>,
    /// Follows a SELECT from `users` whose rows must not change until the transaction ends.
    pub(super) lock: &'static str,
    /// The same for a row that the transaction deletes.
    pub(super) lock_deleted: &'static str,
    /// Follows a SELECT of rows to delete, and leaves out those that another transaction is changing: two could wait for each other.
    pub(super) skip_locked: &'static str,
    /// Whether a `DELETE` can be part of a `SELECT`. SQLite needs no such statement: it has one writer at a time.
    pub(super) has_writable_with: bool,
}

impl Dialect {
    pub(super) fn id<'i>(&self, id: &'i UserId) -> Option<Param<'i>> {
        (self.id)(id)
    }

    /// The SQL of an object with these members: `(name, expression)`.
    fn object(&self, members: &[(&str, &str)]) -> String {
        let (function, end) = self.object;
        let members: Vec<_> = members.iter().map(|(name, value)| format!("{}, {value}", quoted('\'', name))).collect();
        format!("{function}({}){end}", members.join(", "))
    }

    fn text_of(&self, value: &str) -> String {
        self.as_text.replace('#', value)
    }

    fn id_param(&self, number: u8) -> String {
        self.id_param.replace('$', &format!("${number}"))
    }
}

/// Two versions of a statement, without and with something.
#[derive(Clone)]
pub(super) struct Pair {
    without: SqlStr,
    with: SqlStr,
}

impl Pair {
    fn new([without, with]: [String; 2]) -> Self {
        Self { without: sql(without), with: sql(with) }
    }

    pub(super) fn version(&self, with: bool) -> &SqlStr {
        if with { &self.with } else { &self.without }
    }
}

#[derive(Clone)]
pub(super) struct Statements {
    /// With `token_version`.
    pub(super) user_by_email: Pair,
    pub(super) user_by_id: Pair,
    /// The user of `$1`, in the account `$2` by the client `$3` at `$4`, with `token_version`.
    pub(super) user_at_login: Pair,
    pub(super) record_event: SqlStr,
    pub(super) count_login: SqlStr,
    pub(super) delete_expired_attempts: SqlStr,
    pub(super) know_client: SqlStr,
    pub(super) take_back: SqlStr,
    pub(super) delete_old_clients: SqlStr,
    /// With an address that is not verified.
    pub(super) insert_user: Pair,
    pub(super) replace_hash: SqlStr,
    /// From the hash `$3` to `$2`, with the token version `$4`.
    pub(super) change_password: Pair,
    /// The same with the token of a mail, by its hash and the time: the two parameters after those.
    pub(super) reset_password: Pair,
    pub(super) store_mail_token: SqlStr,
    /// With `token_version`.
    pub(super) user_by_mail_token: Pair,
    /// With the token of the hash `$1` at `$2`, as the next one.
    pub(super) verify_email: SqlStr,
    pub(super) delete_used_token: SqlStr,
    /// If the user has the hash `$2`, as the next two.
    pub(super) delete_mail_tokens: SqlStr,
    /// The account is the last parameter.
    pub(super) forget_clients_of_deleted: Pair,
    pub(super) delete_expired_mail_tokens: SqlStr,
    pub(super) delete_sessions_of_password: SqlStr,
    pub(super) has_password: SqlStr,
    /// The user `$1` with the hash `$2`, and the token version `$3`.
    pub(super) delete_user: Pair,
    /// Before that: the id is that of the row, in its type.
    pub(super) delete_sessions_of_deleted: Pair,
    pub(super) raise: SqlStr,
    pub(super) delete_sessions: SqlStr,
    pub(super) delete_expired: SqlStr,
    /// With the token version `$10`.
    pub(super) insert_session: Pair,
    /// With `token_version`.
    pub(super) rotate: Pair,
    /// With the number of parameters that each statement has.
    pub(super) end: Vec<(SqlStr, usize)>,
    pub(super) end_and_raise: Vec<(SqlStr, usize)>,
    /// With the user `$3`.
    pub(super) delete_session: Pair,
    pub(super) sessions: SqlStr,
}

const RAISE: &str = "UPDATE users SET token_version = token_version + 1";

/// Whether a session ends because of the token `$2`.
const ENDS: &str = "id = $1 AND ($5 OR previous = $2) AND NOT (COALESCE(previous, '') = $2 AND rotated_at > $3)";

impl Statements {
    /// `further` are columns of `users` that the app wants.
    pub(super) fn new(dialect: &Dialect, further: &[&str]) -> Self {
        let id = |number| dialect.id_param(number);
        let quoted: Vec<_> = further.iter().map(|column| quoted('"', column)).collect();
        let mut columns =
            vec![("id", "id"), ("email", "email"), ("password", "password"), ("created_at", "created_at")];
        // First, so that the columns of the core win.
        columns.splice(0..0, further.iter().copied().zip(quoted.iter().map(String::as_str)));
        let user = dialect.object(&columns);
        columns.push(("token_version", "token_version"));
        let [is_active, email_verified] = ["is_active", "email_verified"].map(flag);
        columns.extend([("is_active", is_active.as_str()), ("email_verified", &email_verified)]);
        let users = [columns.iter().filter(|(name, _)| *name != "token_version").copied().collect(), columns]
            .map(|columns: Vec<_>| dialect.object(&columns));

        // The id is taken from `users`, so that it has the type that it has there: in SQLite `sessions.user_id` has none.
        let of_user = |number| format!("user_id = (SELECT id FROM users WHERE id = {})", id(number));
        let insert_session = format!(
            "INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at, user_agent, address) \
             SELECT $1, users.id, $4, $5, $5, $6, $7, $8, $9 FROM users WHERE users.id = {} AND password = $3",
            id(2),
        );
        let (lock, lock_deleted) = (dialect.lock, dialect.lock_deleted);
        // A user without a password may have a token of a mail.
        let change = ["", ", token_version = token_version + 1"].map(|raise| {
            let of_version = if raise.is_empty() { "" } else { " AND token_version = $4" };
            format!(
                "UPDATE users SET password = $2{raise} WHERE id = {} AND COALESCE(password, '') = $3{of_version}",
                id(1)
            )
        });
        let as_read =
            ["", " AND token_version = $3"].map(|version| format!("id = {} AND password = $2{version}", id(1)));
        let rotate = format!(
            "UPDATE sessions SET previous = $2, \
             current = CASE WHEN current = $2 THEN $3 ELSE current END, \
             sealed = CASE WHEN current = $2 THEN $4 ELSE sealed END, \
             rotated_at = CASE WHEN current = $2 THEN $5 ELSE rotated_at END, \
             expires_at = CASE WHEN current = $2 THEN {}($6, ends_at) ELSE expires_at END \
             WHERE id = $1 AND expires_at > $5 AND (current = $2 OR (previous = $2 AND rotated_at > $7)) \
             AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id) RETURNING ",
            dialect.least,
        );
        let active = format!("(SELECT {is_active} FROM users WHERE users.id = sessions.user_id)");
        let rotated = [("user_id", "user_id"), ("sealed", "sealed"), ("is_active", active.as_str())];
        let version = "(SELECT token_version FROM users WHERE users.id = sessions.user_id)";
        let rotated_with_version = [&rotated[..], &[("token_version", version)]].concat();
        let delete = format!(
            "DELETE FROM sessions WHERE id = $1 AND ({} IS NULL OR $2 IN (current, previous))",
            dialect.text_of("$2"),
        );
        let listed = dialect.object(&[
            ("id", "id"),
            ("created_at", "created_at"),
            ("last_used_at", "rotated_at"),
            ("expires_at", "expires_at"),
            ("user_agent", "user_agent"),
            ("address", "address"),
        ]);
        let end =
            [format!("DELETE FROM sessions WHERE {ENDS} RETURNING "), dialect.text_of("expires_at <= $4")].concat();

        Self {
            user_by_email: Pair::new(
                users.each_ref().map(|user| format!("SELECT {user} FROM users WHERE {}", dialect.is_email)),
            ),
            user_by_id: Pair::new(
                users.each_ref().map(|user| format!("SELECT {user} FROM users WHERE id = {}", id(1))),
            ),
            user_at_login: Pair::new(users.each_ref().map(|user| user_at_login(dialect, user))),
            record_event: SqlStr::from_static(
                "INSERT INTO audit (at, kind, user_id, account, client, reason) VALUES ($1, $2, $3, $4, $5, $6) RETURNING kind",
            ),
            count_login: sql(format!(
                "{INSERT_ATTEMPT} VALUES ($1, $2, $3, $4, $6) ON CONFLICT (account, client) DO UPDATE SET \
                 failures = CASE WHEN $3 = 0 THEN a.failures WHEN a.failed_at <= $5 THEN 1 \
                 WHEN a.failures >= $7 THEN a.failures ELSE a.failures + 1 END, \
                 failed_at = CASE WHEN $3 = 0 THEN a.failed_at ELSE $4 END, \
                 expires_at = {}(a.expires_at, $6) RETURNING {}",
                dialect.greatest,
                dialect.text_of("failures"),
            )),
            delete_expired_attempts: delete_attempts("expires_at <= $2 AND account <> $1 LIMIT 10", dialect),
            know_client: sql(format!(
                "{INSERT_ATTEMPT} VALUES ($1, $2, 0, 0, $3) ON CONFLICT (account, client) DO UPDATE SET \
                 failures = 0, expires_at = {}(a.expires_at, $3) RETURNING account",
                dialect.greatest,
            )),
            take_back: SqlStr::from_static(
                "UPDATE login_attempts SET failures = failures - 1 \
                 WHERE account = $1 AND client = '' AND failures > 0 RETURNING account",
            ),
            delete_old_clients: delete_attempts(
                "account = $1 AND client NOT IN ('', $2) ORDER BY expires_at DESC, client LIMIT 100 OFFSET 4",
                dialect,
            ),
            insert_user: Pair::new([["", ""], [", email_verified", ", FALSE"]].map(|[column, value]| {
                format!(
                    "INSERT INTO users (email, password{column}) VALUES ($1, $2{value}) ON CONFLICT DO NOTHING RETURNING {user}"
                )
            })),
            replace_hash: sql(format!("UPDATE users SET password = $3 WHERE id = {} AND password = $2", id(1))),
            reset_password: Pair::new([
                format!("{} AND {} RETURNING email", change[0], of_mail_token("password-recovery", 4)),
                format!("{} AND {} RETURNING email", change[1], of_mail_token("password-recovery", 5)),
            ]),
            change_password: Pair::new(change.map(|change| format!("{change} RETURNING email"))),
            store_mail_token: sql(format!(
                "INSERT INTO mail_tokens (account, kind, created_at, hash, user_id, email, expires_at) \
                 SELECT lower(email), $6, $3, $2, id, email, $4 FROM users WHERE {} AND NOT EXISTS (SELECT 1 FROM mail_tokens AS earlier \
                 WHERE earlier.account = lower(users.email) AND earlier.kind = $6 AND earlier.created_at > $5) \
                 ON CONFLICT DO NOTHING RETURNING email",
                dialect.is_email,
            )),
            delete_expired_mail_tokens: sql(format!(
                "DELETE FROM mail_tokens WHERE hash IN (SELECT hash FROM mail_tokens WHERE expires_at <= $1 LIMIT 10{})",
                dialect.skip_locked,
            )),
            user_by_mail_token: Pair::new(
                users.each_ref().map(|user| format!("SELECT {user} FROM users WHERE {}", of_mail_token("password-recovery", 1))),
            ),
            verify_email: sql(format!(
                "UPDATE users SET email_verified = TRUE WHERE {}",
                of_mail_token("email-verification", 1)
            )),
            delete_used_token: SqlStr::from_static(
                "DELETE FROM mail_tokens WHERE hash = $1 AND kind = 'email-verification' AND expires_at > $2 AND EXISTS \
                 (SELECT 1 FROM users WHERE users.id = mail_tokens.user_id AND users.email = mail_tokens.email) RETURNING hash",
            ),
            delete_mail_tokens: sql(format!(
                "DELETE FROM mail_tokens WHERE kind = 'password-recovery' AND user_id = (SELECT id FROM users WHERE id = {} AND password = $2)",
                id(1),
            )),
            delete_sessions_of_password: sql(format!(
                "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE id = {} AND password = $2)",
                id(1),
            )),
            has_password: sql(format!("SELECT email FROM users WHERE id = {} AND password = $2", id(1))),
            delete_user: Pair::new(
                as_read.each_ref().map(|user| format!("DELETE FROM users WHERE {user} RETURNING email")),
            ),
            forget_clients_of_deleted: Pair::new(as_read.each_ref().map(|user| {
                let account = if user.contains("$3") { 4 } else { 3 };
                format!(
                    "DELETE FROM login_attempts WHERE account = ${account} AND client <> '' \
                     AND EXISTS (SELECT 1 FROM users WHERE {user}{lock_deleted})"
                )
            })),
            delete_sessions_of_deleted: Pair::new(
                as_read.map(|user| format!("DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE {user}{lock_deleted})")),
            ),
            raise: sql(format!("{RAISE} WHERE id = {}", id(1))),
            delete_sessions: sql(format!("DELETE FROM sessions WHERE {}", of_user(1))),
            delete_expired: sql(format!("DELETE FROM sessions WHERE {} AND expires_at <= $2", of_user(1))),
            insert_session: Pair::new([
                format!("{insert_session}{lock} RETURNING id"),
                format!("{insert_session} AND token_version = $10{lock} RETURNING id"),
            ]),
            rotate: Pair::new(
                [&rotated[..], &rotated_with_version]
                    .map(|columns| [rotate.as_str(), &dialect.object(columns)].concat()),
            ),
            end_and_raise: end_and_raise(dialect, &end),
            end: vec![(sql(end), 5)],
            delete_session: Pair::new([
                format!("{delete} RETURNING id"),
                format!("{delete} AND {} RETURNING id", of_user(3)),
            ]),
            sessions: sql(format!(
                "SELECT {listed} FROM sessions WHERE {} AND expires_at > $2 ORDER BY rotated_at DESC, id LIMIT 100",
                of_user(1),
            )),
        }
    }
}

/// The column of a user as a text; `true` in a table without it, because the name then means that of `missing`.
fn flag(column: &str) -> String {
    format!(
        "(SELECT (SELECT CAST({column} AS text) FROM users AS own WHERE own.id = users.id) \
         FROM (SELECT 'true' AS {column}) AS missing)"
    )
}

/// The user for whom the token with this hash is, at the time of the next parameter, and who has still the address to which it was sent.
fn of_mail_token(kind: &str, hash: u8) -> String {
    let now = hash.saturating_add(1);
    let token = |column| {
        format!("(SELECT {column} FROM mail_tokens WHERE hash = ${hash} AND kind = '{kind}' AND expires_at > ${now})")
    };
    format!("id = {} AND email = {}", token("user_id"), token("email"))
}

const INSERT_ATTEMPT: &str = "INSERT INTO login_attempts AS a (account, client, failures, failed_at, expires_at)";

/// A row without a user is one, too: the database does the same for both.
fn user_at_login(dialect: &Dialect, user: &str) -> String {
    let row = dialect.object(&[
        ("user", "(SELECT data FROM found)"),
        ("client", "known.client"),
        ("failures", "known.failures"),
        ("failed_at", "known.failed_at"),
        ("expires_at", "known.expires_at"),
    ]);
    format!(
        "WITH found AS (SELECT {user} AS data FROM users WHERE {}) SELECT {row} FROM (SELECT 1 AS one) AS login \
         LEFT JOIN (SELECT client, failures, failed_at, expires_at FROM login_attempts \
         WHERE account = $2 AND client IN ($3, '') AND expires_at > $4 ORDER BY client DESC LIMIT 1) AS known ON 1 = 1",
        dialect.is_email,
    )
}

fn delete_attempts(which: &str, dialect: &Dialect) -> SqlStr {
    sql(format!(
        "DELETE FROM login_attempts WHERE (account, client) IN \
         (SELECT account, client FROM login_attempts WHERE {which}{}) RETURNING account",
        dialect.skip_locked,
    ))
}

/// `end` after adding 1 to the version of the user if the session has not expired.
fn end_and_raise(dialect: &Dialect, end: &str) -> Vec<(SqlStr, usize)> {
    if !dialect.has_writable_with {
        let user = format!("SELECT user_id FROM sessions WHERE expires_at > $4 AND {ENDS}");
        return vec![(sql(format!("{RAISE} WHERE id = ({user})")), 5), (sql(end.to_owned()), 5)];
    }
    // The row of the user is locked before that of the session, as by all other statements: no deadlock.
    let lock = "SELECT 'locked' FROM users WHERE id = (SELECT user_id FROM sessions WHERE id = $1) FOR NO KEY UPDATE";
    let end = format!(
        "WITH ended AS (DELETE FROM sessions WHERE {ENDS} RETURNING user_id, expires_at <= $4 AS expired), \
         raised AS ({RAISE} FROM ended WHERE users.id = ended.user_id AND NOT expired) SELECT {} FROM ended",
        dialect.text_of("expired"),
    );
    vec![(SqlStr::from_static(lock), 1), (sql(end), 5)]
}

/// The only parts that are not constants are the columns that the app wants, which are quoted.
fn sql(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

/// A name or a text with its quotes doubled.
fn quoted(quote: char, text: &str) -> String {
    format!("{quote}{}{quote}", text.replace(quote, &format!("{quote}{quote}")))
}
