//! What an operator is told of a flow: a span around it, one event that says how it ended, and a count of that.
//!
//! The event's word comes from a closed set: the code of the error, as clients get it, or a word for success. It is
//! told at the level DEBUG, because at INFO the audit events tell the same story of accounts, and the log of a failed
//! request has its cause. Nobody's address, token or password is in a span.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tracing::{Instrument, Span};

use crate::error::Error;
use crate::telemetry;

/// A flow, in the words of its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Authenticate,
    EnsureRole,
    ListSessions,
    Profile,
    Prune,
    Recheck,
    Refresh,
    RevokeSession,
    SignIn,
    SignOut,
    SignUp,
    VerifyAccessToken,
}

impl Flow {
    /// Runs the flow in its span, and tells how it ended: by the error, or by the word for what it did.
    ///
    /// A flow that its caller gives up ends without a word.
    pub(super) fn run<T>(
        self,
        success: impl FnOnce(&T) -> &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let success = Some(success);
        Told { flow: self, success, work }.instrument(self.span())
    }

    /// As [`run`](Self::run), for work that waits for nothing.
    pub(super) fn run_now<T>(
        self,
        success: impl FnOnce(&T) -> &'static str,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.span().in_scope(|| {
            let result = work();
            self.tell_result(&result, success);
            result
        })
    }

    /// Tells of a flow that was refused before it began.
    pub(super) fn refused(self, error: &Error) {
        self.span().in_scope(|| self.tell(error.kind().code()));
    }

    /// The checks of every request are at the level DEBUG: a span that nobody wants costs next to nothing.
    fn span(self) -> Span {
        macro_rules! span {
            ($level:ident, $name:literal) => {
                tracing::span!(target: "auth::flow", tracing::Level::$level, $name)
            };
        }
        match self {
            Self::Authenticate => span!(DEBUG, "auth.authenticate"),
            Self::EnsureRole => span!(INFO, "auth.ensure_role"),
            Self::ListSessions => span!(INFO, "auth.sessions.list"),
            Self::Profile => span!(INFO, "auth.profile"),
            Self::Prune => span!(INFO, "auth.prune"),
            Self::Recheck => span!(DEBUG, "auth.recheck"),
            Self::Refresh => span!(INFO, "auth.refresh"),
            Self::RevokeSession => span!(INFO, "auth.sessions.revoke"),
            Self::SignIn => span!(INFO, "auth.sign_in"),
            Self::SignOut => span!(INFO, "auth.sign_out"),
            Self::SignUp => span!(INFO, "auth.sign_up"),
            Self::VerifyAccessToken => span!(DEBUG, "auth.verify_access_token"),
        }
    }

    fn tell_result<T>(self, result: &Result<T, Error>, success: impl FnOnce(&T) -> &'static str) {
        self.tell(result.as_ref().map_or_else(|error| error.kind().code(), success));
    }

    fn tell(self, outcome: &'static str) {
        tracing::debug!(target: "auth::flow", outcome, "flow ended");
        match self {
            Self::Prune => telemetry::prune(outcome),
            Self::Refresh => telemetry::refresh(outcome),
            Self::SignIn => telemetry::sign_in(outcome),
            Self::SignOut => telemetry::sign_out(outcome),
            Self::SignUp => telemetry::sign_up(outcome),
            // The checks are counted by what decided, which they know themselves; of the others the log tells enough.
            Self::Authenticate
            | Self::EnsureRole
            | Self::ListSessions
            | Self::Profile
            | Self::Recheck
            | Self::RevokeSession
            | Self::VerifyAccessToken => {}
        }
    }
}

pin_project! {
    /// A flow under way. As an `async` block it would keep its work twice, for the time before the first poll as well,
    /// and make the future of a handler as much larger.
    struct Told<W, S> {
        flow: Flow,
        success: Option<S>,
        #[pin]
        work: W,
    }
}

impl<T, W, S> Future for Told<W, S>
where
    W: Future<Output = Result<T, Error>>,
    S: FnOnce(&T) -> &'static str,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.work.poll(cx));
        if let Some(success) = this.success.take() {
            this.flow.tell_result(&result, success);
        }
        Poll::Ready(result)
    }
}
