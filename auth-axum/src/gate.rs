//! A service that asks before it lets a request through; guards and rate limits are both made of it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use auth_core::Error;
use auth_core::http::{Passage, problem};
use axum::extract::Request;
use axum::response::Response;
use http::request::Parts;
use tower::Service;

use crate::request::response;

/// What is asked of a request.
pub trait Check: Clone + Send + Sync + 'static {
    /// Lets the request through, with headers for its answer, or answers it; an error is an answer too.
    fn check(&self, parts: &mut Parts) -> impl Future<Output = Result<Passage, Error>> + Send;
}

/// The service of this crate's layers: it answers itself, or calls what is below.
#[derive(Debug, Clone)]
pub struct Gate<S, C> {
    inner: S,
    check: C,
}

impl<S, C> Gate<S, C> {
    pub(crate) fn new(inner: S, check: C) -> Self {
        Self { inner, check }
    }
}

impl<S, C> Service<Request> for Gate<S, C>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    C: Check,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The clone has not been polled ready; the original has, so that is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let check = self.check.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let checked = check.check(&mut parts).await;
            match checked.unwrap_or_else(|error| Passage::Closed(problem::response(&error))) {
                Passage::Closed(refusal) => Ok(response(refusal)),
                Passage::Open(headers) => {
                    let mut answer = inner.call(Request::from_parts(parts, body)).await?;
                    for (name, value) in &headers {
                        answer.headers_mut().append(name, value.clone());
                    }
                    Ok(answer)
                }
            }
        })
    }
}
