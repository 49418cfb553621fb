//! Extractors: who is behind a request.

use std::sync::Arc;

use auth_core::http::Evidence;
use auth_core::{Auth, Error};
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::request::{ask, ask_for_claims, response};

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

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        response(auth_core::http::problem::response(&self.0))
    }
}

/// The signed-in user, read from the database for this request: a revocation is seen at once. A copy costs next to
/// nothing.
///
/// A request is looked up once: guards, limits and extractors all get what the first of them found. A handler that
/// signs the user out knows that it did; [`Auth::recheck`] asks the database again.
///
/// As `Option<CurrentUser>` it is `None` for a request without a session. A database that does not answer is an
/// error in both forms: nobody is taken for a stranger because of it.
///
/// ```
/// use auth_axum::CurrentUser;
///
/// async fn profile(user: CurrentUser) -> String {
///     format!("hello {}", user.id)
/// }
///
/// async fn home(user: Option<CurrentUser>) -> &'static str {
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

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser
where
    Auth: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        Ok(Self(ask(&Auth::from_ref(state), parts, Evidence::current_user).await?.user))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser
where
    Auth: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        let current = ask(&Auth::from_ref(state), parts, Evidence::maybe_user).await?;
        Ok(current.map(|current| Self(current.user)))
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

impl<S: Send + Sync> FromRequestParts<S> for CurrentSession
where
    Auth: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        Ok(Self(ask(&Auth::from_ref(state), parts, Evidence::current_user).await?))
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

impl<S: Send + Sync> FromRequestParts<S> for Claims
where
    Auth: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        Ok(Self(ask_for_claims(&Auth::from_ref(state), parts).await?))
    }
}
