use http::HeaderValue;

use super::*;

const PROXIES: &str = "10.0.0.0/8, 2001:db8:ffff::/48,192.0.2.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[track_caller]
fn finds(peer: &str, forwarded: &[&[u8]], expected: &str) {
    let mut headers = HeaderMap::new();
    for line in forwarded {
        headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
    }
    let found = TrustedProxies::parse(PROXIES).unwrap().client_ip(Some(ip(peer)), &headers);
    assert_eq!(found, Some(ip(expected)), "{peer} {forwarded:?}");
}

#[test]
fn a_strangers_headers_are_ignored() {
    finds("198.51.100.9", &[b"1.2.3.4"], "198.51.100.9");
    finds("198.51.100.9", &[b"10.0.0.1"], "198.51.100.9");
    finds("2001:db8::9", &[b"1.2.3.4", b"1.2.3.5"], "2001:db8::9");
}

#[test]
fn without_trusted_proxies_the_peer_is_the_client() {
    let mut headers = HeaderMap::new();
    headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("1.2.3.4"));
    assert_eq!(TrustedProxies::default().client_ip(Some(ip("127.0.0.1")), &headers), Some(ip("127.0.0.1")));
    assert_eq!(TrustedProxies::parse(PROXIES).unwrap().client_ip(None, &headers), None);
}

#[test]
fn other_headers_are_ignored() {
    let mut headers = HeaderMap::new();
    for name in ["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-forwarded"] {
        headers.insert(name, HeaderValue::from_static("for=1.2.3.4"));
        headers.append(name, HeaderValue::from_static("1.2.3.4"));
    }
    let found = TrustedProxies::parse(PROXIES).unwrap().client_ip(Some(ip("10.0.0.1")), &headers);
    assert_eq!(found, Some(ip("10.0.0.1")));
}

#[test]
fn the_right_most_untrusted_address_wins() {
    finds("10.0.0.1", &[b"203.0.113.7"], "203.0.113.7");
    finds("10.0.0.1", &[b"1.2.3.4, 203.0.113.7"], "203.0.113.7");
    finds("10.0.0.1", &[b"1.2.3.4, 203.0.113.7, 10.9.9.9,192.0.2.1"], "203.0.113.7");
    finds("10.0.0.1", &[b"1.2.3.4", b"203.0.113.7", b"10.9.9.9"], "203.0.113.7");
    finds("10.0.0.1", &[b"203.0.113.7\t"], "203.0.113.7");
    finds("2001:db8:ffff::1", &[b"2001:db8::7"], "2001:db8::7");
}

#[test]
fn the_left_most_wins_when_all_are_trusted() {
    finds("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"], "10.0.0.3");
    finds("10.0.0.1", &[], "10.0.0.1");
}

#[test]
fn ports_and_brackets_are_understood() {
    finds("10.0.0.1", &[b"1.2.3.4:567"], "1.2.3.4");
    finds("10.0.0.1", &[b"[2001:db8::1]:443"], "2001:db8::1");
    finds("10.0.0.1", &[b"[2001:db8::1]"], "2001:db8::1");
    finds("10.0.0.1", &[b"2001:db8::1"], "2001:db8::1");
}

#[test]
fn mapped_addresses_are_ipv4() {
    finds("::ffff:198.51.100.9", &[b"1.2.3.4"], "198.51.100.9");
    finds("::ffff:10.0.0.1", &[b"1.2.3.4"], "1.2.3.4");
    finds("10.0.0.1", &[b"1.2.3.4, ::ffff:10.0.0.2"], "1.2.3.4");
    finds("10.0.0.1", &[b"[::ffff:1.2.3.4]:80"], "1.2.3.4");
}

#[test]
fn empty_entries_are_skipped() {
    for chain in [
        b"203.0.113.7,".as_slice(),
        b"203.0.113.7, , ",
        b", 203.0.113.7",
        b"1.2.3.4,, 203.0.113.7,\t, 10.0.0.2,",
        b"1.2.3.4 , 203.0.113.7 ,10.0.0.2",
    ] {
        finds("10.0.0.1", &[chain], "203.0.113.7");
    }
    finds("10.0.0.1", &[b"203.0.113.7", b"", b" "], "203.0.113.7");
    finds("10.0.0.1", &[b"", b","], "10.0.0.1");
}

#[test]
fn quotes_are_taken_off() {
    finds("10.0.0.1", &[b"\"203.0.113.7\""], "203.0.113.7");
    finds("10.0.0.1", &[b"\"[2001:db8::7]:443\", \"10.0.0.2\""], "2001:db8::7");
}

#[test]
fn a_unix_socket_is_trusted_where_it_is_named() {
    #[track_caller]
    fn finds(proxies: &str, peer: Option<&str>, forwarded: &'static str, expected: Option<&str>) {
        let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static(forwarded))]);
        let found = TrustedProxies::parse(proxies).unwrap().client_ip(peer.map(ip), &headers);
        assert_eq!(found, expected.map(ip), "{proxies:?} {peer:?} {forwarded:?}");
    }
    finds("unix:", None, "1.2.3.4, 203.0.113.7", Some("203.0.113.7"));
    finds(" 10.0.0.0/8, unix: ", None, "1.2.3.4, 203.0.113.7, 10.0.0.2", Some("203.0.113.7"));
    finds("unix:", None, "203.0.113.7, unix:", Some("203.0.113.7"));
    finds("unix:", None, "unknown", None);
    finds("unix:", None, "", None);
    finds("unix:", Some("198.51.100.9"), "1.2.3.4", Some("198.51.100.9"));
    finds("10.0.0.0/8", None, "1.2.3.4", None);
    finds("10.0.0.0/8", Some("10.0.0.1"), "1.2.3.4, unix:", Some("10.0.0.1"));
}

#[test]
fn an_unreadable_entry_ends_the_search() {
    for odd in [
        b"unknown".as_slice(),
        b"unix:",
        b"_hidden",
        b"1.2.3",
        b"1.2.3.4.5",
        b"01.2.3.4",
        b"1.2.3.4:",
        b"1.2.3.4:99999",
        b"[1.2.3.4]",
        b"[2001:db8::1",
        b"2001:db8::1]:443",
        b"fe80::1%eth0",
        b"[fe80::1%1]:443",
        b"\"1.2.3.4",
        b"1.2.3.4\"",
        b"\"\"",
        b"\" 1.2.3.4\"",
        b"for=1.2.3.4",
        b"1.2.3.4 5.6.7.8",
        b"1.2.3.4\xff",
        b"\xc2\xa01.2.3.4",
        &b"1".repeat(60_000),
    ] {
        finds("10.0.0.1", &[odd], "10.0.0.1");
        let chain = [b"1.2.3.4, ", odd, b", 10.0.0.2"].concat();
        finds("10.0.0.1", &[&chain], "10.0.0.2");
    }
    finds("10.0.0.1", &[b"unknown, 1.2.3.4"], "1.2.3.4");
}

#[test]
fn long_chains_end_somewhere() {
    let chain = [b"1.2.3.4".as_slice(), &b", 10.0.0.2".repeat(5_000)].concat();
    finds("10.0.0.1", &[&chain], "10.0.0.2");
}

#[test]
fn proxies_are_networks_or_addresses() {
    for text in ["", "  ", "10.0.0.1", "10.0.0.0/8", " 10.0.0.0/8 ,\t::1 ", "2001:db8::/32,fe80::/10", "10.1.2.3/8"] {
        assert!(TrustedProxies::parse(text).is_ok(), "{text:?}");
    }
    for text in
        [",", "10.0.0.0/8,", "10.0.0.0/33", "10.0.0/8", "proxy.internal", "10.0.0.1:80", "*", "unix", "unix:/run/a"]
    {
        assert!(matches!(TrustedProxies::parse(text), Err(InvalidProxies::Unreadable(_))), "{text:?}");
    }
    for text in ["0.0.0.0/0", "::/0", "10.0.0.0/8, 1.2.3.4/0", "::ffff:0:0/96", "128.0.0.0/1", "::/1", "2000::/3"] {
        let error = TrustedProxies::parse(text).unwrap_err();
        assert!(error.to_string().contains("wider than any private network"), "{error}");
    }
}

#[test]
fn mapped_networks_are_ipv4() {
    let proxies = TrustedProxies::parse("::ffff:10.0.0.0/104").unwrap();
    assert_eq!(proxies, TrustedProxies::parse("10.0.0.0/8").unwrap());
    assert_eq!(TrustedProxies::parse("::ffff:10.0.0.1").unwrap(), TrustedProxies::parse("10.0.0.1").unwrap());
}

#[test]
fn clients_are_counted_by_address_or_by_64() {
    let key = |text: &str| ClientKey::from(Some(ip(text))).to_string();
    assert_eq!(key("203.0.113.7"), "203.0.113.7");
    assert_eq!(key("::ffff:203.0.113.7"), "203.0.113.7");
    assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_ne!(key("203.0.113.7"), key("203.0.113.8"));
    assert_eq!(ClientKey::from(None).to_string(), "unknown");
}
