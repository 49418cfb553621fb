//! The endpoints of sessions: refresh, and the list of devices.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use zeroize::Zeroizing;

use crate::audit::words::AuditDetail;
use crate::auth::unknown_token;
use crate::error::{Error, ErrorKind};
use crate::http::body::Fields;
use crate::http::call::Http;
use crate::http::credential::bearer;
use crate::http::endpoint::Endpoint;
use crate::http::rate_limit::Counted;
use crate::http::request::{Request, Transport};
use crate::http::response::{devices, no_content, signed_in, signed_out};
use crate::http::row::{Row, Voucher};
use crate::token::RefreshToken;

impl Endpoint {
    /// New tokens for a refresh token.
    pub const REFRESH: Self = Self(&REFRESH);

    /// The sessions of the signed-in user.
    pub const LIST_SESSIONS: Self = Self(&LIST_SESSIONS);

    /// The end of one session, from another one of the same user.
    pub const REVOKE_SESSION: Self = Self(&REVOKE_SESSION);
}

static REFRESH: Row = Row {
    name: "refresh",
    method: Method::POST,
    path: "/refresh",
    aliases: &[],
    reads_body: true,
    voucher: Voucher::Bearer,
    detail: Some(AuditDetail::Refresh),
    handler: |http, request| Box::pin(http.refresh(request)),
};

static LIST_SESSIONS: Row = Row {
    name: "list_sessions",
    method: Method::GET,
    path: "/sessions",
    aliases: &[],
    reads_body: false,
    voucher: Voucher::Bearer,
    detail: None,
    handler: |http, request| Box::pin(http.list_sessions(request)),
};

static REVOKE_SESSION: Row = Row {
    name: "revoke_session",
    method: Method::DELETE,
    path: "/sessions/{id}",
    aliases: &[],
    reads_body: false,
    voucher: Voucher::Bearer,
    detail: None,
    handler: |http, request| Box::pin(http.revoke_session(request)),
};

impl Http<'_> {
    async fn refresh(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let token = match self.presented_refresh_token(request).await {
            Err(error) if error.refused().is_some() => return Err(self.unproven(request, error).await),
            presented => presented?,
        };
        match self.auth.refresh(&token, &self.client(request.head())).await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => Err(self.unproven(request, error).await),
            refreshed => {
                let cookies = &self.auth.settings().cookies;
                signed_in(StatusCode::OK, request.transport, &refreshed?, cookies, self.auth.now())
            }
        }
    }

    /// Counts a refresh whose token proved nothing, and returns the error to answer with.
    ///
    /// The token was looked at before, also where the address has spent its budget, or strangers could spend the
    /// refreshes of all who share an address with them. A look costs one read by a key.
    async fn unproven(&self, request: &Request, error: Error) -> Error {
        self.count(request.head(), Counted::UnprovenRefresh).await.err().unwrap_or(error)
    }

    async fn list_sessions(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let current = self.current_user(request).await?;
        devices(&self.auth.sessions(&current).await?, current.session.id)
    }

    async fn revoke_session(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let current = self.current_user(request).await?;
        let id = request.id.as_deref().and_then(|id| id.parse().ok()).ok_or(ErrorKind::NotFound)?;
        self.auth.revoke_session(&current, id, &self.client(request.head())).await?;
        if id == current.session.id {
            return signed_out(carrier(request), &self.auth.settings().cookies);
        }
        Ok(no_content())
    }

    /// Takes the refresh token from where the mount's transport has it, and from nowhere else.
    ///
    /// Text that is no token is an unknown one. A request without one, or with credentials that contradict each other,
    /// has presented none, and failed at nothing that the audit log should know of.
    async fn presented_refresh_token(&self, request: &Request) -> Result<RefreshToken, Error> {
        match request.transport {
            Transport::Cookie => {
                Fields::read_optional(request)?.end()?;
                self.refresh_cookie(request.head()).await
            }
            Transport::Bearer => {
                let mut fields = Fields::read(request)?;
                let text = Zeroizing::new(fields.text("refresh_token"));
                fields.end()?;
                let token = RefreshToken::parse(&text).ok_or_else(unknown_token)?;
                // A dead one beside it is what a client has that comes here.
                if let Some(access) = bearer(&request.headers) {
                    self.refuse_other_session(access, &token)?;
                }
                Ok(token)
            }
        }
    }
}

/// What carried the credential, on whichever mount. Beside a bearer token the cookies were not looked at, so they stay.
fn carrier(request: &Request) -> Transport {
    if bearer(&request.headers).is_some() { Transport::Bearer } else { Transport::Cookie }
}
