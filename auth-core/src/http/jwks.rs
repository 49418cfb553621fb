//! The endpoint of the public keys.

use std::future::ready;

use http::Method;

use crate::http::endpoint::Endpoint;
use crate::http::response::jwks;
use crate::http::row::{Row, Voucher};

impl Endpoint {
    /// The public keys that verify access tokens.
    pub const JWKS: Self = Self(&JWKS);
}

static JWKS: Row = Row {
    name: "jwks",
    method: Method::GET,
    path: "/.well-known/jwks.json",
    aliases: &[],
    reads_body: false,
    voucher: Voucher::Nothing,
    detail: None,
    handler: |http, _| Box::pin(ready(jwks(&http.auth.jwks()))),
};
