//! Extractors: who is behind a request.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use auth_core::http::{Evidence, problem};
use auth_core::{Auth, Error};

use crate::request::{auth, evidence, evidence_of_claims, head, response};

/// Why an extractor refused a request; answers as `application/problem+json`.
#[derive(Debug)]
pub struct Rejection(Error);

impl Rejection {
    /// Returns the error, for an application that answers in a way of its own.
    pub fn into_inner(self) -> Error {
        self.0
    }
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(problem::status(self.0.kind()).as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        response(problem::response(&self.0))
    }
}

/// The signed-in user, read from the database for this request: a revocation is seen at once. A copy costs next to
/// nothing.
///
/// A request is looked up once: guards, limits and extractors all get what the first of them found. A handler that
/// signs the user out knows that it did; [`Auth::recheck`](auth_core::Auth::recheck) asks the database again.
///
/// Where there may be none, take [`MaybeUser`] and never `Option<CurrentUser>`: actix-web makes `None` of every error,
/// so that everybody would be taken for a stranger while the database does not answer.
///
/// ```
/// use auth_actix::{CurrentUser, MaybeUser};
///
/// async fn profile(user: CurrentUser) -> String {
///     format!("hello {}", user.id)
/// }
///
/// async fn home(user: MaybeUser) -> &'static str {
///     if user.is_some() { "welcome back" } else { "welcome" }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CurrentUser(pub Arc<auth_core::User>);

impl std::ops::Deref for CurrentUser {
    type Target = auth_core::User;

    fn deref(&self) -> &auth_core::User {
        &self.0
    }
}

impl FromRequest for CurrentUser {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, evidence, async |evidence| Ok(Self(evidence.current_user().await?.user)))
    }
}

/// The signed-in user, or `None` for a request without a session.
///
/// A database that does not answer is an error all the same: nobody is taken for a stranger because of it.
#[derive(Debug, Clone)]
pub struct MaybeUser(pub Option<CurrentUser>);

impl std::ops::Deref for MaybeUser {
    type Target = Option<CurrentUser>;

    fn deref(&self) -> &Option<CurrentUser> {
        &self.0
    }
}

impl FromRequest for MaybeUser {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, evidence, async |evidence| {
            Ok(Self(evidence.maybe_user().await?.map(|current| CurrentUser(current.user))))
        })
    }
}

/// The session of the request together with its user, read from the database for this request.
#[derive(Debug, Clone)]
pub struct CurrentSession(pub auth_core::Authenticated);

impl std::ops::Deref for CurrentSession {
    type Target = auth_core::Authenticated;

    fn deref(&self) -> &auth_core::Authenticated {
        &self.0
    }
}

impl FromRequest for CurrentSession {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, evidence, async |evidence| Ok(Self(evidence.current_user().await?)))
    }
}

/// What the access token says, without a query unless the access cookie has lapsed.
///
/// It may be behind a revocation, a new role or a ban by up to the token's lifetime of 15 minutes. Where that matters,
/// take [`CurrentUser`].
#[derive(Debug, Clone)]
pub struct Claims(pub auth_core::Claims);

impl std::ops::Deref for Claims {
    type Target = auth_core::Claims;

    fn deref(&self) -> &auth_core::Claims {
        &self.0
    }
}

impl FromRequest for Claims {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, evidence_of_claims, async |evidence| Ok(Self(evidence.claims().await?)))
    }
}

/// The future of the extractors. It holds no part of the request, which a middleware may want to change meanwhile:
/// actix-web panics where it finds a second `HttpRequest` then.
type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Rejection>>>>;

fn extract<T>(
    request: &HttpRequest,
    read: fn(&Auth, &HttpRequest) -> Result<Evidence, Error>,
    ask: impl AsyncFnOnce(Evidence) -> Result<T, Error> + 'static,
) -> Extracting<T> {
    let found = auth(request).and_then(|auth| Ok((auth, read(auth, request)?)));
    // The audit event of a refusal needs what the future may not hold.
    let foreign = found.as_ref().ok().filter(|(_, evidence)| evidence.is_cross_origin());
    let refused = foreign.map(|(auth, _)| ((*auth).clone(), head(auth, request.head())));
    let evidence = found.map(|(_, evidence)| evidence);
    Box::pin(async move {
        let answer = ask(evidence?).await;
        if let (Err(error), Some((auth, Ok(head)))) = (&answer, refused) {
            auth.http().record_refusal(head.borrowed(), error).await;
        }
        Ok(answer?)
    })
}
