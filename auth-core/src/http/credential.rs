//! Which credential of a request counts.
//!
//! A bearer token comes first, dead or alive, and then the cookies are not looked at: one request has one identity, and
//! a client whose token has expired must not go on as whomever its cookies name. It is known by its shape. Other text
//! after `Bearer`, such as the `undefined` and `null` of front ends that have no token, counts as absent.
//!
//! Of the two cookies the access token counts while it verifies; after that the refresh token, which stands by itself.
//! A request that is ambiguous (a cookie or an `Authorization` header twice, cookies of two sessions) has no credential
//! at all, but for [shared cookies](super::several). Whatever is proved by cookies takes the check of the origin.
//!
//! [Signing out](super::sign_out) alone has rules of its own, so that everybody gets out.

use http::Method;
use http::header::AUTHORIZATION;
use memchr::memchr_iter;

use crate::auth::{Authenticated, unknown_token};
use crate::error::{Error, ErrorKind};
use crate::http::call::Http;
use crate::http::cookie::Lookup;
use crate::http::evidence::{Evidence, Read, Shown};
use crate::http::headers::{Headers, Sent, sent};
use crate::http::request::{Request, RequestHead};
use crate::text::visible_ascii;
use crate::token::RefreshToken;

impl Http<'_> {
    /// Reads what a request shows of who sent it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use auth_core::{Auth, ErrorKind, MemoryStore, SigningKeys};
    /// use http::{HeaderMap, Method};
    ///
    /// let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral()?).build()?;
    /// let nothing = auth.http().evidence(&Method::GET, &HeaderMap::new());
    /// assert_eq!(nothing.current_user().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    /// # Ok(())
    /// # }
    /// ```
    pub fn evidence(&self, method: &Method, headers: &impl Headers) -> Evidence {
        Evidence::new(self.auth, self.read(method, headers))
    }

    /// Finds the user and session of a request to an endpoint, as the store has them.
    pub(super) async fn current_user(&self, request: &Request) -> Result<Authenticated, Error> {
        let evidence = self.evidence(&request.method, &request.headers);
        evidence.recalling(&request.recall).current_user_in_store().await
    }

    /// Reads the credential of a request, and checks what can be checked of it without a query.
    fn read(&self, method: &Method, headers: &impl Headers) -> Read {
        match read_bearer(headers) {
            Bearer::Token(token) => return Ok(self.auth.live_claims(token).map(Shown::Access)),
            Bearer::Unusable => return Err(ErrorKind::Unauthenticated.into()),
            Bearer::Absent => {}
        }
        let shown = self.in_cookies(headers)?;
        self.check_origin(method, headers)?;
        Ok(shown)
    }

    fn in_cookies(&self, headers: &impl Headers) -> Read {
        let (access, refresh) = self.auth.settings().cookies.find_both(headers);
        if [access, refresh].contains(&Lookup::Ambiguous) {
            let several = self.several(headers)?;
            return Ok(Ok(several.newest_claims().cloned().map_or_else(|| Shown::Several(several), Shown::Access)));
        }
        let by_refresh = |text| RefreshToken::parse(text).map(Shown::Refresh).ok_or(ErrorKind::Unauthenticated.into());
        let (access, text) = match (one(access)?, one(refresh)?) {
            (None, None) => return Err(ErrorKind::Unauthenticated.into()),
            (Some(access), None) => return Ok(self.auth.live_claims(access).map(Shown::Access)),
            (None, Some(text)) => return Ok(by_refresh(text)),
            (Some(access), Some(text)) => (access, text),
        };
        match self.auth.live_claims(access) {
            Ok(claims) if RefreshToken::named_session(text).is_none_or(|id| id == claims.session_id) => {
                Ok(Ok(Shown::Access(claims)))
            }
            Ok(_) => Err(ErrorKind::Unauthenticated.into()),
            Err(_) => Ok(by_refresh(text)),
        }
    }

    /// Reads the refresh token of a request's cookies, provided that neither a bearer token nor the access cookie
    /// speaks for another session.
    pub(super) async fn refresh_cookie(&self, head: RequestHead<'_>) -> Result<RefreshToken, Error> {
        // A bearer token vouches for itself, not for a cookie that came along.
        self.check_origin(head.method, head.headers)?;
        let (access, refresh) = self.auth.settings().cookies.find_both(head.headers);
        let token = if [access, refresh].contains(&Lookup::Ambiguous) {
            self.auth.choose_token(self.several(head.headers)?).await?
        } else {
            let text = one(refresh)?.ok_or(ErrorKind::Unauthenticated)?;
            let token = RefreshToken::parse(text).ok_or_else(unknown_token)?;
            if let Some(access) = one(access)? {
                self.refuse_other_session(access, &token)?;
            }
            token
        };
        match read_bearer(head.headers) {
            Bearer::Absent => {}
            // A dead one is refused here: the client has to learn that it is.
            Bearer::Token(bearer) if self.auth.live_claims(bearer)?.session_id == token.session_id() => {}
            Bearer::Token(_) | Bearer::Unusable => return Err(ErrorKind::Unauthenticated.into()),
        }
        Ok(token)
    }

    /// Refuses a refresh token beside a good access token of another session.
    pub(super) fn refuse_other_session(&self, access: &str, refresh: &RefreshToken) -> Result<(), Error> {
        match self.auth.live_claims(access) {
            Ok(claims) if claims.session_id != refresh.session_id() => Err(ErrorKind::Unauthenticated.into()),
            _ => Ok(()),
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

/// What the `Authorization` header says.
pub(super) enum Bearer<'h> {
    /// There is no bearer token.
    Absent,
    /// Text of the shape of a token, good or not.
    Token(&'h str),
    /// The header stands twice, or is no text: who reads it otherwise may find a token in it.
    Unusable,
}

/// Reads `Authorization: Bearer token`. Another scheme is somebody else's (a proxy's, say) and none of ours.
pub(super) fn read_bearer(headers: &impl Headers) -> Bearer<'_> {
    let value = match sent(headers, &AUTHORIZATION) {
        Sent::Never => return Bearer::Absent,
        Sent::Once(value) => value,
        Sent::Often => return Bearer::Unusable,
    };
    let mut parts = value.splitn(2, |byte| *byte == b' ');
    let (scheme, token) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if scheme.eq_ignore_ascii_case(b"bearer") && has_shape_of_token(token) {
        // With blanks in it or other signs it cannot be ours, and is as dead as no text at all.
        return Bearer::Token(visible_ascii(token).unwrap_or_default());
    }
    if is_text(value) { Bearer::Absent } else { Bearer::Unusable }
}

/// A JWT has two dots; what has more is a token that somebody garbled.
fn has_shape_of_token(text: &[u8]) -> bool {
    memchr_iter(b'.', text).nth(1).is_some()
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
