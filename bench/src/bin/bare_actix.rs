//! What the library is compared with on actix-web: the same work, written by hand.

use actix_web::error::ErrorUnauthorized;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use actix_web::{App, HttpRequest, HttpServer, web};
use bench::bare::{self, HELLO, JwtCheck, hello};
use bench::database::Database;
use bench::settings;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let database = web::Data::new(Database::open(&settings::database()).await);
    let check = web::Data::new(JwtCheck::new());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(database.clone())
            .app_data(check.clone())
            .route("/private", web::get().to(private))
            .route("/claims", web::get().to(async || HELLO.to_owned()))
            .route("/jwt", web::get().to(jwt))
    });
    server.workers(1).listen(settings::listener())?.run().await
}

async fn private(request: HttpRequest, database: web::Data<Database>) -> actix_web::Result<String> {
    let session = bare::session(&database, text(&request, COOKIE)).await;
    session.map(|row| hello(row.id)).ok_or_else(|| ErrorUnauthorized(""))
}

async fn jwt(request: HttpRequest, check: web::Data<JwtCheck>) -> actix_web::Result<String> {
    check.user(text(&request, AUTHORIZATION)).map(hello).ok_or_else(|| ErrorUnauthorized(""))
}

fn text(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
