//! Errors as answers: `application/problem+json` (RFC 9457), constant text for each code.
//!
//! | status | code | kind |
//! |---|---|---|
//! | 400 | `malformed` | [`ErrorKind::Malformed`] |
//! | 401 | `invalid_credentials` | [`ErrorKind::InvalidCredentials`] |
//! | 401 | `unauthenticated` | [`ErrorKind::Unauthenticated`] |
//! | 403 | `account_disabled` | [`ErrorKind::AccountDisabled`] |
//! | 403 | `cross_origin` | [`ErrorKind::CrossOrigin`] |
//! | 403 | `forbidden` | [`ErrorKind::Forbidden`] |
//! | 404 | `not_found` | [`ErrorKind::NotFound`] |
//! | 405 | `method_not_allowed` | [`ErrorKind::MethodNotAllowed`] |
//! | 408 | `request_timeout` | [`ErrorKind::RequestTimeout`] |
//! | 409 | `email_taken` | [`ErrorKind::EmailTaken`] |
//! | 413 | `body_too_large` | [`ErrorKind::BodyTooLarge`] |
//! | 415 | `unsupported_media_type` | [`ErrorKind::UnsupportedMediaType`] |
//! | 422 | `invalid_input` | [`ErrorKind::InvalidInput`] |
//! | 422 | `password_rejected` | [`ErrorKind::PasswordRejected`] |
//! | 429 | `rate_limited` | [`ErrorKind::RateLimited`] |
//! | 500 | `internal` | [`ErrorKind::Internal`] |
//! | 503 | `overloaded` | [`ErrorKind::Overloaded`] |
//! | 503 | `unavailable` | [`ErrorKind::Unavailable`] |

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::error::{Error, ErrorKind, FieldError};
use crate::http::response::harden;

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    type_uri: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// Turns an error into the answer that the sender may see, and logs its cause for the operator.
pub fn response(error: &Error) -> Response<Bytes> {
    let status = status(error.kind());
    log(error, status);
    let problem = Problem {
        type_uri: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        code: error.kind().code(),
        detail: sentence(error),
        errors: error.fields(),
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    harden(response)
}

/// Returns the status of the answer to an error of a kind, for frameworks that ask for it before the answer.
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::AccountDisabled | ErrorKind::CrossOrigin | ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::EmailTaken => StatusCode::CONFLICT,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::InvalidInput | ErrorKind::PasswordRejected => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::InvalidCredentials | ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Overloaded | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    }
}

/// The error's text as a sentence.
fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map(|first| format!("{}{}.", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}

/// What is the server's fault is worth a line with its cause; what is the client's is not. An overload is meant to
/// be survived, and a line for each refusal would be one more load.
fn log(error: &Error, status: StatusCode) {
    if error.kind() == ErrorKind::Overloaded {
        tracing::debug!(target: "auth", "{error}");
    } else if status.is_server_error() {
        let cause = std::error::Error::source(error).map(tracing::field::debug);
        tracing::error!(target: "auth", kind = ?error.kind(), cause, "{error}");
    }
}

/// Whole seconds, never too few: a client that comes back at that time is let in.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(11_001)), 12);
        assert_eq!(whole_seconds(Duration::from_secs(12)), 12);
    }

    #[test]
    fn the_status_is_known_before_the_answer() {
        for kind in [ErrorKind::NotFound, ErrorKind::Unauthenticated, ErrorKind::Unavailable] {
            assert_eq!(status(kind), response(&kind.into()).status());
        }
    }

    #[test]
    fn a_cause_stays_inside() {
        let error = Error::new(ErrorKind::Unavailable).with_source("disk I/O error in /var/lib/app.db");
        let response = response(&error);
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(
            body,
            r#"{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable","detail":"The service is temporarily unavailable."}"#
        );
    }
}
