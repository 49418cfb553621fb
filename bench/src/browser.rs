//! A browser that is signed in, and what it sends with each request.

use auth_core::auth::AuthBuilder;
use auth_core::http::{Body, Evidence, Recall, Request};
use auth_core::policy::HashPolicy;
use auth_core::store::Store;
use auth_core::{Auth, SessionKind, Transport};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};

use crate::seed::{Seeded, sign_up};

/// What Firefox sends to its own origin, beside its cookies.
const HEADERS: &[(&str, &str)] = &[
    ("host", "localhost:8000"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "application/json"),
    ("accept-language", "en-GB,en;q=0.8,de;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "http://localhost:8000/"),
    ("origin", "http://localhost:8000"),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-origin"),
];

/// A browser with its session.
pub struct Browser {
    pub auth: Auth,
    pub seeded: Seeded,
    pub headers: HeaderMap,
}

impl Browser {
    /// Signs up a user on a store, at the cheapest hash.
    pub async fn signed_up(builder: AuthBuilder, store: &impl Store) -> Self {
        let auth = builder.hash_policy(HashPolicy::insecure_for_tests()).build().unwrap();
        let seeded = sign_up(&auth, store, 0, SessionKind::Browser).await;
        let mut headers = HeaderMap::new();
        for (name, value) in HEADERS {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers.insert(header::COOKIE, cookies(&seeded).try_into().unwrap());
        Self { auth, seeded, headers }
    }

    /// Returns what extractors read of a request that changes nothing.
    pub fn evidence(&self) -> Evidence {
        self.auth.http().evidence(&Method::GET, &self.headers)
    }

    /// Returns what the servers without the library look at.
    pub fn cookies(&self) -> Option<&str> {
        self.headers.get(header::COOKIE)?.to_str().ok()
    }

    /// Returns a request to one of the endpoints.
    pub fn request(&self, method: Method, body: &'static str) -> Request {
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Body::from(Bytes::from_static(body.as_bytes()));
        Request { transport: Transport::Cookie, method, headers, peer: None, recall: Recall::default(), id: None, body }
    }
}

/// The library's two, the one for the servers without it, and two that other software has set.
fn cookies(seeded: &Seeded) -> String {
    let Seeded { record, access, refresh } = seeded;
    format!("theme=dark; access={access}; refresh={refresh}; sid={}; consent=necessary", record.session.id)
}
