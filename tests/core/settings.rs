//! The settings for tokens: their effect, and the errors for invalid values.

use crate::{
    support::{NOW, SECRET, gate_with, run},
    token::make::{ED25519, HEADER, base64url, cryptography, signed},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use edgegate::{
    Gate, Registration, Settings, Vars,
    token::{Algorithm, Key, TokenRefusal, UserId},
};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

fn claims_of(vars: Vars, claims: &Value) -> Result<String, TokenRefusal> {
    let gate = gate_with(SECRET, vars);
    let token = run(gate.issue_token(7, claims, NOW), cryptography)?;
    run(gate.verify(token, NOW), cryptography).map(|claims| claims.to_string())
}

#[wasm_bindgen_test(unsupported = test)]
fn issued_tokens_have_the_claims_of_the_settings() {
    let exp = NOW + 1800;
    assert_eq!(claims_of(Vars::default(), &json!({})), Ok(format!(r#"{{"user_id":7,"exp":{exp}}}"#)));
    let vars = Vars {
        user_id_claim: Some("sub".into()),
        jwt_issuer: Some("us".into()),
        jwt_audience: Some("api".into()),
        jwt_max_age_seconds: Some("60".into()),
        jwt_claims: Some(r#"{"role":"user","nested":{"a":[1,2.5,null]},"é":"✓"}"#.into()),
        ..Vars::default()
    };
    let claims = claims_of(vars, &json!({})).expect("it signs");
    let first = format!(r#"{{"sub":"7","exp":{exp},"iss":"us","aud":"api","iat":{NOW},"#);
    assert!(claims.starts_with(&first), "{claims}");
    let all = json!({"sub": "7", "exp": exp, "iss": "us", "aud": "api", "iat": NOW, "role": "user", "nested": {"a": [1, 2.5, null]}, "é": "✓"});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&claims).expect("JSON"), all);
}

#[wasm_bindgen_test(unsupported = test)]
fn numbers_have_their_ranges_and_defaults() {
    let settings = |name: &str, value: i64| {
        Settings::try_from(Vars::read(|asked| match asked {
            "SECRET_KEY" => Some(SECRET.into()),
            _ => (asked == name).then(|| value.to_string()),
        }))
    };
    for (name, least, most) in [
        ("ACCESS_TOKEN_EXPIRE_MINUTES", 1, 366 * 24 * 60),
        ("BCRYPT_COST", 10, 14),
        ("BODY_TIMEOUT_SECONDS", 1, 60),
        ("JWT_LEEWAY_SECONDS", 0, 300),
        ("JWT_MAX_AGE_SECONDS", 1, i64::from(u32::MAX)),
        ("PASSWORD_MIN_LENGTH", 1, 64),
        ("REFRESH_TOKEN_EXPIRE_MINUTES", 1, 366 * 24 * 60),
        ("REFRESH_TOKEN_MAX_DAYS", 1, 3660),
    ] {
        for good in [least, most] {
            assert!(settings(name, good).is_ok(), "{name}={good}");
        }
        for wrong in [least - 1, most + 1] {
            assert_eq!(settings(name, wrong).map(|_| ()).expect_err(name).setting, name, "{wrong}");
        }
    }
    let default = settings("", 0).expect("the other settings have defaults");
    assert_eq!((default.access_token_expire_minutes, default.bcrypt_cost.get()), (30, 12));
    assert_eq!((default.body_timeout_seconds, default.password_min_length), (10, 8));
    assert_eq!((default.refresh_token_expire_minutes, default.refresh_token_max_days), (None, 90));
    assert_eq!((default.rehash, default.registration, default.revocation), (false, Registration::Closed, false));
}

#[wasm_bindgen_test(unsupported = test)]
fn claims_of_the_caller_precede_those_of_the_settings() {
    let vars = || Vars { jwt_claims: Some(r#"{"role":"user"}"#.into()), ..Vars::default() };
    let exp = NOW + 1800;
    let admin = claims_of(vars(), &json!({"role": "admin", "jti": "1"})).expect("it signs");
    assert!(admin.starts_with(&format!(r#"{{"user_id":7,"exp":{exp},"#)), "{admin}");
    let all = json!({"user_id": 7, "exp": exp, "role": "admin", "jti": "1"});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&admin).expect("JSON"), all);
    for reserved in ["exp", "iat", "nbf", "iss", "aud", "user_id"] {
        let refused = claims_of(vars(), &json!({reserved: 1}));
        assert_eq!(refused, Err(TokenRefusal::Claim(reserved.into())), "{reserved}");
    }
    let sub = Vars { user_id_claim: Some("sub".into()), ..Vars::default() };
    assert_eq!(claims_of(sub, &json!({"sub": "8"})), Err(TokenRefusal::Claim("sub".into())));
    assert!(claims_of(Vars::default(), &json!({"sub": "8"})).is_ok(), "it is nobody's here");
    let gate = gate_with(SECRET, Vars::default());
    for id in ["", "a\0b", &"x".repeat(256)] {
        let refused = run(gate.issue_token(id, &json!({}), NOW), cryptography);
        assert_eq!(refused, Err(TokenRefusal::Claim("user_id".into())), "{id:?}");
    }
    for id in [
        UserId::from(i64::MAX),
        i64::MIN.into(),
        "0f8fad5b-d9cb-469f-a165-70867728950e".into(),
        "7".into(),
        "x".repeat(255).as_str().into(),
    ] {
        let token = run(gate.issue_token(id.clone(), &json!({}), NOW), cryptography).expect("it signs");
        let claims = run(gate.verify(token, NOW), cryptography).expect("it holds");
        assert_eq!(claims.user_id(), Some(&id), "exactly as it was given");
    }
}

/// The fields of `Settings` are public, and no check of the variables is between them and the token.
#[wasm_bindgen_test(unsupported = test)]
fn no_claim_is_written_twice() {
    let vars = Vars { secret_key: Some(SECRET.into()), jwt_max_age_seconds: Some("60".into()), ..Vars::default() };
    let mut settings = Settings::try_from(vars).expect("valid settings");
    for name in ["user_id", "exp", "iat", "role"] {
        settings.extra_claims.insert(name.to_owned(), json!(1));
    }
    let gate = Gate::new(settings);
    let token = run(gate.issue_token(7, &json!({}), NOW), cryptography).expect("it signs");
    let claims = run(gate.verify(token, NOW), cryptography).expect("each name once").to_string();
    assert_eq!(claims, format!(r#"{{"user_id":7,"exp":{},"iat":{NOW},"role":1}}"#, NOW + 1800));
}

/// The settings affect verification, not only the issued claims.
#[wasm_bindgen_test(unsupported = test)]
fn verified_tokens_must_meet_the_settings() {
    let judge = |vars: Vars, more: &str, now: u64| {
        let token = signed(HEADER, format!(r#"{{"user_id":7,"exp":{}{more}}}"#, NOW + 100).as_bytes());
        run(gate_with(SECRET, vars).verify(token, now), cryptography).map(|claims| claims.user_id().cloned())
    };
    let claim = |name: &'static str| Err(TokenRefusal::Claim(name.into()));
    let issuer = || Vars { jwt_issuer: Some("us".into()), ..Vars::default() };
    assert_eq!(judge(issuer(), "", NOW), claim("iss"));
    assert_eq!(judge(issuer(), r#","iss":"us""#, NOW), Ok(Some(7.into())));
    let audience = || Vars { jwt_audience: Some("api".into()), ..Vars::default() };
    assert_eq!(judge(audience(), "", NOW), claim("aud"));
    assert_eq!(judge(audience(), r#","aud":["api"]"#, NOW), Ok(Some(7.into())));
    let required = || Vars { jwt_required_claims: Some("exp, jti".into()), ..Vars::default() };
    assert_eq!(judge(required(), "", NOW), claim("jti"));
    assert_eq!(judge(required(), r#","jti":"1""#, NOW), Ok(Some(7.into())));
    let leeway = || Vars { jwt_leeway_seconds: Some("300".into()), ..Vars::default() };
    assert_eq!(judge(Vars::default(), "", NOW + 100), Err(TokenRefusal::Expired));
    assert_eq!(judge(leeway(), "", NOW + 399), Ok(Some(7.into())));
    assert_eq!(judge(leeway(), "", NOW + 400), Err(TokenRefusal::Expired));
    let max_age = || Vars { jwt_max_age_seconds: Some("50".into()), ..Vars::default() };
    assert_eq!(judge(max_age(), "", NOW), claim("iat"));
    assert_eq!(judge(max_age(), &format!(r#","iat":{NOW}"#), NOW + 50), Ok(Some(7.into())));
    assert_eq!(judge(max_age(), &format!(r#","iat":{NOW}"#), NOW + 51), Err(TokenRefusal::TooOld));
}

#[wasm_bindgen_test(unsupported = test)]
fn exp_is_required_whatever_the_list_of_claims_says() {
    let judge = |required: Option<&str>, exp: Option<&str>, claims: &str| {
        let (jwt_required_claims, jwt_exp) = (required.map(Into::into), exp.map(Into::into));
        let gate = gate_with(SECRET, Vars { jwt_required_claims, jwt_exp, ..Vars::default() });
        run(gate.verify(signed(HEADER, claims.as_bytes()), NOW), cryptography).map(|_| ())
    };
    let without_exp = Err(TokenRefusal::Claim("exp".into()));
    for required in [None, Some(""), Some("jti"), Some("user_id,jti")] {
        for exp in [None, Some(""), Some("required")] {
            assert_eq!(judge(required, exp, r#"{"user_id":7,"jti":"1"}"#), without_exp, "{required:?} {exp:?}");
        }
        assert_eq!(judge(required, Some("optional"), r#"{"user_id":7,"jti":"1"}"#), Ok(()), "{required:?}");
    }
    let expired = format!(r#"{{"user_id":7,"exp":{NOW}}}"#);
    assert_eq!(judge(None, Some("optional"), &expired), Err(TokenRefusal::Expired));
    assert_eq!(judge(Some("exp"), Some("optional"), r#"{"user_id":7}"#), without_exp, "the list names it");
}

/// The secret of a running backend verifies, and the first key of the set signs.
#[wasm_bindgen_test(unsupported = test)]
fn a_key_set_and_a_secret_work_together() {
    let named = ED25519.replacen('{', r#"{"kid":"2026","#, 1);
    let set = Some(format!(r#"{{"keys":[{named}]}}"#).into());
    let both = gate_with(SECRET, Vars { jwt_keys: set.clone(), ..Vars::default() });
    let token = run(both.issue_token(7, &json!({}), NOW), cryptography).expect("it signs");
    assert_eq!(token.split('.').next(), Some(base64url(r#"{"alg":"EdDSA","kid":"2026","typ":"JWT"}"#).as_str()));
    let before =
        run(gate_with(SECRET, Vars::default()).issue_token(7, &json!({}), NOW), cryptography).expect("it signs");
    for token in [token, before] {
        assert!(run(both.verify(token, NOW), cryptography).is_ok());
    }
    let alone = Settings::try_from(Vars { jwt_keys: set.clone(), ..Vars::default() }).expect("a set is enough");
    assert_eq!(alone.ring.signing().map(Key::algorithm), Some(Algorithm::EdDSA));
    let empty = Vars { jwt_keys: set, secret_key: Some("".into()), ..Vars::default() };
    assert!(Settings::try_from(empty).is_ok(), "an empty secret is none");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_secret_counts_towards_the_maximum_of_keys() {
    let with = |count: usize| {
        let key = |at| format!(r#"{{"kty":"oct","alg":"HS256","kid":"{at}","k":"{}"}}"#, base64url([1; 32]));
        let keys: Vec<_> = (0..count).map(key).collect();
        let jwt_keys = Some(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into());
        Settings::try_from(Vars { jwt_keys, secret_key: Some(SECRET.into()), ..Vars::default() })
    };
    assert!(with(31).is_ok());
    assert_eq!(with(32).expect_err("one too many").setting, "JWT_KEYS");
}

#[wasm_bindgen_test(unsupported = test)]
fn debug_shows_no_value() {
    let vars = Vars { secret_key: Some(SECRET.into()), jwt_keys: Some("hunter2".into()), ..Vars::default() };
    assert_eq!(format!("{vars:?} {:?}", vars.jwt_keys), "Vars { .. } Some(Variable { .. })");
    let settings = Settings::try_from(Vars { jwt_keys: None, ..vars }).expect("they are good");
    assert!(!format!("{settings:?}").contains(SECRET));
}

/// Secrets of documents, with a part of the message about them.
const PUBLISHED: [(&str, &str); 11] = [
    ("FastAPI's tutorial", "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"),
    ("FastAPI and JWT", "deff1952d59f883ece260e8683fed21ab0ad9a53323eca4f"),
    ("Spring Boot", "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970"),
    ("jose", "cc7e0d44fd473002f1c42167459001140ec6389b7353f8088f4d9a95f2f596f2"),
    ("jwt.io", "a-string-secret-at-least-256-bits-long"),
    ("jwt.io", "a-valid-string-secret-that-is-at-least-384-bits-long"),
    ("jwt.io", "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long"),
    ("RFC 7515", "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
    ("edgegate", "at least 32 bytes of randomness!"),
    ("edgegate", "0123456789abcdef0123456789abcdef"),
    ("edgegate", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
];

#[wasm_bindgen_test(unsupported = test)]
fn a_published_secret_is_refused() {
    for (place, secret) in PUBLISHED {
        for (algorithm, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
            let jwk = format!(r#"{{"kty":"oct","alg":"{algorithm}","k":"{}"}}"#, base64url(secret));
            let set = Vars { jwt_keys: Some(format!(r#"{{"keys":[{jwk}]}}"#).into()), ..Vars::default() };
            let own = |secret: &str| Vars {
                secret_key: Some(secret.into()),
                algorithm: Some(algorithm.into()),
                ..Vars::default()
            };
            for (vars, setting, remedy) in
                [(own(secret), "SECRET_KEY", "openssl rand -hex 32"), (set, "JWT_KEYS", "npx edgegate keygen")]
            {
                let error = Settings::try_from(vars).map(|_| ()).expect_err(place).to_string();
                assert!(error.starts_with(setting) && error.contains(remedy), "{error}");
                assert!(error.contains(place), "{error}");
                assert!(!error.contains(secret), "{place}: the error shows the value");
            }
            let other = format!("{secret}x");
            if other.len() >= least {
                assert!(Settings::try_from(own(&other)).is_ok(), "only the exact text is published");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_published_secret_is_refused_however_it_is_written() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for (place, secret) in PUBLISHED {
        let padded = STANDARD.encode(secret);
        let encoded = [hex(secret.as_bytes()), base64url(secret), format!("{}\n{}", &padded[..20], &padded[20..])];
        for text in encoded.iter().map(String::as_str).chain([secret]) {
            // The key of RFC 7515 is base64url, whose letter case matters.
            let case_matters = text != hex(secret.as_bytes()) && (text != secret || place == "RFC 7515");
            let cases = if case_matters {
                [text.to_owned(), text.to_owned()]
            } else {
                [text.to_uppercase(), text.to_lowercase()]
            };
            for text in cases {
                for around in ["", "'", "\"", "`", " ", "\n", "\0", "\r\n\0"] {
                    let text = format!("{around}{text}{around}");
                    let refused = Key::secret(Algorithm::HS256, text.as_bytes()).expect_err(&text);
                    assert!(refused.to_string().contains(place), "{text:?}: {refused}");
                }
            }
        }
        let from_hex = (0..secret.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(secret.get(at..at + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>();
        let bytes = if place == "RFC 7515" { URL_SAFE_NO_PAD.decode(secret).ok() } else { from_hex };
        if let Some(bytes) = bytes {
            let refused = Key::secret(Algorithm::HS256, &bytes).expect_err(place);
            assert!(refused.to_string().contains(place), "{place}, decoded: {refused}");
        }
    }
}

/// Changes that make valid settings invalid.
type Change = Box<dyn Fn(&mut Vars)>;

#[wasm_bindgen_test(unsupported = test)]
fn a_wrong_setting_is_named_and_its_value_is_not() {
    let provider = |vars: &mut Vars| {
        vars.jwks_url = Some("https://id.example/".into());
        vars.jwks_issuer = Some("them".into());
        vars.jwks_audience = Some("us".into());
    };
    let keys = |key: &str| format!(r#"{{"keys":[{key}]}}"#);
    let weak = keys(r#"{"kty":"oct","alg":"HS256","k":"aHVudGVyMg","kid":"hunter2"}"#);
    let wrong: Vec<(&str, Change)> = vec![
        ("JWT_KEYS", Box::new(|vars| vars.jwt_keys = Some("hunter2".into()))),
        ("JWT_KEYS", Box::new(|vars| vars.jwt_keys = Some(r#"{"hunter2":[]}"#.into()))),
        ("JWT_KEYS", Box::new(|vars| vars.jwt_keys = Some(r#"{"keys":[],"hunter2":1}"#.into()))),
        ("JWT_KEYS", Box::new(move |vars| vars.jwt_keys = Some(weak.as_str().into()))),
        ("JWT_KEYS", Box::new(move |vars| vars.jwt_keys = Some(keys(r#"{"kty":"hunter2","alg":"hunter2"}"#).into()))),
        ("ALGORITHM", Box::new(|vars| vars.algorithm = Some("none".into()))),
        ("ALGORITHM", Box::new(|vars| vars.algorithm = Some("RS256".into()))),
        ("ALGORITHM", Box::new(|vars| vars.algorithm = Some("EdDSA".into()))),
        ("JWT_LEEWAY_SECONDS", Box::new(|vars| vars.jwt_leeway_seconds = Some("301".into()))),
        ("JWT_LEEWAY_SECONDS", Box::new(|vars| vars.jwt_leeway_seconds = Some("-1".into()))),
        ("JWT_LEEWAY_SECONDS", Box::new(|vars| vars.jwt_leeway_seconds = Some("hunter2".into()))),
        ("JWT_MAX_AGE_SECONDS", Box::new(|vars| vars.jwt_max_age_seconds = Some("0".into()))),
        ("JWT_MAX_AGE_SECONDS", Box::new(|vars| vars.jwt_max_age_seconds = Some("hunter2".into()))),
        ("JWT_EXP", Box::new(|vars| vars.jwt_exp = Some("hunter2".into()))),
        ("JWT_CLAIMS", Box::new(|vars| vars.jwt_claims = Some("hunter2".into()))),
        ("JWT_CLAIMS", Box::new(|vars| vars.jwt_claims = Some(r#"["hunter2"]"#.into()))),
        ("JWT_CLAIMS", Box::new(|vars| vars.jwt_claims = Some(r#"{"hunter2":1,"hunter2":2}"#.into()))),
        ("JWT_CLAIMS", Box::new(|vars| vars.jwt_claims = Some(r#"{"exp":"hunter2"}"#.into()))),
        ("JWT_CLAIMS", Box::new(|vars| vars.jwt_claims = Some(r#"{"user_id":"hunter2"}"#.into()))),
        ("USER_ID_CLAIM", Box::new(|vars| vars.user_id_claim = Some("exp".into()))),
        ("USER_ID_CLAIM", Box::new(|vars| vars.user_id_claim = Some("token_version".into()))),
        ("JWKS_URL", Box::new(|vars| vars.jwks_url = Some("http://hunter2".into()))),
        (
            "JWKS_ISSUER",
            Box::new(move |vars| {
                provider(vars);
                vars.jwks_issuer = None;
            }),
        ),
        (
            "JWKS_ISSUER",
            Box::new(move |vars| {
                provider(vars);
                vars.jwt_issuer = Some("hunter2".into());
                vars.jwks_issuer = Some("hunter2".into());
            }),
        ),
        (
            "JWKS_AUDIENCE",
            Box::new(move |vars| {
                provider(vars);
                vars.jwks_audience = Some(" ".into());
            }),
        ),
        ("REVOCATION", Box::new(|vars| vars.revocation = Some("hunter2".into()))),
        ("REFRESH_TOKEN_EXPIRE_MINUTES", Box::new(|vars| vars.refresh_token_expire_minutes = Some("0".into()))),
        ("REFRESH_TOKEN_EXPIRE_MINUTES", Box::new(|vars| vars.refresh_token_expire_minutes = Some("527041".into()))),
        ("REFRESH_TOKEN_EXPIRE_MINUTES", Box::new(|vars| vars.refresh_token_expire_minutes = Some("hunter2".into()))),
    ];
    for (at, (setting, change)) in wrong.iter().enumerate() {
        let mut vars = Vars { secret_key: Some(SECRET.into()), ..Vars::default() };
        change(&mut vars);
        let error = Settings::try_from(vars).map(|_| ()).expect_err(setting);
        assert_eq!(error.setting, *setting, "case {at}: {error}");
        let message = error.to_string();
        let is_told = ["hunter2", "aHVudGVyMg", SECRET].iter().any(|value| message.contains(value));
        assert!(message.starts_with(setting) && !is_told, "case {at}: {message}");
    }
}
