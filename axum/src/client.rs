//! What is known of a client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{header::USER_AGENT, request::Parts},
};

/// What is known of a client, for the list of sessions: enough to recognise a device, not enough to locate a person.
///
/// ```
/// use edgegate_axum::Client;
///
/// let client = Client::new(Some("curl/8"), Some("203.0.113.7".parse()?));
/// assert_eq!(client.user_agent.as_deref(), Some("curl/8"));
/// assert_eq!(client.network.as_deref(), Some("203.0.113.0/24"));
/// let client = Client::new(None, Some("2001:db8:1:2::3".parse()?));
/// assert_eq!(client.network.as_deref(), Some("2001:db8:1::/48"));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// The value of `User-Agent`, at most 256 characters.
    pub user_agent: Option<String>,
    /// The network of the client: 24 bits of an IPv4 address, 48 bits of an IPv6 address.
    pub network: Option<String>,
}

/// Characters of `User-Agent` that are stored.
const USER_AGENT_MAX_CHARS: usize = 256;

impl Client {
    /// Creates a client from the value of `User-Agent` and from its address.
    ///
    /// ```
    /// # use edgegate_axum::Client;
    /// assert_eq!(Client::new(None, None), Client::default());
    /// ```
    #[must_use]
    pub fn new(user_agent: Option<&str>, address: Option<IpAddr>) -> Self {
        // PostgreSQL does not accept a NUL in a text; header values have none.
        let user_agent =
            user_agent.map(|text| text.chars().filter(|c| *c != '\0').take(USER_AGENT_MAX_CHARS).collect());
        Self { user_agent, network: address.map(network) }
    }

    pub(crate) fn of(request: &Parts, address: Option<IpAddr>) -> Self {
        Self::new(request.headers.get(USER_AGENT).map(|value| latin1(value.as_bytes())).as_deref(), address)
    }
}

/// The address of the connection, if the app is served with `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn of_connection(request: &Parts) -> Option<IpAddr> {
    request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// Header values are bytes; Starlette reads them so, too.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn network(address: IpAddr) -> String {
    // A dual-stack socket sees IPv4 clients as `::ffff:203.0.113.7`.
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_hides_the_host() {
        for (address, expected) in [
            ("203.0.113.255", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.0/24"),
            ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
            ("2001:db8::1", "2001:db8::/48"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_user_agent_is_cut_at_a_character() {
        let client = Client::new(Some(&"é".repeat(300)), None);
        assert_eq!(client.user_agent, Some("é".repeat(256)));
        assert_eq!(Client::new(Some("a\0b"), None).user_agent.as_deref(), Some("ab"));
    }
}
