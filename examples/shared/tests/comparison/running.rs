//! The examples' servers, in this process.

use std::net::{SocketAddr, TcpListener};
use std::thread;

use auth_core::Auth;
use futures_channel::oneshot;

/// A server on a port of its own, until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    /// Its end stops the server.
    _stop: oneshot::Sender<()>,
}

impl Running {
    pub(crate) fn axum(auth: &Auth) -> Self {
        Self::start(auth, |listener, auth, stop| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(example_axum::serve(listener, auth, stop)).unwrap();
        })
    }

    pub(crate) fn actix(auth: &Auth) -> Self {
        Self::start(auth, |listener, auth, stop| {
            let runtime = actix_web::rt::System::new();
            runtime.block_on(example_actix::serve(listener, auth, stop)).unwrap();
        })
    }

    fn start(auth: &Auth, serve: impl FnOnce(TcpListener, Auth, Stop) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, auth) = (listener.local_addr().unwrap(), auth.clone());
        let (sender, stopped) = oneshot::channel();
        let stop: Stop = Box::pin(async { stopped.await.unwrap_or_default() });
        thread::spawn(move || serve(listener, auth, stop));
        Self { address, _stop: sender }
    }
}

type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
