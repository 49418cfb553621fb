//! Guards and limits around scopes and resources.

use actix_web::App;
use actix_web::middleware::DefaultHeaders;
use actix_web::test::init_service;
use actix_web::web::{self, Data, ServiceConfig};
use auth_actix::{Auth, CurrentUser, RateLimitLayer, require_user};

use crate::app::{HOME, actix_request, answer, assert_problem, auth, quota, request, send, sign_up, with_bearer};

fn guarded(auth: &Auth) -> impl FnOnce(&mut ServiceConfig) {
    let members = web::scope("/members")
        .wrap(require_user(auth))
        .wrap(DefaultHeaders::new().add(("x-outer", "seen")))
        .route("/news/{id}", web::get().to(async |user: CurrentUser, id: web::Path<u32>| format!("{id} {}", user.id)));
    let auth = Data::new(auth.clone());
    move |config| {
        config.app_data(auth).service(members);
    }
}

#[actix_web::test]
async fn a_guarded_scope_is_for_the_signed_in() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    assert_problem(&send(guarded(&auth), request("GET", "/members/news/1")).await, 401, "unauthenticated");
    let answer = send(guarded(&auth), with_bearer(request("GET", "/members/news/1"), &token)).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
}

#[actix_web::test]
async fn a_guarded_scope_hides_which_paths_there_are() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    assert_problem(&send(guarded(&auth), request("GET", "/members/nothing")).await, 401, "unauthenticated");
    let answer = send(guarded(&auth), with_bearer(request("GET", "/members/nothing"), &token)).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(send(guarded(&auth), request("GET", "/elsewhere")).await.status(), 404);
}

#[actix_web::test]
async fn a_refusal_passes_the_middleware_around_it() {
    let (auth, _) = auth();
    let answer = send(guarded(&auth), request("GET", "/members/news/1")).await;
    assert_eq!(answer.headers()["x-outer"], "seen");
}

#[actix_web::test]
async fn a_limit_counts_all_routes_of_a_scope_together() {
    let (auth, _) = auth();
    let limited = |config: &mut ServiceConfig| {
        let scope = web::scope("").wrap(RateLimitLayer::new(&auth, "search", quota()));
        config.service(scope.route("/a", web::get().to(async || "a")).route("/b", web::get().to(async || "b")));
    };
    let app = init_service(App::new().configure(limited)).await;
    let ask = async |path| answer(&app, actix_request(Some(HOME), request("GET", path))).await;
    assert_eq!(ask("/a").await.body(), "a");
    assert_eq!(ask("/b").await.body(), "b");
    let refused = ask("/a").await;
    assert_problem(&refused, 429, "rate_limited");
    assert_eq!(refused.headers()["retry-after"], "60");
}
