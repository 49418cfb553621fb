//! The endpoint of sign-out: whoever wants out gets out, with whatever they hold.
//!
//! A credential that is dead is enough, and so are cookies that are ambiguous: every session that they prove ends. On
//! the mount for cookies those count before a bearer token, whatever the header says: what is left in a browser that
//! was told it is signed out would sign it in again.

use bytes::Bytes;
use http::{Method, Response};

use crate::auth::{Credential, SignOutOutcome, SignOutScope};
use crate::error::{Error, ErrorKind};
use crate::http::body::Fields;
use crate::http::call::Http;
use crate::http::cookie::CookieName;
use crate::http::credential::{Bearer, read_bearer};
use crate::http::endpoint::Endpoint;
use crate::http::request::{Request, Transport};
use crate::http::response::{no_content, signed_out};
use crate::http::row::{Row, Voucher};
use crate::text::visible_ascii;
use crate::token::RefreshToken;

impl Endpoint {
    /// The end of the session, of the others, or of all.
    pub const SIGN_OUT: Self = Self(&SIGN_OUT);
}

static SIGN_OUT: Row = Row {
    name: "sign_out",
    method: Method::POST,
    path: "/signout",
    aliases: &["/logout"],
    reads_body: true,
    voucher: Voucher::Bearer,
    detail: None,
    handler: |http, request| Box::pin(http.sign_out(request)),
};

impl Http<'_> {
    async fn sign_out(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let scope = read_scope(request)?;
        let (carrier, held) = self.held(request)?;
        // With two sessions nobody knows which of them is to stay.
        if scope == SignOutScope::Others && held.len() > 1 {
            return Err(ErrorKind::Unauthenticated.into());
        }
        let client = self.client(request.head());
        let mut outcome = SignOutOutcome::AlreadyOver;
        for credential in &held {
            if self.auth.sign_out(credential, scope, &client).await? == SignOutOutcome::SignedOut {
                outcome = SignOutOutcome::SignedOut;
            }
        }
        match (scope, outcome) {
            (SignOutScope::Others, SignOutOutcome::SignedOut) => Ok(no_content()),
            _ => signed_out(carrier, &self.auth.settings().cookies),
        }
    }

    /// Ends the sessions of shared cookies of which several came with a request that has signed somebody in. Those that
    /// cannot be cleared would make the new ones ambiguous.
    pub(super) async fn end_several(&self, request: &Request) -> Result<(), Error> {
        if request.transport == Transport::Bearer || !self.has_several(&request.headers) {
            return Ok(());
        }
        let client = self.client(request.head());
        for credential in self.held_in_cookies(request).unwrap_or_default() {
            self.auth.sign_out(&credential, SignOutScope::Session, &client).await?;
        }
        Ok(())
    }

    /// Collects what a request holds that a sign-out ends, and says by what it was carried.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`] when there is nothing; [`ErrorKind::CrossOrigin`] when it is cookies, and a page
    /// of another origin may have made the browser send them.
    fn held<'r>(&self, request: &'r Request) -> Result<(Transport, Vec<Credential<'r>>), Error> {
        let bearer = read_bearer(&request.headers);
        if (request.transport == Transport::Cookie || matches!(bearer, Bearer::Absent))
            && let Some(held) = self.held_in_cookies(request)
        {
            self.check_origin(&request.method, &request.headers)?;
            return Ok((Transport::Cookie, held));
        }
        match bearer {
            Bearer::Token(token) => Ok((Transport::Bearer, vec![Credential::Access(token)])),
            Bearer::Absent | Bearer::Unusable => Err(ErrorKind::Unauthenticated.into()),
        }
    }

    /// Collects the credentials in cookies, one for each session; `None` without a cookie of ours.
    fn held_in_cookies<'r>(&self, request: &'r Request) -> Option<Vec<Credential<'r>>> {
        let cookies = &self.auth.settings().cookies;
        let values = |name| cookies.values(&request.headers, name);
        let (accesses, refreshes) = (values(CookieName::Access), values(CookieName::Refresh));
        if accesses.is_empty() && refreshes.is_empty() {
            return None;
        }
        let accesses: Vec<&str> = accesses.into_iter().filter_map(visible_ascii).collect();
        let live = accesses.iter().filter_map(|access| Some((*access, self.auth.live_claims(access).ok()?.session_id)));
        let live: Vec<_> = live.collect();
        let tokens = refreshes.into_iter().filter_map(visible_ascii).filter_map(RefreshToken::parse);
        let others = tokens.filter(|token| live.iter().all(|(_, session)| *session != token.session_id()));
        let mut held: Vec<_> = others.map(Credential::Refresh).collect();
        held.extend(live.into_iter().map(|(access, _)| Credential::Access(access)));
        if held.is_empty() {
            // An access token that has expired still names its session.
            held.extend(accesses.into_iter().map(Credential::Access));
        }
        Some(held)
    }
}

fn read_scope(request: &Request) -> Result<SignOutScope, Error> {
    let mut fields = Fields::read_optional(request)?;
    let scope = match fields.optional_text("scope").as_deref() {
        None | Some("session") => SignOutScope::Session,
        Some("others") => SignOutScope::Others,
        Some("all") => SignOutScope::All,
        Some(_) => {
            fields.refuse("scope", "invalid", "The scope is session, others or all.");
            SignOutScope::Session
        }
    };
    fields.end().map(|()| scope)
}
