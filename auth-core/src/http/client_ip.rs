//! The address of the client, and the key under which its requests are counted.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Hops that are followed at most; a real chain of proxies has two or three.
const MAX_HOPS: usize = 32;

/// The longest entry worth reading: a bracketed IPv6 address with a port has 47 bytes.
const MAX_ENTRY_BYTES: usize = 64;

/// The networks of the proxies that stand before the application.
///
/// By default there are none. The client's address is the socket's peer. Only when that is a trusted proxy does
/// `X-Forwarded-For` count, read from the right, where the nearest proxy wrote: the first address that is not a trusted
/// proxy's is the client's. What stands left of it is the client's own invention. `Forwarded`, `X-Real-IP`,
/// `CF-Connecting-IP` and their like are never read, because a proxy that does not know them passes on what the client
/// wrote.
///
/// A proxy on a Unix socket has no address; it is trusted by the entry `unix:`.
///
/// ```
/// use auth_core::http::client_ip::TrustedProxies;
/// use http::{HeaderMap, HeaderValue};
///
/// let proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8:1::1").unwrap();
/// let mut headers = HeaderMap::new();
/// headers.insert("x-forwarded-for", HeaderValue::from_static("1.2.3.4, 203.0.113.7"));
///
/// let behind_proxy = proxies.client_ip(Some([10, 0, 0, 1].into()), &headers);
/// assert_eq!(behind_proxy, Some([203, 0, 113, 7].into()));
///
/// let direct = proxies.client_ip(Some([198, 51, 100, 9].into()), &headers);
/// assert_eq!(direct, Some([198, 51, 100, 9].into()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    /// Whether a request without an address came through a Unix socket, from a proxy.
    unix: bool,
}

/// How nginx writes an address that is none, in its settings and in `X-Forwarded-For`.
const UNIX: &str = "unix:";

impl TrustedProxies {
    /// Reads networks (`10.0.0.0/8`), single addresses, and `unix:` for Unix sockets, separated by commas.
    ///
    /// A blank text is the empty list.
    ///
    /// # Security
    ///
    /// With `unix:` whoever has no address is taken for a proxy. That is right where the server listens on a Unix
    /// socket that only the proxy may open. A server on TCP has to know its clients' addresses then, or each chooses
    /// its own.
    ///
    /// # Errors
    ///
    /// [`InvalidProxies`] for the first entry that is neither, or that is wider than any private network: with
    /// `0.0.0.0/0` every client would choose its own address.
    pub fn parse(text: &str) -> Result<Self, InvalidProxies> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let (unix, networks): (Vec<_>, Vec<_>) = text.split(',').map(str::trim_ascii).partition(|entry| *entry == UNIX);
        let networks = networks.into_iter().map(read_network).collect::<Result<_, _>>()?;
        Ok(Self { networks, unix: !unix.is_empty() })
    }

    /// Returns the address of the client; `None` where neither the socket nor a trusted proxy knows one.
    ///
    /// IPv4-mapped addresses come as IPv4. Empty entries are skipped, as in any list (RFC 9110, 5.6.1). One that cannot
    /// be read, `unknown` among them, ends the search: the proxy before it is then the best that is known, since what
    /// stands left of it may be the client's own invention.
    pub fn client_ip(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer.map(|ip| ip.to_canonical());
        let entries = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let entries = entries.flat_map(|header| header.as_bytes().rsplit(|byte| *byte == b','));
        for entry in entries.take(MAX_HOPS).map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty()) {
            if !self.trusts(client) {
                break;
            }
            match read_entry(entry) {
                Some(hop) => client = Some(hop),
                // A proxy behind a proxy, on a Unix socket as well.
                None if self.unix && entry == UNIX.as_bytes() => {}
                None => break,
            }
        }
        client
    }

    /// Returns whether a request without an address is taken for one that came through a Unix socket.
    pub(crate) fn trusts_unix_sockets(&self) -> bool {
        self.unix
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.map_or(self.unix, |ip| self.networks.iter().any(|network| network.contains(&ip)))
    }
}

/// The text is not a list of proxies that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProxies {
    /// The entry is wider than any private network.
    #[error("{0:?} is wider than any private network, so clients could choose their addresses; name the proxies' own")]
    TooWide(String),
    /// The entry is neither a network nor an address, nor `unix:`.
    #[error("{0:?} is neither a network, such as 10.0.0.0/8, nor an address, nor unix: for Unix sockets")]
    Unreadable(String),
}

fn read_network(text: &str) -> Result<IpNet, InvalidProxies> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = fold(network.map_err(|_| InvalidProxies::Unreadable(text.to_owned()))?);
    // The widest that are not the Internet's are 10.0.0.0/8 and fc00::/7.
    let widest = if network.addr().is_ipv4() { 8 } else { 7 };
    if network.prefix_len() < widest { Err(InvalidProxies::TooWide(text.to_owned())) } else { Ok(network) }
}

/// Turns a network of IPv4-mapped addresses (`::ffff:0:0/96` and within) into that of the IPv4 addresses.
fn fold(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V4(_) => None,
        IpNet::V6(v6) => v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96)),
    };
    mapped.and_then(|(ip, prefix)| Ipv4Net::new(ip, prefix).ok()).map_or(network, IpNet::V4)
}

/// Reads one hop: an address, with a port or without, between quotes or without them. A zone (`%eth0`) means nothing
/// outside its machine.
fn read_entry(entry: &[u8]) -> Option<IpAddr> {
    let quoted = entry.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let entry = quoted.unwrap_or(entry);
    if entry.len() > MAX_ENTRY_BYTES || entry.contains(&b'%') {
        return None;
    }
    let text = std::str::from_utf8(entry).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let ip = match bare {
        Some(inner) => IpAddr::V6(inner.parse().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?,
    };
    Some(ip.to_canonical())
}

/// Under which key a client's requests are counted.
///
/// An IPv4 address counts by itself. IPv6 counts by its /64, the least that a customer gets: whoever has one has 2⁶⁴
/// addresses to rotate through. Clients without an address share one key, so that they are limited too.
///
/// ```
/// use auth_core::http::client_ip::ClientKey;
///
/// let key = |ip: &str| ClientKey::from(Some(ip.parse().unwrap()));
/// assert_eq!(key("2001:db8::1"), key("2001:db8::2"));
/// assert_eq!(key("::ffff:203.0.113.7"), key("203.0.113.7"));
/// assert_eq!(key("2001:db8:0:1::1").to_string(), "2001:db8:0:1::/64");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientKey(Option<IpAddr>);

impl From<Option<IpAddr>> for ClientKey {
    fn from(ip: Option<IpAddr>) -> Self {
        const NETWORK: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);
        Self(ip.map(|ip| match ip.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6(v6 & NETWORK),
        }))
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V4(ip)) => ip.fmt(f),
            Some(IpAddr::V6(network)) => write!(f, "{network}/64"),
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests;
