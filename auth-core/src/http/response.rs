//! Answers that succeed, and the headers that every answer has.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use serde::Serialize;
use serde_json::Value;

use crate::auth::SignedIn;
use crate::email::Email;
use crate::error::{Error, ErrorKind};
use crate::http::cookie::{CookieName, CookiePolicy};
use crate::http::request::Transport;
use crate::id::{SessionId, UserId};
use crate::role::Role;
use crate::session::{Session, SessionKind};
use crate::user::User;

/// A user, as every answer shows one.
#[derive(Serialize)]
pub(super) struct UserBody<'a> {
    id: UserId,
    email: Option<&'a str>,
    email_verified: bool,
    name: Option<&'a str>,
    roles: &'a [Role],
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Value>,
}

impl<'a> UserBody<'a> {
    pub(super) fn new(user: &'a User, profile: Option<Value>) -> Self {
        Self {
            id: user.id,
            email: user.email.as_ref().map(Email::as_str),
            email_verified: user.email_verified_at.is_some(),
            name: user.name.as_deref(),
            roles: &user.roles,
            created_at: user.created_at,
            profile,
        }
    }
}

#[derive(Serialize)]
struct CookieBody<'a> {
    status: &'static str,
    user: UserBody<'a>,
    session: SessionBody,
}

#[derive(Serialize)]
struct SessionBody {
    id: SessionId,
    expires_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct BearerBody<'a> {
    status: &'static str,
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    user: UserBody<'a>,
}

#[derive(Serialize)]
struct DevicesBody<'a> {
    sessions: Vec<DeviceBody<'a>>,
}

/// A session, as its owner sees it in a list of devices.
#[derive(Serialize)]
struct DeviceBody<'a> {
    id: SessionId,
    current: bool,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ip: Option<String>,
    user_agent: Option<&'a str>,
}

/// Hands out the tokens, by the one way that the mount stands for.
pub(super) fn signed_in(
    status: StatusCode,
    transport: Transport,
    signed_in: &SignedIn,
    cookies: &CookiePolicy,
    now: DateTime<Utc>,
) -> Result<Response<Bytes>, Error> {
    let user = UserBody::new(&signed_in.user, None);
    let session = &signed_in.session;
    let refresh = signed_in.refresh_token.expose();
    match transport {
        Transport::Bearer => json(
            status,
            &BearerBody {
                status: "signed_in",
                access_token: signed_in.access_token.expose(),
                refresh_token: &refresh,
                token_type: "Bearer",
                expires_in: signed_in.access_expires_in.as_secs(),
                user,
            },
        ),
        Transport::Cookie => {
            let session_body = SessionBody { id: session.id, expires_at: session.expires_at };
            let mut response = json(status, &CookieBody { status: "signed_in", user, session: session_body })?;
            clear_elsewhere(response.headers_mut(), cookies)?;
            let headers = response.headers_mut();
            let access_age = max_age(session, signed_in.access_expires_in);
            let refresh_age = max_age(session, (session.expires_at - now).to_std().unwrap_or_default());
            let access = cookies.set(CookieName::Access, signed_in.access_token.expose(), access_age)?;
            headers.append(SET_COOKIE, access);
            headers.append(SET_COOKIE, cookies.set(CookieName::Refresh, &refresh, refresh_age)?);
            Ok(response)
        }
    }
}

/// Only a remembered session outlives the browser.
fn max_age(session: &Session, age: Duration) -> Option<Duration> {
    match session.kind {
        SessionKind::Remembered => Some(age),
        SessionKind::Bearer | SessionKind::Browser => None,
    }
}

pub(super) fn signed_out(transport: Transport, cookies: &CookiePolicy) -> Result<Response<Bytes>, Error> {
    let mut response = no_content();
    if transport == Transport::Cookie {
        clear_elsewhere(response.headers_mut(), cookies)?;
        for name in BOTH {
            response.headers_mut().append(SET_COOKIE, cookies.clear(name)?);
        }
    }
    Ok(response)
}

/// Comes before what is set: some clients take a cookie of the host for one of the domain of its name.
fn clear_elsewhere(headers: &mut HeaderMap, cookies: &CookiePolicy) -> Result<(), Error> {
    for name in BOTH {
        for line in cookies.clear_elsewhere(name)? {
            headers.append(SET_COOKIE, line);
        }
    }
    Ok(())
}

const BOTH: [CookieName; 2] = [CookieName::Access, CookieName::Refresh];

pub(super) fn devices(sessions: &[Session], current: SessionId) -> Result<Response<Bytes>, Error> {
    let device = |session| DeviceBody::new(session, current);
    json(StatusCode::OK, &DevicesBody { sessions: sessions.iter().map(device).collect() })
}

impl<'a> DeviceBody<'a> {
    fn new(session: &'a Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            current: session.id == current,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            ip: session.client.ip.map(|ip| ip.to_string()),
            user_agent: session.client.user_agent.as_deref(),
        }
    }
}

/// Public keys are public: they may be kept for a few minutes, less than any rotation takes.
pub(super) fn jwks(keys: &JwkSet) -> Result<Response<Bytes>, Error> {
    let mut response = json(StatusCode::OK, keys)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(response)
}

pub(super) fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    harden(response)
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Result<Response<Bytes>, Error> {
    let bytes = serde_json::to_vec(body).map_err(|cause| Error::new(ErrorKind::Internal).with_source(cause))?;
    let mut response = Response::new(Bytes::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(harden(response))
}

/// Adds what every answer has: it is nobody's to keep, to guess the type of, or to be referred from.
pub(super) fn harden(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Authorization, Cookie, Origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
