//! What the two frameworks do differently, before an adapter has its say or after it.

use std::collections::BTreeSet;

use auth_core::conformance::http::transcript::{Exchange, assert_same};

/// Something that the frameworks do differently.
struct Difference {
    why: &'static str,
    /// Titles of the requests that show it; `*` stands for anything.
    titles: &'static [&'static str],
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "axum adds `Allow` to whatever answers a method that no route has: here it is the guard",
        titles: &["* /admin by nobody", "* /admin by a user"],
    },
    Difference {
        why: "axum leaves a mount's path with nothing but a slash behind it to the application",
        titles: &["* /auth/ by *", "* /api/auth/ by *"],
    },
    Difference {
        why: "axum sends no length where `HEAD` asks for what is not there",
        titles: &["HEAD /nothing by *", "HEAD /api by *"],
    },
    Difference {
        why: "actix-web decodes a path before it looks for a route; the adapter's own routes are taken literally",
        titles: &["* of /priv%61te", "* of /page%2Ecss"],
    },
    Difference { why: "hyper takes a path in plain UTF-8", titles: &["* of /auth/m\\xc3\\xa9"] },
    Difference { why: "hyper has a status of its own for a path over 64 KiB", titles: &["GET of 70 000 letters"] },
    Difference {
        why: "hyper leaves it to the application whether there is one `Host`, where RFC 9112 (3.2) asks for a 400",
        titles: &[
            "HTTP/1.1 with \"\"",
            "* with \"host: app.test\\r\\nhost: app.test\\r\\n\"",
            "* with \"host: app.test\\r\\nhost: evil.test\\r\\n\"",
        ],
    },
    Difference {
        why: "hyper stops at 100 headers, actix-http at 96",
        titles: &["GET / with 95 more lines", "GET /private with 95 more lines", "GET /auth/me with 95 more lines"],
    },
    Difference {
        why: "actix-http says `100 Continue` at once, hyper when the body is asked for",
        titles: &[
            "GET / with an expectation",
            "GET /auth/me with an expectation",
            "GET /private with an expectation",
            "GET /private HTTP/1.1 with an expectation",
            "* HTTP/1.1 with an expectation and nothing",
        ],
    },
    Difference {
        why: "actix-http refuses what two servers in a row might frame differently; hyper takes it, as RFC 9112 (6.3) \
              allows",
        titles: &[
            "* with the length twice",
            "* HTTP/1.1 with chunks and a length",
            "* HTTP/1.1 with a length and chunks",
            "* HTTP/1.1 with chunks twice",
            "* HTTP/1.1 with chunks twice in a line",
            "* HTTP/1.1 with gzip and chunks",
            "POST /auth/signin HTTP/1.0 with no length",
        ],
    },
    Difference {
        why: "actix-http reads on behind a request that was to be the last",
        titles: &[
            "* HTTP/1.1 with no length",
            "* with a length that is too short",
            "a request behind the end",
            "HTTP/1.0 and a request behind its end",
        ],
    },
    Difference {
        why: "actix-http says `Connection` as the last request that it has read wants it, also in the answers before",
        titles: &[
            "three requests",
            "twelve requests",
            "a body and a request",
            "a body that nobody reads and a request",
            "a request and nonsense",
        ],
    },
    Difference { why: "hyper does not answer a client that speaks HTTP/2", titles: &["HTTP/2"] },
];

/// Asserts that two servers said the same, but for what is known.
///
/// # Panics
///
/// At the first exchange in which they differ for no known reason, or when a difference is gone.
#[track_caller]
pub(crate) fn assert_same_but_for_differences(axum: &[Exchange], actix: &[Exchange]) {
    assert_eq!(axum.len(), actix.len());
    let titles: BTreeSet<_> = DIFFERENCES.iter().flat_map(|difference| difference.titles).collect();
    let mut seen = BTreeSet::new();
    for (one, other) in axum.iter().zip(actix) {
        let known = titles.iter().find(|title| one.response != other.response && fits(title, &one.title));
        match known {
            Some(title) => drop(seen.insert(*title)),
            None => assert_same(std::slice::from_ref(one), std::slice::from_ref(other)),
        }
    }
    let gone = |difference: &&Difference| difference.titles.iter().any(|title| !seen.contains(title));
    let gone: Vec<_> = DIFFERENCES.iter().filter(gone).map(|difference| difference.why).collect();
    assert!(gone.is_empty(), "not so, or not for all titles: {gone:?}");
}

fn fits(pattern: &str, title: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == title };
    let Some(title) = title.strip_prefix(start) else { return false };
    match rest.split_once('*') {
        None => title.ends_with(rest),
        Some((middle, end)) => title.split_once(middle).is_some_and(|(_, title)| title.ends_with(end)),
    }
}
