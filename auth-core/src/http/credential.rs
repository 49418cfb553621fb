//! Which credential a request carries.
//!
//! A bearer token comes first, and then the cookies are not looked at: one request has one identity. Of the two
//! cookies the access token counts while it verifies; after that the refresh token, which stands by itself. A request
//! that is ambiguous (a cookie or an `Authorization` header twice, cookies of two sessions) has no credential at all.

use http::header::AUTHORIZATION;

use crate::auth::{Auth, Credential, Proof};
use crate::error::{Error, ErrorKind};
use crate::http::Http;
use crate::http::cookie::{CookieName, Lookup};
use crate::http::request::RequestHead;
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
    pub(super) fn prove(&mut self, auth: &Auth) -> Result<Proof<'_>, Error> {
        match self {
            Self::Access(token, claims) => claims.take().map_or_else(|| auth.live_claims(token), Ok).map(Proof::Access),
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
    /// Picks the credential of a request that must have one.
    ///
    /// # Errors
    ///
    /// As [`credential`](Self::credential), and [`ErrorKind::Unauthenticated`] when it carries nothing.
    pub(super) fn required_credential<'h>(&self, head: RequestHead<'h>) -> Result<Carried<'h>, Error> {
        self.credential(head)?.ok_or_else(|| ErrorKind::Unauthenticated.into())
    }

    /// Picks the credential of a request; `None` if it carries nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when what it carries is ambiguous or unreadable; [`ErrorKind::CrossOrigin`] when
    /// it is a cookie, and a page of another origin may have made the browser send it.
    fn credential<'h>(&self, head: RequestHead<'h>) -> Result<Option<Carried<'h>>, Error> {
        match read_bearer(head) {
            Bearer::Token(token) => return Ok(Some(Carried::Access(token, None))),
            Bearer::Unusable => return Err(ErrorKind::Unauthenticated.into()),
            Bearer::Absent => {}
        }
        let credential = self.cookie_credential(head)?;
        if credential.is_some() {
            self.auth.settings().origins.check(head.method, head.headers)?;
        }
        Ok(credential)
    }

    /// Reads the refresh token of a request's cookies, provided that the access cookie does not belong to another
    /// session.
    pub(super) fn refresh_cookie(&self, head: RequestHead<'_>) -> Result<Option<RefreshToken>, Error> {
        let cookies = &self.auth.settings().cookies;
        let Some(text) = one(cookies.find(head.headers, CookieName::Refresh))? else { return Ok(None) };
        // A bearer token vouches for itself, not for a cookie that came along.
        self.auth.settings().origins.check(head.method, head.headers)?;
        if matches!(read_bearer(head), Bearer::Unusable) {
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

    fn cookie_credential<'h>(&self, head: RequestHead<'h>) -> Result<Option<Carried<'h>>, Error> {
        let (access, refresh) = self.auth.settings().cookies.find_both(head.headers);
        let (access, refresh_text) = (one(access)?, one(refresh)?);
        match (access, refresh_text.and_then(RefreshToken::parse)) {
            // A refresh cookie that holds no such token is a credential all the same, and as good as a dead one: a
            // sign-out has to clear it.
            (None, None) => Ok(refresh_text.map(|text| Carried::Access(text, None))),
            (Some(access), None) => Ok(Some(Carried::Access(access, None))),
            (None, Some(refresh)) => Ok(Some(Carried::Refresh(refresh))),
            (Some(access), Some(refresh)) => match self.auth.live_claims(access) {
                Ok(claims) if claims.session_id == refresh.session_id() => {
                    Ok(Some(Carried::Access(access, Some(claims))))
                }
                Ok(_) => Err(ErrorKind::Unauthenticated.into()),
                Err(_) => Ok(Some(Carried::Refresh(refresh))),
            },
        }
    }
}

/// Returns the bearer token of a request, good or not.
pub(super) fn bearer(head: RequestHead<'_>) -> Option<&str> {
    match read_bearer(head) {
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
fn read_bearer(head: RequestHead<'_>) -> Bearer<'_> {
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if head.headers.contains_key(AUTHORIZATION) { Bearer::Unusable } else { Bearer::Absent };
    };
    let Ok(text) = value.to_str() else { return Bearer::Unusable };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Bearer::Absent;
    }
    let well_formed = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
    if well_formed { Bearer::Token(token) } else { Bearer::Unusable }
}

/// The value of a cookie that stands in the request at most once.
fn one(lookup: Lookup<'_>) -> Result<Option<&str>, Error> {
    match lookup {
        Lookup::Absent => Ok(None),
        Lookup::One(value) => Ok(Some(value)),
        Lookup::Ambiguous => Err(ErrorKind::Unauthenticated.into()),
    }
}
