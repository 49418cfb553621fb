//! Who is behind a request, where actix-web has ways of its own.

use actix_web::dev::Service;
use actix_web::http::header::{FROM, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, ResponseError};
use auth_actix::{CurrentUser, ErrorKind, Rejection};

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

#[actix_web::test]
async fn a_middleware_may_change_the_request_while_it_asks_for_the_user() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    let app = |config: &mut ServiceConfig| {
        let scope = web::scope("").wrap_fn(|mut request, service| {
            let asked = request.extract::<CurrentUser>();
            request.headers_mut().insert(FROM, HeaderValue::from_static("changed"));
            let answer = service.call(request);
            async move {
                asked.await?;
                answer.await
            }
        });
        let from = async |request: HttpRequest| request.headers().get(FROM).unwrap().to_str().unwrap().to_owned();
        config.app_data(Data::new(auth)).service(scope.route("/{any}", web::get().to(from)));
    };
    assert_eq!(send(app, with_bearer(request("GET", "/x"), &token)).await.body(), "changed");
}
