//! Users who move at their first login: the backend that they come from says whether the password is right (`TRICKLE`).

use crate::{
    host::{Host, MovedUser, Question, upstream},
    http::{Refusal, UpstreamFailure},
    limits::PASSWORD_MAX_CHARS,
    settings::{Settings, UpstreamSettings},
    user::UserId,
};

use super::login::Credentials;

/// Stores a user who is unknown here, if the other backend accepts the credentials.
///
/// # Errors
/// [`Refusal::UnknownUser`] when it does not.
pub(super) async fn move_in(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    credentials: &Credentials,
    name: &str,
) -> Result<(), Refusal> {
    if credentials.password.chars().count() > PASSWORD_MAX_CHARS {
        return Err(Refusal::UnknownUser);
    }
    let (token, id) = upstream::log_in(settings, host, upstream, &credentials.username, &credentials.password).await?;
    store(settings, host, upstream, name, &credentials.password, &token, id).await.map(drop)
}

/// Stores the user of this token of the other backend, who has just logged in there. `false` if the id or the address is somebody's already.
pub(super) async fn store(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    name: &str,
    password: &str,
    token: &str,
    id: UserId,
) -> Result<bool, Refusal> {
    let profile = upstream::profile(host, upstream, token).await?;
    // Users may log in there by another name than the address.
    let email = profile.email.filter(|email| email.eq_ignore_ascii_case(name)).unwrap_or_else(|| name.to_owned());
    let password = hashed(settings, host, password).await?;
    let user = MovedUser { id, email, password, created_at: profile.created_at.and_then(with_zone) };
    host.changed(Question::MoveUser(user)).await
}

/// A hash of a password that is valid already. bcrypt does not read all of some.
pub(super) async fn hashed(settings: &Settings, host: &Host, password: &str) -> Result<String, Refusal> {
    match host.hashed(settings, password).await {
        Err(Refusal::Password(_)) if settings.other_schemes => host.hashed_by_argon2id(password).await,
        Err(Refusal::Password(_)) => Err(UpstreamFailure::Password.into()),
        hashed => hashed,
    }
}

/// A time that every database reads as the same one (RFC 3339 5.6). What Python writes without a zone is UTC by custom.
fn with_zone(time: String) -> Option<String> {
    let (seconds, rest) = time.split_at_checked(19)?;
    let zone = rest.trim_start_matches(|char: char| char == '.' || char.is_ascii_digit());
    let is_like = |text: &str, form: &str| {
        let digits = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        text.bytes().map(digits).eq(form.bytes())
    };
    match zone {
        _ if !is_like(seconds, "0000-00-00T00:00:00") => None,
        "" => Some([&time, "Z"].concat()),
        "Z" => Some(time),
        offset => (is_like(offset, "+00:00") || is_like(offset, "-00:00")).then_some(time),
    }
}

#[cfg(test)]
mod tests {
    use super::with_zone;

    #[test]
    fn a_time_has_a_zone() {
        for (given, stored) in [
            ("2026-11-28T10:00:00Z", Some("2026-11-28T10:00:00Z")),
            ("2026-11-28T10:00:00.123456", Some("2026-11-28T10:00:00.123456Z")),
            ("2026-11-28T10:00:00+02:00", Some("2026-11-28T10:00:00+02:00")),
            ("2026-11-28T10:00:00.5-02:30", Some("2026-11-28T10:00:00.5-02:30")),
            ("2026-11-28 10:00:00", None),
            ("2026-11-28", None),
            ("2026-11-28T10:00:00 or so", None),
            ("", None),
            ("yesterday, at about noon", None),
        ] {
            assert_eq!(with_zone(given.to_owned()).as_deref(), stored, "{given}");
        }
    }
}
