//! The endpoints of an account: sign-up, sign-in, and the user themselves.

use bytes::Bytes;
use http::{Method, Response, StatusCode};

use crate::audit::words::AuditDetail;
use crate::auth::{CheckedSignUp, SignIn, SignInOutcome, SignUp, SignUpOutcome};
use crate::email::Email;
use crate::error::{Error, FieldErrors};
use crate::http::body::Fields;
use crate::http::call::Http;
use crate::http::endpoint::Endpoint;
use crate::http::rate_limit::Counted;
use crate::http::request::Request;
use crate::http::response::{UserBody, json, signed_in};
use crate::http::row::{Row, Voucher};
use crate::password::Password;

impl Endpoint {
    /// A new account, signed in.
    pub const SIGN_UP: Self = Self(&SIGN_UP);

    /// A session for an e-mail address and a password.
    pub const SIGN_IN: Self = Self(&SIGN_IN);

    /// The signed-in user.
    pub const ME: Self = Self(&ME);
}

static SIGN_UP: Row = Row {
    name: "sign_up",
    method: Method::POST,
    path: "/signup",
    aliases: &[],
    reads_body: true,
    voucher: Voucher::Nothing,
    detail: Some(AuditDetail::SignUp),
    handler: |http, request| Box::pin(http.sign_up(request)),
};

static SIGN_IN: Row = Row {
    name: "sign_in",
    method: Method::POST,
    path: "/signin",
    aliases: &["/login"],
    reads_body: true,
    voucher: Voucher::Nothing,
    detail: Some(AuditDetail::SignIn),
    handler: |http, request| Box::pin(http.sign_in(request)),
};

static ME: Row = Row {
    name: "me",
    method: Method::GET,
    path: "/me",
    aliases: &[],
    reads_body: false,
    voucher: Voucher::Bearer,
    detail: None,
    handler: |http, request| Box::pin(http.me(request)),
};

impl Http<'_> {
    async fn sign_up(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let sign_up = self.read_sign_up(request)?;
        // Counted once it is a sign-up at all: a typing error costs nobody an attempt, and the server no work.
        self.count(request.head(), Counted::SignUp).await?;
        let SignUpOutcome::SignedIn(outcome) = self.auth.create_account(sign_up, &self.client(request.head())).await?;
        self.end_several(request).await?;
        signed_in(StatusCode::CREATED, request.transport, &outcome, &self.auth.settings().cookies, self.auth.now())
    }

    async fn sign_in(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let mut fields = Fields::read(request)?;
        let email = email(&mut fields);
        let password = Password::new(fields.text("password"));
        let kind = request.transport.session_kind(fields.flag("remember_me"));
        fields.end()?;
        let sign_in = SignIn { email: email.ok_or_else(unreadable_email)?, password, kind };
        self.count(request.head(), Counted::SignIn).await?;
        let SignInOutcome::SignedIn(outcome) = self.auth.sign_in(sign_in, &self.client(request.head())).await?;
        self.end_several(request).await?;
        signed_in(StatusCode::OK, request.transport, &outcome, &self.auth.settings().cookies, self.auth.now())
    }

    async fn me(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        let current = self.current_user(request).await?;
        let profile = self.auth.profile(current.user.id).await?;
        json(StatusCode::OK, &UserBody::new(&current.user, profile))
    }

    fn read_sign_up(&self, request: &Request) -> Result<CheckedSignUp, Error> {
        let mut fields = Fields::read(request)?;
        let email = email(&mut fields);
        let password = Password::new(fields.text("password"));
        let name = name(&mut fields);
        let kind = request.transport.session_kind(fields.flag("remember_me"));
        let (profile, mut errors) = fields.rest();
        if !errors.is_empty() {
            errors.extend(self.auth.profile_errors(name.as_deref(), &profile));
            if !errors.concern("password") {
                errors.extend(self.auth.password_errors(&password));
            }
            return Err(Error::invalid_input(errors));
        }
        let email = email.ok_or_else(unreadable_email)?;
        self.auth.check_sign_up(SignUp { email, password, name, profile, kind })
    }
}

fn email(fields: &mut Fields) -> Option<Email> {
    let text = fields.text("email");
    if text.is_empty() {
        if !fields.has_error("email") {
            fields.refuse("email", "required", "This field is required.");
        }
        return None;
    }
    Email::parse(&text).inspect_err(|_| fields.refuse("email", "invalid_email", INVALID_EMAIL)).ok()
}

/// `full_name` is what some clients call it; both at once is one too many.
fn name(fields: &mut Fields) -> Option<String> {
    match (fields.optional_text("name"), fields.optional_text("full_name")) {
        (Some(_), Some(_)) => {
            fields.refuse("full_name", "ambiguous", "Send either name or full_name.");
            None
        }
        (name, full_name) => name.or(full_name),
    }
}

fn unreadable_email() -> Error {
    Error::invalid_input(FieldErrors::one("email", "invalid_email", INVALID_EMAIL))
}

const INVALID_EMAIL: &str = "This is not an e-mail address that can be used here.";
