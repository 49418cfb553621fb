//! A web origin: scheme, host and port, in the one spelling that browsers send.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::uri::Authority;

/// One origin in canonical form: lower-case, without the scheme's default port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    text: String,
    scheme: Scheme,
    host: Host,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Origin {
    /// Reads `scheme://host[:port]`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        read(text).ok_or_else(|| InvalidOrigin { text: text.to_owned() })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host's name; an address has none.
    pub(crate) fn host_name(&self) -> Option<&str> {
        match &self.host {
            Host::Name(name) => Some(name),
            Host::V4(_) | Host::V6(_) => None,
        }
    }

    /// Returns whether only this machine can be meant, whatever a name server says.
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Name(name) => name == "localhost",
            Host::V4(ip) => ip.is_loopback(),
            Host::V6(ip) => ip.is_loopback(),
        }
    }
}

/// The text is not a web origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an origin: expected http:// or https://, a host, a port unless it is the default, no more")]
pub struct InvalidOrigin {
    text: String,
}

fn read(text: &str) -> Option<Origin> {
    let text = text.to_ascii_lowercase();
    let (scheme, rest, default_port) = if let Some(rest) = text.strip_prefix("https://") {
        (Scheme::Https, rest, 443)
    } else {
        (Scheme::Http, text.strip_prefix("http://")?, 80)
    };
    let authority: Authority = rest.parse().ok()?;
    let host = Host::read(authority.host())?;
    let port = authority.port_u16();
    // Writing it again and comparing leaves no room for user names, empty ports or leading zeros.
    let rewritten = port.map_or_else(|| authority.host().to_owned(), |port| format!("{}:{port}", authority.host()));
    if rewritten != rest {
        return None;
    }
    let prefix = match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let port = port.filter(|port| *port != default_port).map(|port| format!(":{port}")).unwrap_or_default();
    Some(Origin { text: format!("{prefix}://{host}{port}"), scheme, host })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    fn read(host: &str) -> Option<Self> {
        if let Some(literal) = host.strip_prefix('[') {
            return literal.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        if let Ok(ip) = host.parse() {
            return Some(Self::V4(ip));
        }
        // Browsers read a name that ends in a number as an IP address, and would send another origin.
        let last = host.rsplit('.').next()?;
        let is_name = last.starts_with(|first: char| first.is_ascii_lowercase()) && host.split('.').all(is_label);
        is_name.then(|| Self::Name(host.to_owned()))
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    !label.is_empty() && label.bytes().all(allowed)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => ip.fmt(f),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, canonical: &str) {
        assert_eq!(Origin::parse(text).unwrap().as_str(), canonical);
    }

    #[test]
    fn origins_are_read_into_one_spelling() {
        reads("https://app.test", "https://app.test");
        reads("HTTPS://APP.Test:443", "https://app.test");
        reads("http://app.test:80", "http://app.test");
        reads("http://app.test:443", "http://app.test:443");
        reads("https://app.test:8443", "https://app.test:8443");
        reads("http://localhost:3000", "http://localhost:3000");
        reads("http://127.0.0.1:3000", "http://127.0.0.1:3000");
        reads("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443");
        reads("https://xn--bcher-kva.example", "https://xn--bcher-kva.example");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "null",
            "*",
            "https://",
            "https://*",
            "https://*.app.test",
            "app.test",
            "//app.test",
            "ftp://app.test",
            "file:///etc/passwd",
            "https://app.test/",
            "https://app.test/path",
            "https://app.test?query",
            "https://app.test#fragment",
            "https://user@app.test",
            "https://user:password@app.test",
            "https://app.test.",
            "https://.app.test",
            "https://app..test",
            "https://app.test:",
            "https://app.test:0443",
            "https://app.test:+443",
            "https://app.test:65536",
            "https://app.test:http",
            " https://app.test",
            "https://app.test ",
            "https://app.test\r\n",
            "https://app.test,https://b.test",
            "https://bücher.example",
            "https://1.2.3",
            "https://0x7f.1",
            "https://[::1",
            "https://[fe80::1%25eth0]",
            "https://[127.0.0.1]",
            "https://::1",
        ] {
            assert!(Origin::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
