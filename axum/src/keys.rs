//! The keys of an identity provider (`JWKS_URL`).

use std::{error::Error, pin::Pin};

use edgegate::host::JwkSet;

/// Fetches the JWK set of an identity provider. The core decides when, and how long the keys are used.
///
/// With the feature `reqwest`, `ReqwestKeys` implements it.
///
/// ```
/// use edgegate::host::JwkSet;
/// use edgegate_axum::{FetchError, FetchKeys};
///
/// /// Keys that are known in advance.
/// struct Known(&'static str);
///
/// impl FetchKeys for Known {
///     async fn fetch(&self, _url: &str, _at_most: usize) -> Result<JwkSet, FetchError> {
///         Ok(JwkSet { body: self.0.into(), cache_control: None, age: None })
///     }
/// }
/// ```
pub trait FetchKeys: Send + Sync + 'static {
    /// Fetches this `https:` URL, in a few seconds: the verification of a token waits for it. A redirect and a status other than
    /// 200 are errors. Reading may stop after `at_most` + 1 bytes: a body of that length is refused.
    fn fetch(&self, url: &str, at_most: usize) -> impl Future<Output = Result<JwkSet, FetchError>> + Send;
}

/// Why the keys were not fetched, for the log.
pub type FetchError = Box<dyn Error + Send + Sync>;

/// A [`FetchKeys`] of any type.
pub(crate) trait AnyKeys: Send + Sync {
    fn fetch_any<'a>(
        &'a self,
        url: &'a str,
        at_most: usize,
    ) -> Pin<Box<dyn Future<Output = Result<JwkSet, FetchError>> + Send + 'a>>;
}

impl<F: FetchKeys> AnyKeys for F {
    fn fetch_any<'a>(
        &'a self,
        url: &'a str,
        at_most: usize,
    ) -> Pin<Box<dyn Future<Output = Result<JwkSet, FetchError>> + Send + 'a>> {
        Box::pin(self.fetch(url, at_most))
    }
}

#[cfg(feature = "reqwest")]
pub(crate) mod with_reqwest {
    use std::time::Duration;

    use edgegate::host::JwkSet;
    use reqwest::{
        Client, ClientBuilder, StatusCode,
        header::{ACCEPT, AGE, CACHE_CONTROL, HeaderName},
        redirect::Policy,
    };

    use super::{FetchError, FetchKeys};

    /// Time limit for the response.
    const TIMEOUT: Duration = Duration::from_secs(5);

    /// Fetches the keys with reqwest and rustls. A response has five seconds, and redirects are refused, because they may lead to
    /// another host.
    ///
    /// ```no_run
    /// use edgegate_axum::{Auth, MemoryStore, ReqwestKeys, settings_from_env};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let auth = Auth::builder(settings_from_env()?, MemoryStore::default()).keys(ReqwestKeys::new()?).build();
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Clone, Debug)]
    pub struct ReqwestKeys(Client);

    impl ReqwestKeys {
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

    impl FetchKeys for ReqwestKeys {
        async fn fetch(&self, url: &str, at_most: usize) -> Result<JwkSet, FetchError> {
            let accept = "application/jwk-set+json, application/json";
            let mut response = self.0.get(url).header(ACCEPT, accept).send().await?;
            if response.status() != StatusCode::OK {
                return Err(format!("the identity provider answered {}", response.status().as_u16()).into());
            }
            let header = |name: HeaderName| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
            let (cache_control, age) = (header(CACHE_CONTROL), header(AGE));
            let mut body = Vec::new();
            while body.len() <= at_most
                && let Some(chunk) = response.chunk().await?
            {
                body.extend_from_slice(&chunk);
            }
            Ok(JwkSet { body, cache_control, age })
        }
    }
}
