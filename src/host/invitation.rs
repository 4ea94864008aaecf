//! Invitations, with which users sign up (`REGISTRATION=invitation`).
//!
//! An invitation is `address.expiry.mac`. It is for one address, so it cannot be used twice while that has an account, and nothing is
//! stored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

use crate::token::{Key, KeyRing};

/// The text of an invitation for this address until `expires_at`, in seconds since 1970; `None` when no key of the ring can sign.
pub(crate) fn issue(ring: &KeyRing, email: &str, expires_at: u64) -> Option<String> {
    let invited = format!("{}.{expires_at}", URL_SAFE_NO_PAD.encode(email));
    let mac = mac(ring.signing()?, &invited)?;
    Some([&invited, ".", &mac].concat())
}

/// Whether the text is an invitation for this address, of a key of the ring, that has not expired at `now`.
pub(crate) fn is_for(text: &str, ring: &KeyRing, email: &str, now: u64) -> bool {
    let Some((invited, given)) = text.rsplit_once('.') else { return false };
    let is_ours = |key: &Key| mac(key, invited).is_some_and(|own| own.as_bytes().ct_eq(given.as_bytes()).into());
    // Nothing of it is read before it is known to be ours.
    if !ring.keys().iter().any(|key| is_ours(key)) {
        return false;
    }
    let Some((address, expires_at)) = invited.split_once('.') else { return false };
    let address = URL_SAFE_NO_PAD.decode(address).unwrap_or_default();
    address.eq_ignore_ascii_case(email.as_bytes()) && expires_at.parse().is_ok_and(|expires_at: u64| now < expires_at)
}

const LABEL: &str = "edgegate invitation";

fn mac(key: &Key, invited: &str) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(key.derive(LABEL, invited)?.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::{is_for, issue};
    use crate::token::{Algorithm, Key, KeyRing};

    fn ring(secrets: &[u8]) -> KeyRing {
        let key = |byte: &u8| Key::secret(Algorithm::HS256, &[*byte; 32]).unwrap().named(byte.to_string());
        KeyRing::new(secrets.iter().map(key).collect()).unwrap()
    }

    #[test]
    fn an_invitation_is_for_one_address_and_time() {
        let text = issue(&ring(&[1]), "ada@example.com", 100).unwrap();
        for email in ["ada@example.com", "Ada@example.com"] {
            assert!(is_for(&text, &ring(&[2, 1]), email, 99), "{email}");
        }
        assert!(!is_for(&text, &ring(&[1]), "grace@example.com", 99));
        assert!(!is_for(&text, &ring(&[1]), "ada@example.com", 100));
        assert!(!is_for(&text, &ring(&[2]), "ada@example.com", 99));
    }

    #[test]
    fn every_changed_character_is_refused() {
        let ring = ring(&[1]);
        let text = issue(&ring, "ada@example.com", 100).unwrap();
        for at in 0..text.len() {
            for other in ["A", "B", ".", "9", "=", ""] {
                let changed = [&text[..at], other, &text[at + 1..]].concat();
                assert!(changed == text || !is_for(&changed, &ring, "ada@example.com", 99), "{at} {other}");
            }
        }
        for other in
            [String::new(), ".".into(), "..".into(), format!("{text}A"), format!(" {text}"), format!(".{text}")]
        {
            assert!(!is_for(&other, &ring, "ada@example.com", 99), "{other}");
        }
    }
}
