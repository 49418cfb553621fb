//! The endpoints of sessions: refresh, and the list of devices.

use bytes::Bytes;
use http::{Response, StatusCode};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::http::Http;
use crate::http::body::Fields;
use crate::http::credential::bearer;
use crate::http::request::{Request, Transport};
use crate::http::response::{devices, no_content, signed_in, signed_out};
use crate::token::RefreshToken;

impl Http<'_> {
    pub(super) async fn refresh(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let token = self.presented_refresh_token(request)?;
        self.count(request.head(), "auth:refresh", self.auth.settings().limits.refresh).await?;
        let outcome = self.auth.refresh(&token, &self.client(request.head())).await?;
        signed_in(StatusCode::OK, request.transport, &outcome, &self.auth.settings().cookies, self.auth.now())
    }

    pub(super) async fn list_sessions(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let current = self.evidence(&request.method, &request.headers).current_user_in_store().await?;
        devices(&self.auth.sessions(&current).await?, current.session.id)
    }

    pub(super) async fn revoke_session(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let current = self.evidence(&request.method, &request.headers).current_user_in_store().await?;
        let id = request.id.as_deref().and_then(|id| id.parse().ok()).ok_or(ErrorKind::NotFound)?;
        self.auth.revoke_session(&current, id, &self.client(request.head())).await?;
        if id == current.session.id {
            return signed_out(carrier(request), &self.auth.settings().cookies);
        }
        Ok(no_content())
    }

    /// Takes the refresh token from where the mount's transport has it, and from nowhere else.
    fn presented_refresh_token(&self, request: &Request) -> Result<RefreshToken, Error> {
        match request.transport {
            Transport::Cookie => {
                Fields::read_optional(request)?.end()?;
                self.refresh_cookie(request.head())
            }
            Transport::Bearer => {
                let mut fields = Fields::read(request)?;
                let text = Zeroizing::new(fields.text("refresh_token"));
                fields.end()?;
                let token = RefreshToken::parse(&text).ok_or(ErrorKind::Unauthenticated)?;
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
