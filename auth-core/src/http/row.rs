//! A row of the table of endpoints: one operation of the HTTP contract, and all that is decided about it.

use std::pin::Pin;

use bytes::Bytes;
use http::{Method, Response};

use crate::audit::words::AuditDetail;
use crate::error::Error;
use crate::http::call::Http;
use crate::http::request::Request;

/// What an endpoint is. It stands beside its handler, as a `static`; no field has a default, so that each is a
/// decision.
pub(crate) struct Row {
    /// Its name, in the words of the library.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// The path below the mount; `{id}` stands for one segment.
    pub(crate) path: &'static str,
    /// Other paths by which it is known.
    pub(crate) aliases: &'static [&'static str],
    /// Whether a request has a body that is looked at.
    pub(crate) reads_body: bool,
    pub(crate) voucher: Voucher,
    /// What the audit log calls a request to it that was refused, where strangers send such.
    pub(crate) detail: Option<AuditDetail>,
    pub(crate) handler: Handler,
}

/// What can vouch for an unsafe request that seems to come from a page of another origin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voucher {
    /// A bearer token of ours, because it says whose the request is. (It does not vouch for a refresh cookie: where
    /// that is read, the origin is checked in any case.)
    Bearer,
    /// Nothing can: what signs in is nobody's yet.
    Nothing,
}

/// Answers a request to the endpoint.
pub(crate) type Handler = for<'r> fn(&'r Http<'_>, &'r Request) -> Answer<'r>;

/// In a box, so that no endpoint takes the room of the largest.
pub(crate) type Answer<'r> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send + 'r>>;
