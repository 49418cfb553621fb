//! A connection that ends when its client does not send a request in time.
//!
//! actix-web limits how long a client may take for the first head of a connection. Of a later one, a client may send a
//! single byte and then keep the connection for ever. Here, what counts is how long no request is under way, whatever
//! the client sends meanwhile.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_server::GracefulShutdownSignal;
use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::sleep;
use actix_web::web::Bytes;
use example_shared::process::HEADER_WAIT;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A socket that reads as closed once no request was under way for too long, or the server stops.
pub(crate) struct Connection {
    stream: TcpStream,
    stopping: GracefulShutdownSignal,
    requests: UnderWay,
    idle: Idle,
}

/// For how long no request has been under way.
enum Idle {
    No,
    Since(Pin<Box<dyn Future<Output = ()>>>),
    TooLong,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, stopping: GracefulShutdownSignal) -> Self {
        Self { stream, stopping, requests: UnderWay::default(), idle: Idle::No }
    }

    /// The requests of this connection, for [`track`] to count.
    pub(crate) fn requests(&self) -> UnderWay {
        self.requests.clone()
    }

    /// Returns whether the connection is to end; if not, the task is woken when it is.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        if self.requests.any() {
            self.idle = Idle::No;
        } else if matches!(self.idle, Idle::No) {
            self.idle = Idle::Since(Box::pin(time_is_up(self.stopping.clone())));
        }
        if let Idle::Since(end) = &mut self.idle
            && end.as_mut().poll(context).is_ready()
        {
            self.idle = Idle::TooLong;
        }
        matches!(self.idle, Idle::TooLong)
    }
}

/// Ends when a client has had its time, or the server stops.
async fn time_is_up(stopping: GracefulShutdownSignal) {
    tokio::select! {
        () = sleep(HEADER_WAIT) => {}
        () = stopping.notified() => {}
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            // The client takes nothing any more of what was answered.
            Poll::Pending if self.is_over(context) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            written @ (Poll::Pending | Poll::Ready(_)) => written,
        }
    }

    /// The server calls this after every answer, and then waits to be woken: here the time of an idle connection
    /// begins.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            context.waker().wake_by_ref();
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The number of a connection's requests that are under way.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Rc<Cell<usize>>);

impl UnderWay {
    fn begin(&self) -> Request {
        self.0.set(self.0.get() + 1);
        Request(self.clone())
    }

    fn any(&self) -> bool {
        self.0.get() > 0
    }
}

/// A request that is under way until this is dropped.
struct Request(UnderWay);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() - 1);
    }
}

/// Counts a request as under way until its answer has been handed to the connection.
pub(crate) async fn track(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let under_way = request.conn_data::<UnderWay>().map(UnderWay::begin);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Tracked { body: body.boxed(), _under_way: under_way }))
}

/// An answer's body, until which has been sent its request is under way.
struct Tracked {
    body: BoxBody,
    _under_way: Option<Request>,
}

impl MessageBody for Tracked {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
