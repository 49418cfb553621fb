//! What the log says of requests that were refused or ambiguous, so that their reason can be found.

use std::io::Write;
use std::sync::{Arc, Mutex};

use auth_core::auth::AuthBuilder;
use auth_core::http::{Body, Endpoint, Recall, Request, Transport};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::fixture::Fixture;

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Sends a refresh with each set of headers and returns the lines of a level that came of it.
async fn lines(
    configure: impl FnOnce(AuthBuilder) -> AuthBuilder,
    level: &str,
    requests: &[&[(&'static str, &str)]],
) -> Vec<String> {
    let fixture = Fixture::with(configure);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    for lines in requests {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let request = Request {
            transport: Transport::Cookie,
            method: Method::POST,
            headers: lines.iter().map(header).collect::<HeaderMap>(),
            peer: None,
            recall: Recall::default(),
            id: None,
            body: Body::EMPTY,
        };
        fixture.auth.http().handle(Endpoint::REFRESH, request).await;
    }
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines().filter(|line| line.contains(level) && !line.contains("audit event")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_refusal_for_its_origin_names_both_origins_and_the_setting_once() {
    let evil: &[_] = &[("origin", "https://evil.test"), ("cookie", "__Host-refresh=x")];
    let other: &[_] = &[("origin", "https://app.test:3000")];
    let lines = lines(|builder| builder.base_url("https://app.test"), "INFO", &[evil, evil, other, evil]).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, origin) in lines.iter().zip(["https://evil.test", "https://app.test:3000"]) {
        for part in [origin, "https://app.test\"", "`trusted_origin`"] {
            assert!(line.contains(part), "{line}");
        }
    }
}

#[tokio::test]
async fn several_cookies_of_one_name_are_explained_once() {
    let twice: &[_] = &[("cookie", "__Secure-refresh=x; __Secure-refresh=y")];
    let shared = |builder: AuthBuilder| builder.base_url("https://app.example.com").share_cookies_in("example.com");
    let lines = lines(shared, "WARN", &[twice, twice]).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("__Secure-refresh") && lines[0].contains("`former_cookie_domain`"), "{lines:?}");
}
