//! The rate limits: by what a request is counted, and a counter for hosts that have no limiter.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{
    limits::{RATE_LIMIT_ACCOUNT, RATE_LIMIT_CLIENT, RATE_LIMIT_PERIOD_SECONDS},
    settings::Settings,
    token::KeyRing,
};

/// What a request is counted by, before it costs bcrypt or a write. The keys are keyed hashes: a limiter learns no address.
///
/// A request is within the limits only if it is within that of each key that is there.
///
/// ```
/// use edgegate::{Answer, Credentials, Gate, Question, Settings, Step, Vars, host::Limit};
///
/// let secret_key = Some("secret".repeat(8).into());
/// let gate = Gate::new(Settings::try_from(Vars { secret_key, ..Vars::default() })?);
/// let login = || gate.login(Credentials::new("ada@example.com", "correct horse"), 1_700_000_000);
/// let Step::Ask(Question::Limit(Limit { client: None, account: Some(account) }), pending) = login() else { panic!() };
/// assert_eq!(account.len(), 22);
/// let refused = pending.answer(Answer::WithinLimit(false), 1_700_000_000);
/// assert_eq!(refused.done(), Some(Err(edgegate::Refusal::RateLimited)));
/// # Ok::<(), edgegate::SettingsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// The network of the client: an IPv4 address, or 64 bits of an IPv6 address. `None` if the host does not know the address.
    pub client: Option<String>,
    /// The e-mail address of the account, whether there is one or not. `None` for a refresh token.
    pub account: Option<String>,
}

impl Limit {
    /// `None` if there is nothing to count by, and with `RATE_LIMIT=off`.
    pub(crate) fn of(settings: &Settings, client: Option<&str>, account: Option<&str>) -> Option<Self> {
        let ring = &settings.ring;
        let limit = Self {
            client: client.and_then(|network| key(ring, "client", network)),
            account: account.and_then(|name| key(ring, "account", &name.to_ascii_lowercase())),
        };
        (settings.rate_limit && limit != Self::default()).then_some(limit)
    }
}

/// 16 bytes in base64url. `None` if no key of the ring can sign.
pub(super) fn key(ring: &KeyRing, what: &str, text: &str) -> Option<String> {
    let hash = ring.signing()?.derive(LABEL, &[what, "\0", text].concat())?;
    Some(URL_SAFE_NO_PAD.encode(hash.first_chunk::<16>()?))
}

/// The same as a number.
pub(super) fn number(ring: &KeyRing, what: &str, text: &str) -> Option<u64> {
    let hash = ring.signing()?.derive(LABEL, &[what, "\0", text].concat())?;
    hash.first_chunk().copied().map(u64::from_le_bytes)
}

const LABEL: &str = "edgegate rate limit";

/// Counts the requests of a minute, in the memory of this process.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    minute: u64,
    clients: Sketch,
    accounts: Sketch,
}

impl Counter {
    /// Whether the request is within the limits. Counts it then.
    pub(crate) fn admit(&mut self, limit: &Limit, now: u64) -> bool {
        let minute = now / RATE_LIMIT_PERIOD_SECONDS;
        // Clocks step back a little, and threads read them before they come here; a clock that was far ahead has been set.
        if minute > self.minute || minute.saturating_add(2) < self.minute {
            *self = Self { minute, ..Self::default() };
        }
        let [client, account] = [&limit.client, &limit.account].map(|key| key.as_deref().and_then(cells));
        // A refused request is not counted, so that it uses up nothing of another limit.
        let is_within =
            self.clients.count(client) < RATE_LIMIT_CLIENT && self.accounts.count(account) < RATE_LIMIT_ACCOUNT;
        if is_within {
            self.clients.add(client);
            self.accounts.add(account);
        }
        is_within
    }
}

const ROWS: usize = 4;
const COLUMNS: usize = 4096;

/// A cell of each row, in which a key is counted.
type Cells = [usize; ROWS];

/// Counts of keys, in a table of a fixed size (a count-min sketch): many addresses can neither make it grow nor push another one
/// out. A key shares its cells with others, and its count is that of the cell that it shares least.
#[derive(Debug, Default)]
struct Sketch(Vec<u16>);

impl Sketch {
    fn count(&self, cells: Option<Cells>) -> u16 {
        let counts = cells.iter().flatten().map(|&cell| self.0.get(cell).copied().unwrap_or_default());
        counts.min().unwrap_or_default()
    }

    fn add(&mut self, cells: Option<Cells>) {
        let next = self.count(cells).saturating_add(1);
        if self.0.is_empty() {
            self.0.resize(ROWS.saturating_mul(COLUMNS), 0);
        }
        for cell in cells.into_iter().flatten() {
            if let Some(count) = self.0.get_mut(cell) {
                *count = next.max(*count);
            }
        }
    }
}

/// The cells are bits of the key, which is a keyed hash: nobody can choose an address that shares them with another one.
fn cells(key: &str) -> Option<Cells> {
    let bytes = URL_SAFE_NO_PAD.decode(key).ok()?;
    let mut cells = Cells::default();
    for ((cell, bytes), row) in cells.iter_mut().zip(bytes.chunks_exact(4)).zip(0_usize..) {
        let hash = u32::from_le_bytes(bytes.try_into().ok()?);
        *cell = row.saturating_mul(COLUMNS).saturating_add(usize::try_from(hash).ok()? % COLUMNS);
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::{Counter, Limit};
    use crate::settings::{Settings, Vars};

    fn settings(secret: &str, rate_limit: &str) -> Settings {
        let (secret_key, rate_limit) = (Some(secret.repeat(8).into()), Some(rate_limit.into()));
        Settings::try_from(Vars { secret_key, rate_limit, ..Vars::default() }).unwrap()
    }

    fn limit(client: Option<&str>, account: Option<&str>) -> Limit {
        Limit::of(&settings("secret", "on"), client, account).unwrap()
    }

    #[test]
    fn a_key_is_of_its_text_and_of_the_signing_key() {
        let of = |secret, client, account| Limit::of(&settings(secret, ""), client, account);
        assert_eq!(of("secret", None, None), None);
        assert_eq!(Limit::of(&settings("secret", "off"), Some("a"), Some("a")), None);
        let ada = of("secret", Some("a"), Some("a")).unwrap();
        assert_ne!(ada.client, ada.account);
        assert_ne!(ada.client, of("another secret", Some("a"), None).unwrap().client);
        assert_eq!(ada.account, of("secret", None, Some("A")).unwrap().account);
        assert_ne!(ada.account, of("secret", None, Some("b")).unwrap().account);
    }

    #[test]
    fn each_key_has_its_limit_in_each_minute() {
        let mut counter = Counter::default();
        let mut admitted = |limit: &Limit, now| (0..100).filter(|_| counter.admit(limit, now)).count();
        assert_eq!(admitted(&limit(None, Some("ada")), 60), 10);
        assert_eq!(admitted(&limit(None, Some("ada")), 119), 0);
        assert_eq!(admitted(&limit(Some("203.0.113.7"), Some("ada")), 119), 0);
        // What was refused for the account was not counted for the client.
        assert_eq!(admitted(&limit(Some("203.0.113.7"), None), 119), 60);
        assert_eq!(admitted(&limit(Some("203.0.113.7"), Some("grace")), 119), 0);
        assert_eq!(admitted(&limit(None, Some("grace")), 119), 10);
        assert_eq!(admitted(&limit(None, Some("ada")), 120), 10);
        // A clock that steps back opens nothing.
        assert_eq!(admitted(&limit(None, Some("ada")), 119), 0);
        assert_eq!(admitted(&limit(None, Some("ada")), 120), 0);
        // A key that no core has made is not counted.
        assert_eq!(admitted(&Limit { client: Some("?".into()), account: None }, 120), 100);
    }

    #[test]
    fn many_accounts_do_not_disturb_another_one() {
        let mut counter = Counter::default();
        for number in 0..2000 {
            assert!(counter.admit(&limit(None, Some(&format!("user{number}"))), 0), "{number}");
        }
        let ada = limit(None, Some("ada"));
        assert!((0..8).all(|_| counter.admit(&ada, 0)));
    }
}
