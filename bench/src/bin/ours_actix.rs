//! The library on actix-web.

use actix_web::{App, HttpServer, web};
use auth_actix::{Claims, CurrentUser, Transport, routes};
use bench::bare::hello;
use bench::{ours, settings};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let auth = Box::pin(ours::auth()).await;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(auth.clone()))
            .route("/private", web::get().to(async |user: CurrentUser| hello(user.id.as_uuid())))
            .route("/claims", web::get().to(async |claims: Claims| hello(claims.user_id.as_uuid())))
            .service(web::scope("/auth").configure(routes(&auth, Transport::Cookie)))
            .service(web::scope("/api/auth").configure(routes(&auth, Transport::Bearer)))
    });
    server.workers(1).listen(settings::listener())?.run().await
}
