//! Which credential a request carries.
//!
//! A bearer token comes first, and then the cookies are not looked at: one request has one identity. Of the two
//! cookies the access token counts while it verifies; after that the refresh token, which stands by itself. A request
//! that is ambiguous (a cookie or an `Authorization` header twice, cookies of two sessions) has no credential at all.

use http::Method;
use http::header::AUTHORIZATION;

use crate::auth::{Auth, Credential, Proof};
use crate::error::{Error, ErrorKind};
use crate::http::Http;
use crate::http::cookie::{CookieName, Lookup};
use crate::http::evidence::Evidence;
use crate::http::headers::{Headers, Sent, sent};
use crate::http::request::RequestHead;
use crate::text::visible_ascii;
use crate::token::{Claims, RefreshToken};

/// The credential that a request carries.
pub(super) enum Carried<'h> {
    /// An access token, with what it says if that had to be known to choose it.
    Access(&'h str, Option<Claims>),
    /// A refresh token in a cookie.
    Refresh(RefreshToken),
}

impl<'h> Carried<'h> {
    /// Checks what can be checked of it without a query.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] for an access token that is not accepted.
    fn prove(self, auth: &Auth) -> Result<Proof, Error> {
        match self {
            Self::Access(_, Some(claims)) => Ok(Proof::Access(claims)),
            Self::Access(token, None) => auth.live_claims(token).map(Proof::Access),
            Self::Refresh(token) => Ok(Proof::Refresh(token)),
        }
    }

    pub(super) fn into_credential(self) -> Credential<'h> {
        match self {
            Self::Access(token, _) => Credential::Access(token),
            Self::Refresh(token) => Credential::Refresh(token),
        }
    }
}

impl Http<'_> {
    /// Reads what a request shows of who sent it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_core::{Auth, ErrorKind, MemoryStore, SigningKeys};
    /// use http::{HeaderMap, Method};
    ///
    /// let auth = Auth::builder(MemoryStore::new(), SigningKeys::hs256([7; 32])?).build()?;
    /// let nothing = auth.http().evidence(&Method::GET, &HeaderMap::new());
    /// assert_eq!(nothing.current_user().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    /// # Ok(())
    /// # }
    /// ```
    pub fn evidence(&self, method: &Method, headers: &impl Headers) -> Evidence {
        Evidence::new(self.auth, self.credential(method, headers).map(|carried| carried.prove(self.auth)))
    }

    /// Picks the credential of a request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when there is none, or what it carries is ambiguous or unreadable;
    /// [`ErrorKind::CrossOrigin`] when it is a cookie, and a page of another origin may have made the browser send it.
    pub(super) fn credential<'h>(&self, method: &Method, headers: &'h impl Headers) -> Result<Carried<'h>, Error> {
        match read_bearer(headers) {
            Bearer::Token(token) => return Ok(Carried::Access(token, None)),
            Bearer::Unusable => return Err(ErrorKind::Unauthenticated.into()),
            Bearer::Absent => {}
        }
        let credential = self.cookie_credential(headers)?;
        self.auth.settings().origins.check(method, headers)?;
        Ok(credential)
    }

    /// Reads the refresh token of a request's cookies, provided that the access cookie does not belong to another
    /// session.
    pub(super) fn refresh_cookie(&self, head: RequestHead<'_>) -> Result<Option<RefreshToken>, Error> {
        let cookies = &self.auth.settings().cookies;
        let Some(text) = one(cookies.find(head.headers, CookieName::Refresh))? else { return Ok(None) };
        // A bearer token vouches for itself, not for a cookie that came along.
        self.auth.settings().origins.check(head.method, head.headers)?;
        if matches!(read_bearer(head.headers), Bearer::Unusable) {
            return Err(ErrorKind::Unauthenticated.into());
        }
        let token = RefreshToken::parse(text).ok_or(ErrorKind::Unauthenticated)?;
        if let Some(access) = one(cookies.find(head.headers, CookieName::Access))? {
            self.refuse_other_session(access, &token)?;
        }
        Ok(Some(token))
    }

    /// Refuses a refresh token beside a good access token of another session.
    pub(super) fn refuse_other_session(&self, access: &str, refresh: &RefreshToken) -> Result<(), Error> {
        match self.auth.live_claims(access) {
            Ok(claims) if claims.session_id != refresh.session_id() => Err(ErrorKind::Unauthenticated.into()),
            _ => Ok(()),
        }
    }

    fn cookie_credential<'h>(&self, headers: &'h impl Headers) -> Result<Carried<'h>, Error> {
        let (access, refresh) = self.auth.settings().cookies.find_both(headers);
        match (one(access)?, one(refresh)?) {
            (None, None) => Err(ErrorKind::Unauthenticated.into()),
            (Some(access), None) => Ok(Carried::Access(access, None)),
            // What holds no such token is a credential all the same, and as good as a dead one: a sign-out has to clear
            // it.
            (None, Some(text)) => Ok(RefreshToken::parse(text).map_or(Carried::Access(text, None), Carried::Refresh)),
            (Some(access), Some(text)) => match self.auth.live_claims(access) {
                Ok(claims) if RefreshToken::named_session(text).is_none_or(|id| id == claims.session_id) => {
                    Ok(Carried::Access(access, Some(claims)))
                }
                Ok(_) => Err(ErrorKind::Unauthenticated.into()),
                Err(_) => Ok(RefreshToken::parse(text).map_or(Carried::Access(access, None), Carried::Refresh)),
            },
        }
    }
}

/// Returns the bearer token of a request, good or not.
pub(super) fn bearer(headers: &impl Headers) -> Option<&str> {
    match read_bearer(headers) {
        Bearer::Token(token) => Some(token),
        Bearer::Absent | Bearer::Unusable => None,
    }
}

enum Bearer<'h> {
    Absent,
    Token(&'h str),
    Unusable,
}

/// Reads `Authorization: Bearer token`. Another scheme is somebody else's (a proxy's, say) and none of ours.
fn read_bearer(headers: &impl Headers) -> Bearer<'_> {
    let value = match sent(headers, &AUTHORIZATION) {
        Sent::Never => return Bearer::Absent,
        Sent::Once(value) => value,
        Sent::Often => return Bearer::Unusable,
    };
    let mut parts = value.splitn(2, |byte| *byte == b' ');
    let (scheme, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return if is_text(value) { Bearer::Absent } else { Bearer::Unusable };
    }
    match visible_ascii(token) {
        Some(token) if !token.is_empty() && !token.contains(',') => Bearer::Token(token),
        _ => Bearer::Unusable,
    }
}

fn is_text(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t'))
}

/// The value of a cookie that stands in the request at most once.
fn one(lookup: Lookup<'_>) -> Result<Option<&str>, Error> {
    match lookup {
        Lookup::Absent => Ok(None),
        Lookup::One(value) => Ok(Some(value)),
        Lookup::Ambiguous => Err(ErrorKind::Unauthenticated.into()),
    }
}
