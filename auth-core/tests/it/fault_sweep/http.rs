//! The same at the HTTP level: whichever call to the store fails, the answer is one and the same 503.

use std::collections::HashSet;

use auth_core::conformance::faulty::{CAUSE, Fault, FaultKind, Moment};
use auth_core::http::{Body, Endpoint, Mount, Recall, Request, Route, Transport};
use auth_core::{Auth, ErrorKind, Role};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::flow::{Scene, two_sessions};
use crate::fixture::{ADA, GRACE, PASSWORD, fails, unknown_session};

const FAILURES: [Fault; 2] = [
    Fault { kind: FaultKind::Fail, moment: Moment::BeforeEffect },
    Fault { kind: FaultKind::Fail, moment: Moment::AfterEffect },
];

/// A request, the status of its answer, and the number of calls that it makes to the store.
struct Row {
    endpoint: Endpoint,
    body: fn(&Scene, Transport) -> Option<Value>,
    id: fn(&Scene) -> Option<String>,
    status: u16,
    calls: usize,
}

fn row(endpoint: Endpoint, body: fn(&Scene, Transport) -> Option<Value>, status: u16, calls: usize) -> Row {
    Row { endpoint, body, id: |_| None, status, calls }
}

fn rows() -> Vec<Row> {
    let revoke = |id, status, calls| Row { id, ..row(Endpoint::REVOKE_SESSION, |_, _| None, status, calls) };
    vec![
        row(Endpoint::JWKS, |_, _| None, 200, 0),
        row(Endpoint::LIST_SESSIONS, |_, _| None, 200, 2),
        row(Endpoint::ME, |_, _| None, 200, 2),
        row(Endpoint::REFRESH, refresh_token, 200, 2),
        revoke(|scene| Some(scene.tokens[0].session.id.to_string()), 204, 2),
        revoke(|scene| Some(scene.tokens[1].session.id.to_string()), 204, 2),
        revoke(|scene| Some(unknown_session(scene.tokens[0].user.id).to_string()), 404, 3),
        row(Endpoint::SIGN_IN, |_, _| Some(json!({ "email": ADA, "password": PASSWORD })), 200, 2),
        row(Endpoint::SIGN_IN, |_, _| Some(json!({ "email": ADA, "password": "wrong" })), 401, 2),
        row(Endpoint::SIGN_IN, |_, _| Some(json!({ "email": GRACE, "password": PASSWORD })), 401, 2),
        row(Endpoint::SIGN_OUT, |_, _| None, 204, 1),
        row(Endpoint::SIGN_OUT, |_, _| Some(json!({ "scope": "others" })), 204, 2),
        row(Endpoint::SIGN_OUT, |_, _| Some(json!({ "scope": "all" })), 204, 2),
        row(Endpoint::SIGN_UP, |_, _| Some(json!({ "email": GRACE, "password": PASSWORD })), 201, 1),
        row(Endpoint::SIGN_UP, |_, _| Some(json!({ "email": ADA, "password": PASSWORD })), 409, 2),
    ]
}

fn refresh_token(scene: &Scene, transport: Transport) -> Option<Value> {
    let token = scene.tokens[1].refresh_token.expose();
    (transport == Transport::Bearer).then(|| json!({ "refresh_token": token.as_str() }))
}

impl Row {
    fn request(&self, scene: &Scene, transport: Transport) -> Request {
        let routes = routes(&scene.fixture.auth);
        let route = routes.iter().find(|route| route.endpoint == self.endpoint).unwrap();
        let is_stranger = [Endpoint::SIGN_IN, Endpoint::SIGN_UP].contains(&self.endpoint);
        let mut headers = if is_stranger { HeaderMap::new() } else { credential(scene, transport) };
        let body = (self.body)(scene, transport).map_or(Body::EMPTY, |body| {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Body::from(Bytes::from(body.to_string()))
        });
        let peer = Some([203, 0, 113, 7].into());
        Request {
            transport,
            method: route.method.clone(),
            headers,
            peer,
            recall: Recall::default(),
            id: (self.id)(scene),
            body,
        }
    }

    async fn send(&self, scene: &Scene, transport: Transport) -> Response<Bytes> {
        scene.fixture.auth.http().handle(self.endpoint, self.request(scene, transport)).await
    }
}

/// Every route that there is.
fn routes(auth: &Auth) -> Vec<Route> {
    auth.http().routes(&Mount::from(Transport::Bearer)).collect()
}

/// What the last session's client sends along.
fn credential(scene: &Scene, transport: Transport) -> HeaderMap {
    let signed_in = &scene.tokens[1];
    let (access, refresh) = (signed_in.access_token.expose(), signed_in.refresh_token.expose());
    let (name, value): (HeaderName, String) = match transport {
        Transport::Bearer => (AUTHORIZATION, format!("Bearer {access}")),
        Transport::Cookie => (COOKIE, format!("__Host-access={access}; __Host-refresh={}", *refresh)),
    };
    HeaderMap::from_iter([(name, HeaderValue::try_from(value).unwrap())])
}

#[track_caller]
fn is_an_outage(response: &Response<Bytes>, name: &str) {
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
    let headers = response.headers();
    assert_eq!(headers.get(RETRY_AFTER).unwrap(), "2", "{name}");
    assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store", "{name}");
    assert!(!headers.contains_key(SET_COOKIE), "{name}");
    assert!(!format!("{headers:?}").contains(CAUSE), "{name}");
    // The whole body, so that there is no room for a token or a cause.
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    let detail = "The service is temporarily unavailable.";
    let title = "Service Unavailable";
    let expected =
        json!({ "type": "about:blank", "title": title, "status": 503, "code": "unavailable", "detail": detail });
    assert_eq!(body, expected, "{name}");
}

#[tokio::test]
async fn every_endpoint_answers_a_fault_with_one_and_the_same_503() {
    let mut met = HashSet::new();
    for row in rows() {
        met.insert(row.endpoint);
        for transport in [Transport::Bearer, Transport::Cookie] {
            let scene = two_sessions().await;
            scene.fixture.store.take_calls();
            assert_eq!(row.send(&scene, transport).await.status(), row.status, "{:?}", row.endpoint);
            let calls = scene.fixture.store.take_calls();
            assert_eq!(calls.len(), row.calls, "{:?}: {calls:?}", row.endpoint);
            for (number, call) in (1..).zip(calls) {
                for fault in FAILURES {
                    let name = format!("{:?} by {transport:?}: {fault:?} at call {number} ({call})", row.endpoint);
                    let scene = two_sessions().await;
                    scene.fixture.store.fault_at(number, fault);
                    let answer = row.send(&scene, transport).await;
                    if row.endpoint == Endpoint::REVOKE_SESSION && call == "record_event" {
                        assert_eq!(answer.status(), row.status, "{name}: a refusal stands, recorded or not");
                    } else {
                        is_an_outage(&answer, &name);
                    }
                    assert!(!row.send(&scene, transport).await.status().is_server_error(), "{name}: again");
                }
            }
        }
    }
    let scene = two_sessions().await;
    let all = routes(&scene.fixture.auth).into_iter();
    let missing: Vec<_> = all.filter(|route| !met.contains(&route.endpoint)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn nobody_is_taken_for_a_stranger_because_of_a_fault() {
    for fault in FAILURES {
        for transport in [Transport::Bearer, Transport::Cookie] {
            let scene = two_sessions().await;
            let headers = credential(&scene, transport);
            let (http, store) = (scene.fixture.auth.http(), &scene.fixture.store);
            let shown = || http.evidence(&Method::GET, &headers);
            store.fault_at(1, fault);
            fails(shown().current_user().await, ErrorKind::Unavailable);
            store.fault_at(1, fault);
            fails(shown().maybe_user().await, ErrorKind::Unavailable);
            store.fault_at(1, fault);
            fails(shown().require(Some(&Role::ADMIN)).await, ErrorKind::Unavailable);
            assert!(shown().maybe_user().await.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn claims_of_a_lapsed_cookie_are_not_made_up_during_a_fault() {
    for fault in FAILURES {
        let scene = two_sessions().await;
        scene.fixture.clock.advance(crate::fixture::HOUR);
        let headers = credential(&scene, Transport::Cookie);
        let http = scene.fixture.auth.http();
        let shown = || http.evidence(&Method::GET, &headers);
        scene.fixture.store.fault_at(1, fault);
        fails(shown().claims().await, ErrorKind::Unavailable);
        assert!(shown().claims().await.is_ok());
    }
}
