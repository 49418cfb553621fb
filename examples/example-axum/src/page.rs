//! The web page: three files that are part of the binary.

use std::future::{Ready, ready};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

/// Serves the page and what it is made of.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(|| file("text/html; charset=utf-8", include_str!("../page/index.html"))))
        .route("/page.css", get(|| file("text/css; charset=utf-8", include_str!("../page/page.css"))))
        .route("/page.js", get(|| file("text/javascript; charset=utf-8", include_str!("../page/page.js"))))
}

fn file(content_type: &'static str, text: &'static str) -> Ready<impl IntoResponse> {
    ready(([(CONTENT_TYPE, content_type)], text))
}
