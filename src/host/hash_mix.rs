//! Which hash an unknown user is given, so that the time of a refusal does not show that there is no such user.

use super::limit::number;
use crate::settings::Settings;

/// The stored text of `HASH_MIX` for this account, by a keyed hash of it: the same one each time. `None` without the setting.
pub(crate) fn of_unknown<'s>(settings: &'s Settings, account: &str) -> Option<&'s str> {
    let total: u64 = settings.hash_mix.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let mut rest = number(&settings.ring, "hash mix", &account.to_ascii_lowercase())?.checked_rem(total)?;
    settings.hash_mix.iter().find_map(|(weight, stored)| match rest.checked_sub(u64::from(*weight)) {
        None => Some(stored.as_str()),
        Some(left) => {
            rest = left;
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::of_unknown;
    use crate::settings::{Settings, Vars};

    #[test]
    fn each_account_has_one_of_the_mix_by_its_weight() {
        let settings = |hash_mix: &str| {
            let (secret_key, hash_mix) = (Some("secret".repeat(8).into()), Some(hash_mix.into()));
            Settings::try_from(Vars { secret_key, hash_mix, ..Vars::default() }).unwrap()
        };
        assert_eq!(of_unknown(&settings(""), "ada"), None);
        let mix = settings("30:$argon2id$a 10:$argon2id$b");
        let drawn = |account: u32| of_unknown(&mix, &format!("User{account}")).unwrap();
        let of_b = (0..4000).filter(|account| drawn(*account) == "$argon2id$b").count();
        assert!((850..1150).contains(&of_b), "{of_b}");
        assert!((0..100).all(|account| of_unknown(&mix, &format!("user{account}")) == Some(drawn(account))));
        let bcrypt = "$2b$12$abcdefghijklmnopqrstuuxyzABCDEFGHIJKLMNOPQRSTUVWXYZab";
        for right in
            [bcrypt, "pbkdf2_sha256$1$a$b", "pbkdf2:sha256:1$a$b", "scrypt:1:8:1$a$b", "$fbscrypt$v=1", "ab:cd"]
        {
            assert_eq!(of_unknown(&settings(&format!("1:{right}")), "ada"), Some(right));
        }
        // The last ones are what a shell makes of a hash.
        let wrong = [
            "$argon2id$",
            "0:$argon2id$",
            "1:",
            "x:$argon2id$",
            "-1:$argon2id$",
            "1:$argon2id$ 2",
            "4294967296:$argon2id$",
        ];
        for wrong in wrong.into_iter().chain(["1:a", "1:=19=65536,t=3,p=4", "1:b2", &format!("1:{}", &bcrypt[..59])]) {
            let (secret_key, hash_mix) = (Some("secret".repeat(8).into()), Some(wrong.into()));
            let error = Settings::try_from(Vars { secret_key, hash_mix, ..Vars::default() }).unwrap_err();
            assert_eq!(error.setting, "HASH_MIX", "{wrong}");
        }
    }
}
