//! What is known of the client of a request.

use std::net::IpAddr;

use super::Request;
use crate::limits::USER_AGENT_MAX_CHARS;

/// The client of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    user_agent: Option<String>,
    address: Option<IpAddr>,
    /// There is an address, but it is none.
    is_unreadable: bool,
}

impl Client {
    pub(crate) fn of(request: &Request) -> Self {
        Self { user_agent: request.user_agent.as_deref().map(printable), ..Self::at(request.address.as_deref()) }
    }

    pub(crate) fn at(address: Option<&str>) -> Self {
        let Some(text) = address.map(str::trim).filter(|text| !text.is_empty()) else { return Self::default() };
        let address = host(text).parse::<IpAddr>().ok();
        // A dual-stack socket sees IPv4 clients as `::ffff:203.0.113.7`.
        let canonical = address.map(|address| match address.to_canonical() {
            // The addresses of IPv4 behind NAT64 (RFC 6052) are not one network.
            IpAddr::V6(v6) if v6.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]) => {
                let [.., a, b, c, d] = v6.octets();
                IpAddr::from([a, b, c, d])
            }
            address => address,
        });
        Self { user_agent: None, address: canonical, is_unreadable: address.is_none() }
    }

    /// The value of `User-Agent`, for the list of sessions.
    pub(crate) fn user_agent(&self) -> Option<String> {
        self.user_agent.clone()
    }

    /// The network, for the list of sessions: enough to recognise a device, not enough to locate a person.
    pub(crate) fn network(&self) -> Option<String> {
        // Not by `Display`, which would add 2 KB to the wasm.
        Some(match self.address? {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        })
    }

    /// A name of the network by which a client is known: that of [`Client::counted`], unless the address cannot be read.
    pub(crate) fn known_by(&self) -> Option<String> {
        self.counted().filter(|_| !self.is_unreadable)
    }

    /// A name of the network that is counted: an IPv6 client has 64 bits to itself. Clients whose address cannot be read are one: the
    /// limit must not depend on how a proxy writes it.
    pub(crate) fn counted(&self) -> Option<String> {
        if self.is_unreadable {
            return Some("unreadable".to_owned());
        }
        Some(match self.address? {
            IpAddr::V4(address) => address.to_bits().to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}")
            }
        })
    }
}

/// An address without the port that some proxies add, and without the interface that Node adds to a link-local one: `fe80::1%eth0`.
fn host(text: &str) -> &str {
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(text, |(host, _)| host),
        None => match text.split_once(':') {
            // One colon: an IPv6 address has more.
            Some((host, port)) if !port.contains(':') => host,
            _ => text,
        },
    };
    host.split_once('%').map_or(host, |(host, _)| host)
}

/// PostgreSQL does not accept a NUL in a text.
fn printable(text: &str) -> String {
    text.chars().filter(|char| *char != '\0').take(USER_AGENT_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::http::Request;

    fn client(user_agent: &str, address: &str) -> Client {
        let (user_agent, address) = (Some(user_agent.to_owned()), Some(address.to_owned()));
        Client::of(&Request { user_agent, address, ..Request::new("POST", "http://localhost/login") })
    }

    #[test]
    fn a_network_hides_the_host() {
        for (address, expected) in [
            ("203.0.113.255", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.7", Some("203.0.113.0/24")),
            ("2001:db8:1:ffff::1", Some("2001:db8:1::/48")),
            ("2001:db8::1", Some("2001:db8:0::/48")),
            ("::1", Some("0:0:0::/48")),
            ("localhost", None),
            ("203.0.113.7:80", Some("203.0.113.0/24")),
            ("[2001:db8:1::1]:443", Some("2001:db8:1::/48")),
            ("", None),
        ] {
            assert_eq!(client("", address).network().as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn an_ipv6_client_is_counted_by_64_bits() {
        let counted = |address| client("", address).counted();
        assert_eq!(counted("203.0.113.7"), counted("::ffff:203.0.113.7"));
        assert_ne!(counted("203.0.113.7"), counted("203.0.113.8"));
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), counted("2001:db8:1:2::"));
        assert_ne!(counted("2001:db8:1:2::"), counted("2001:db8:1:3::"));
        assert_eq!(counted("fe80::1%eth0"), counted("fe80::2"));
        assert_eq!(counted("64:ff9b::203.0.113.7"), counted("203.0.113.7"));
        for same in ["203.0.113.7:4711", " 203.0.113.7"] {
            assert_eq!(counted(same), counted("203.0.113.7"), "{same}");
        }
        for same in ["[2001:db8::1]", "[2001:db8::1]:443"] {
            assert_eq!(counted(same), counted("2001:db8::1"), "{same}");
        }
        let unreadable = counted("unknown");
        assert!(unreadable.is_some());
        for same in ["203.0.113.7, 10.0.0.1", "203.000.113.007", "[", "::1::"] {
            assert_eq!(counted(same), unreadable, "{same}");
        }
        assert_eq!(counted(""), None);
    }

    #[test]
    fn a_user_agent_is_cut_at_a_character() {
        assert_eq!(client(&"é".repeat(300), "").user_agent(), Some("é".repeat(256)));
        assert_eq!(client("a\0b", "").user_agent().as_deref(), Some("ab"));
    }
}
