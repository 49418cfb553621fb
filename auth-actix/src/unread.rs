//! Bodies of requests that nobody read to their end.

use std::cell::RefCell;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::{Error, HttpMessage, HttpResponse};
use bytes::Bytes;
use futures_util::{Stream, stream};
use pin_project_lite::pin_project;

/// Closes the connection after an answer to a request whose body was not read to its end.
///
/// Without this middleware, actix-web waits for the rest of a chunked body that a handler left unread, and sets no
/// limit of time: a client that never ends it keeps the connection for as long as it likes, and a thousand of them keep
/// all that the process may have. The routes of this crate, its guards and its rate limits close such connections
/// themselves; for the application's own routes, wrap the whole `App`, and wrap it last.
///
/// The connection is closed as actix-web closes it where the length of the body was told: the answer says `Connection:
/// close`, and what still comes is thrown away for the server's `client_disconnect_timeout`, by default one second.
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::CloseUnread;
///
/// let app = App::new().route("/news", web::get().to(|| async { "news" })).wrap(CloseUnread);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CloseUnread;

impl<S, B> Transform<S, ServiceRequest> for CloseUnread
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<Holding<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = CloseUnreadService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(CloseUnreadService { inner }))
    }
}

/// The service of [`CloseUnread`].
#[derive(Debug)]
pub struct CloseUnreadService<S> {
    inner: S,
}

impl<S, B> Service<ServiceRequest> for CloseUnreadService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<Holding<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let payload = share(&mut request);
        let answer = self.inner.call(request);
        Box::pin(async move {
            match answer.await {
                Ok(answer) => Ok(answer.map_body(|_, body| Holding { body, payload })),
                Err(error) => {
                    let answer = error.error_response().map_body(|_, body| Holding { body, payload }.boxed());
                    Err(InternalError::from_response(error, answer).into())
                }
            }
        })
    }
}

/// The payload of a request, for the handler to read and for the answer to hold.
type Shared = Rc<RefCell<Payload>>;

/// Puts a stream in the place of the request's payload, which is returned.
fn share(request: &mut ServiceRequest) -> Option<Shared> {
    let payload = shared(request.take_payload())?;
    let reader = Rc::clone(&payload);
    let rest = stream::poll_fn(move |context| Pin::new(&mut *reader.borrow_mut()).poll_next(context));
    request.set_payload(Payload::Stream { payload: Box::pin(rest) });
    Some(payload)
}

pin_project! {
    /// An answer's body that holds the payload of its request.
    ///
    /// A payload that is there when the answer has been sent, and has not ended, tells actix-web to close the
    /// connection within its limits. For one that was dropped, it waits without any.
    pub struct Holding<B> {
        #[pin]
        body: B,
        payload: Option<Shared>,
    }
}

impl<B: MessageBody> MessageBody for Holding<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().body.poll_next(context)
    }
}

/// Lets an answer hold what was not read of its request.
pub(crate) fn hold(answer: HttpResponse, payload: Payload) -> HttpResponse {
    let payload = shared(payload);
    answer.map_body(|_, body| Holding { body, payload }.boxed())
}

/// Returns the payload of a request, to be shared; `None` for a request without one.
fn shared(payload: Payload) -> Option<Shared> {
    (!matches!(payload, Payload::None)).then(|| Rc::new(RefCell::new(payload)))
}
