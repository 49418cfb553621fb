//! The kinds of errors, and their words.

/// What went wrong, as far as the outside may know.
///
/// The HTTP status and code of each kind stand in [`http::problem`](crate::http::problem).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The password was right, and the account is switched off.
    AccountDisabled,
    /// The body is longer than any request of this library needs.
    BodyTooLarge,
    /// A browser sent the request from a page of another origin.
    CrossOrigin,
    /// The e-mail address belongs to an account already.
    EmailTaken,
    /// The user is known and lacks the role.
    Forbidden,
    /// Something failed that is neither the caller's doing nor a store's.
    Internal,
    /// Fields are missing, unknown or have a value that cannot be accepted.
    InvalidInput,
    /// No account with this e-mail address and this password.
    InvalidCredentials,
    /// The body is not JSON, or the request breaks HTTP's own rules.
    Malformed,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// There is nothing at this address, or nothing that this user may see.
    NotFound,
    /// More passwords wait to be hashed than can be in time.
    Overloaded,
    /// The new password breaks the policy.
    PasswordRejected,
    /// Too many requests from this client.
    RateLimited,
    /// The body did not arrive in time.
    RequestTimeout,
    /// No session, or one that is over.
    Unauthenticated,
    /// The store did not answer; nothing is known about the request.
    Unavailable,
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
}

impl ErrorKind {
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::AccountDisabled => "the account is disabled",
            Self::BodyTooLarge => "the request body is too large",
            Self::CrossOrigin => "the request came from another origin",
            Self::EmailTaken => "the e-mail address is already in use",
            Self::Forbidden => "the user may not do this",
            Self::Internal => "an internal error occurred",
            Self::InvalidInput => "some fields are not valid",
            Self::InvalidCredentials => "the e-mail address or the password is wrong",
            Self::Malformed => "the request could not be read",
            Self::MethodNotAllowed => "the method is not allowed here",
            Self::NotFound => "there is nothing here",
            Self::Overloaded => "the server is busy",
            Self::PasswordRejected => "the password is not acceptable",
            Self::RateLimited => "too many requests",
            Self::RequestTimeout => "the request took too long to arrive",
            Self::Unauthenticated => "sign-in is required",
            Self::Unavailable => "the service is temporarily unavailable",
            Self::UnsupportedMediaType => "the request body must be application/json",
        }
    }

    /// Returns the stable word of answers and logs, such as `invalid_credentials`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccountDisabled => "account_disabled",
            Self::BodyTooLarge => "body_too_large",
            Self::CrossOrigin => "cross_origin",
            Self::EmailTaken => "email_taken",
            Self::Forbidden => "forbidden",
            Self::Internal => "internal",
            Self::InvalidInput => "invalid_input",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Malformed => "malformed",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::Overloaded => "overloaded",
            Self::PasswordRejected => "password_rejected",
            Self::RateLimited => "rate_limited",
            Self::RequestTimeout => "request_timeout",
            Self::Unauthenticated => "unauthenticated",
            Self::Unavailable => "unavailable",
            Self::UnsupportedMediaType => "unsupported_media_type",
        }
    }
}
