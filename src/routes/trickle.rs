//! Users who move at their first login: the backend that they come from says whether the password is right (`TRICKLE`).

use crate::{
    host::{Host, MovedUser, Question, upstream},
    http::{Refusal, UpstreamFailure},
    limits::PASSWORD_MAX_CHARS,
    settings::{Settings, UpstreamSettings},
    user::UserId,
};

use super::login::{Credentials, stored_name};

/// Stores a user who is unknown here, if the other backend accepts the credentials, and returns the id. It may be that of a user who has
/// moved meanwhile, or that of another one, who keeps it.
///
/// # Errors
/// [`Refusal::UnknownUser`] when it does not.
pub(super) async fn move_in(
    settings: &Settings,
    host: &Host,
    upstream: &UpstreamSettings,
    credentials: &Credentials,
    name: &str,
) -> Result<UserId, Refusal> {
    let Credentials { username, password, .. } = credentials;
    if password.chars().count() > PASSWORD_MAX_CHARS {
        return Err(Refusal::UnknownUser);
    }
    let (token, id) = upstream::log_in(settings, host, upstream, username, password).await?;
    let profile = upstream::profile(settings, host, upstream, &token, &id).await?;
    let email = match profile.email {
        Some(email) if email.eq_ignore_ascii_case(name) => email,
        // Another spelling of the same address.
        Some(email) if same_name(&email, name, settings) => name.to_owned(),
        // Who gets a row with the address of another user keeps that one out.
        Some(_) if name.contains('@') => return Err(UpstreamFailure::User.into()),
        // Users log in by another name than the address there; or it does not tell, and another spelling could be somebody else.
        _ if username == name => name.to_owned(),
        _ => return Err(UpstreamFailure::User.into()),
    };
    let password = hashed(settings, host, password).await?;
    let user = MovedUser { id: id.clone(), email, password, created_at: profile.created_at.and_then(with_zone) };
    host.changed(Question::MoveUser(user)).await?;
    Ok(id)
}

fn same_name(email: &str, name: &str, settings: &Settings) -> bool {
    stored_name(email, &settings.unicode).is_some_and(|stored| stored.eq_ignore_ascii_case(name))
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
    let number = |at: usize| seconds.get(at..at.saturating_add(2)).and_then(|digits| digits.parse::<u8>().ok());
    let days = match number(5) {
        Some(2) => 29,
        Some(4 | 6 | 9 | 11) => 30,
        _ => 31,
    };
    let parts = [(5, 1..=12), (8, 1..=days), (11, 0..=23), (14, 0..=59), (17, 0..=59)];
    let is_within = parts.into_iter().all(|(at, range)| number(at).is_some_and(|number| range.contains(&number)));
    let fraction = rest.len().saturating_sub(zone.len());
    match zone {
        _ if !is_like(seconds, "0000-00-00T00:00:00") || !is_within || fraction > 10 => None,
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
            ("2020-13-01T00:00:00Z", None),
            ("2020-04-31T00:00:00Z", None),
            ("2020-12-31T23:59:59Z", Some("2020-12-31T23:59:59Z")),
            ("2020-01-01T24:00:00Z", None),
            ("2020-01-01T00:00:00.0123456789Z", None),
        ] {
            assert_eq!(with_zone(given.to_owned()).as_deref(), stored, "{given}");
        }
    }
}
