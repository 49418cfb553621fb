//! Who is behind a request, where actix-web has ways of its own.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Error, ResponseError};
use auth_actix::{CurrentUser, ErrorKind, MaybeUser, Rejection};

use crate::app::{app, assert_problem, auth, quota, request, send, sign_up, with_bearer};

#[actix_web::test]
async fn a_failing_store_makes_nobody_a_stranger() {
    let (auth, store) = auth();
    let token = sign_up(&auth).await;
    let maybe = || with_bearer(request("GET", "/maybe"), &token);
    store.fail_all();
    for path in ["/maybe", "/private", "/session", "/members/news", "/auth/me"] {
        let answer = send(app(&auth, quota()), with_bearer(request("GET", path), &token)).await;
        assert_problem(&answer, 503, "unavailable");
        assert_eq!(answer.headers()["retry-after"], "2");
    }
    assert_eq!(send(app(&auth, quota()), request("GET", "/maybe")).await.body(), "nobody");
    store.heal();
    assert_ne!(send(app(&auth, quota()), maybe()).await.body(), "nobody");
}

#[actix_web::test]
async fn an_application_may_answer_a_refusal_in_its_own_way() {
    let home = async |user: Result<CurrentUser, Rejection>| match user {
        Ok(user) => user.id.to_string(),
        Err(rejection) => format!("{} {:?}", rejection.status_code(), rejection.into_inner().kind()),
    };
    let (auth, _) = auth();
    let app = |config: &mut ServiceConfig| {
        config.app_data(Data::new(auth)).route("/", web::get().to(home));
    };
    assert_eq!(send(app, request("GET", "/")).await.body(), "401 Unauthorized Unauthenticated");
}

#[test]
fn a_rejection_has_the_status_of_its_answer() {
    for kind in [ErrorKind::Unauthenticated, ErrorKind::Forbidden, ErrorKind::RateLimited, ErrorKind::Unavailable] {
        let rejection = Rejection::from(auth_actix::Error::from(kind));
        assert_eq!(rejection.status_code(), rejection.error_response().status());
        assert!(!rejection.to_string().is_empty());
    }
}

/// A middleware that asks for the user first, and hands on a request that it has changed.
async fn asks_first(
    MaybeUser(user): MaybeUser,
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let name = if user.is_some() { "somebody" } else { "nobody" };
    let value = actix_web::http::header::HeaderValue::from_static(name);
    request.headers_mut().insert(actix_web::http::header::FROM, value);
    next.call(request).await
}

#[actix_web::test]
async fn a_middleware_may_extract_the_user_and_change_the_request() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    let from =
        async |request: actix_web::HttpRequest| request.headers().get("from").unwrap().to_str().unwrap().to_owned();
    let app = |config: &mut ServiceConfig| {
        let scope = web::scope("").wrap(from_fn(asks_first)).route("/{any}", web::get().to(from));
        config.app_data(Data::new(auth)).service(scope);
    };
    assert_eq!(send(app, with_bearer(request("GET", "/x"), &token)).await.body(), "somebody");
}
