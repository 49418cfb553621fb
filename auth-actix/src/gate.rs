//! A service that asks before it lets a request through; guards and rate limits are both made of it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, forward_ready};
use auth_core::Error;
use auth_core::http::{Passage, problem};

use crate::request::{header, response};
use crate::unread::hold;

/// What is asked of a request.
pub trait Check: Clone + 'static {
    /// Lets the request through, with headers for its answer, or answers it; an error is an answer too.
    fn check(&self, request: &HttpRequest) -> impl Future<Output = Result<Passage, Error>>;
}

/// The service of this crate's layers: it answers itself, or calls what is below.
#[derive(Debug, Clone)]
pub struct Gate<S, C> {
    inner: Rc<S>,
    check: C,
}

impl<S, C> Gate<S, C> {
    pub(crate) fn new(inner: S, check: C) -> Self {
        Self { inner: Rc::new(inner), check }
    }
}

impl<S, B, C> Service<ServiceRequest> for Gate<S, C>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    C: Check,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (inner, check) = (Rc::clone(&self.inner), self.check.clone());
        Box::pin(async move {
            let checked = check.check(request.request()).await;
            match checked.unwrap_or_else(|error| Passage::Closed(problem::response(&error))) {
                // An answer and no `Err`, so that the middleware around this one (CORS, say) treats it as any other.
                Passage::Closed(refusal) => {
                    let (request, payload) = request.into_parts();
                    let answer = hold(response(refusal), payload);
                    Ok(ServiceResponse::new(request, answer).map_into_right_body())
                }
                Passage::Open(headers) => {
                    let mut answer = inner.call(request).await?;
                    for (name, value) in headers.iter().filter_map(header) {
                        answer.headers_mut().append(name, value);
                    }
                    Ok(answer.map_into_left_body())
                }
            }
        })
    }
}
