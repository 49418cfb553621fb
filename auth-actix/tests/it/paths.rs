//! How actix-web's router reads a path, and that it makes no difference.

use serde_json::json;

use crate::app::{app, assert_problem, auth, json_of, quota, request, send, sign_up, with_bearer};

#[actix_web::test]
async fn a_path_is_what_it_says_and_not_what_it_decodes_to() {
    let (auth, _) = auth();
    for path in ["/auth/m%65", "/auth/%6de", "/auth//me", "/auth/me%2F", "/auth/%ff", "/auth/me/", "/auth/./me"] {
        assert_problem(&send(app(&auth, quota()), request("GET", path)).await, 404, "not_found");
    }
    assert_problem(&send(app(&auth, quota()), request("GET", "/auth/me?%ff=%")).await, 401, "unauthenticated");
    assert_problem(&send(app(&auth, quota()), request("GET", "/auth")).await, 404, "not_found");
}

#[actix_web::test]
async fn an_id_that_is_no_text_names_nothing() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    for id in ["%ff", "%00", "%2e%2e", "a%2Fb", "%25", "%F0%9F", "0198c5d8-3f6a-7b2c-8d4e-5f6a7b8c9d0e"] {
        let asked = with_bearer(request("DELETE", &format!("/api/auth/sessions/{id}")), &token);
        assert_problem(&send(app(&auth, quota()), asked).await, 404, "not_found");
    }
}

#[actix_web::test]
async fn an_id_is_decoded_once() {
    let (auth, _) = auth();
    let (own, other) = (sign_up(&auth).await, sign_in(&auth).await);
    let listed = send(app(&auth, quota()), with_bearer(request("GET", "/api/auth/sessions"), &own)).await;
    let sessions = json_of(&listed)["sessions"].clone();
    let theirs = sessions.as_array().unwrap().iter().find(|session| session["current"] == json!(false)).unwrap();
    let id = theirs["id"].as_str().unwrap();
    let revoke = |id: &str| with_bearer(request("DELETE", &format!("/api/auth/sessions/{id}")), &own);
    let twice = id.replace('-', "%252D");
    assert_problem(&send(app(&auth, quota()), revoke(&twice)).await, 404, "not_found");
    assert_eq!(send(app(&auth, quota()), revoke(&id.replace('-', "%2D"))).await.status(), 204);
    let gone = send(app(&auth, quota()), with_bearer(request("GET", "/private"), &other)).await;
    assert_problem(&gone, 401, "unauthenticated");
}

async fn sign_in(auth: &auth_actix::Auth) -> String {
    let request = crate::app::with_json(request("POST", "/api/auth/signin"), &crate::app::credentials());
    json_of(&send(app(auth, quota()), request).await)["access_token"].as_str().unwrap().to_owned()
}
