//! Passwords of data breaches (`PWNED_PASSWORDS`).

use std::{error::Error, pin::Pin};

/// Fetches a range of Have I Been Pwned's passwords. The core searches it.
///
/// With the feature `reqwest`, `ReqwestPwnedPasswords` implements it.
///
/// ```
/// use edgegate_axum::{FetchPwnedPasswords, PwnedPasswordsError};
///
/// /// A range that is known in advance.
/// struct Known(&'static str);
///
/// impl FetchPwnedPasswords for Known {
///     async fn fetch(&self, _url: &str, _at_most: usize) -> Result<Vec<u8>, PwnedPasswordsError> {
///         Ok(self.0.into())
///     }
/// }
/// ```
pub trait FetchPwnedPasswords: Send + Sync + 'static {
    /// Fetches this `https:` URL, with the header `Add-Padding: true`, in two seconds: a sign-up waits for it. A redirect and a status other
    /// than 200 are errors. Reading may stop after `at_most` + 1 bytes. An error is logged, so it must not have the URL, and lets the
    /// password pass.
    fn fetch(&self, url: &str, at_most: usize) -> impl Future<Output = Result<Vec<u8>, PwnedPasswordsError>> + Send;
}

/// Why a range was not fetched, for the log.
pub type PwnedPasswordsError = Box<dyn Error + Send + Sync>;

/// A [`FetchPwnedPasswords`] of any type.
pub(crate) trait AnyPwnedPasswords: Send + Sync {
    fn fetch_any<'a>(
        &'a self,
        url: &'a str,
        at_most: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, PwnedPasswordsError>> + Send + 'a>>;
}

impl<F: FetchPwnedPasswords> AnyPwnedPasswords for F {
    fn fetch_any<'a>(
        &'a self,
        url: &'a str,
        at_most: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, PwnedPasswordsError>> + Send + 'a>> {
        Box::pin(self.fetch(url, at_most))
    }
}

/// What else answers 200, such as a page of a proxy, would let each password pass without a word.
pub(crate) fn is_range(body: &[u8]) -> bool {
    let digits = body.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    digits == 35 && body.get(35) == Some(&b':') && body.get(36).is_some_and(u8::is_ascii_digit)
}

#[cfg(feature = "reqwest")]
pub(crate) mod with_reqwest {
    use std::time::Duration;

    use reqwest::{Client, ClientBuilder, StatusCode, redirect::Policy};

    use super::{FetchPwnedPasswords, PwnedPasswordsError};

    /// Time limit for the response.
    const TIMEOUT: Duration = Duration::from_secs(2);

    /// Fetches the ranges with reqwest and rustls.
    ///
    /// ```no_run
    /// use edgegate_axum::{Auth, MemoryStore, ReqwestPwnedPasswords, settings_from_env};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let auth = Auth::builder(settings_from_env()?, MemoryStore::default())
    ///     .pwned_passwords(ReqwestPwnedPasswords::new()?)
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Clone, Debug)]
    pub struct ReqwestPwnedPasswords(Client);

    impl ReqwestPwnedPasswords {
        /// Creates a client with the certificate authorities of the system.
        ///
        /// # Errors
        /// When TLS cannot be set up.
        pub fn new() -> Result<Self, reqwest::Error> {
            Self::with(Client::builder())
        }

        /// Creates a client with further settings, such as a proxy. The time limit and the refusal of redirects are added.
        ///
        /// # Errors
        /// When TLS cannot be set up.
        pub fn with(client: ClientBuilder) -> Result<Self, reqwest::Error> {
            client.redirect(Policy::none()).timeout(TIMEOUT).build().map(Self)
        }
    }

    impl FetchPwnedPasswords for ReqwestPwnedPasswords {
        async fn fetch(&self, url: &str, at_most: usize) -> Result<Vec<u8>, PwnedPasswordsError> {
            let fetching = self.0.get(url).header("add-padding", "true").send();
            // The URL has a part of the hash.
            let mut response = fetching.await.map_err(reqwest::Error::without_url)?;
            if response.status() != StatusCode::OK {
                return Err(format!("the service of PWNED_PASSWORDS answered {}", response.status().as_u16()).into());
            }
            let mut body = Vec::new();
            while body.len() <= at_most
                && let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)?
            {
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_range;

    #[test]
    fn a_page_is_no_range() {
        assert!(is_range(b"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n"));
        for body in [
            &b""[..],
            b"<html>",
            b"0018A45C4D1DEF81644B54AB7F969B88D65",
            b"0018A45C4D1DEF81644B54AB7F969B88D65:",
            b"0018A45C:1",
        ] {
            assert!(!is_range(body), "{body:?}");
        }
    }
}
