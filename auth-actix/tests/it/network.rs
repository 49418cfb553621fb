//! The suite's rules that need no clock and no store, over real sockets.

use std::net::TcpListener;

use auth_core::conformance::http::{Network, Site, run_over_network};

use crate::app::auth_with;
use crate::sockets::Running;

#[actix_web::test]
async fn a_server_keeps_the_contract_over_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let (auth, _) = auth_with(|builder| builder.base_url(&base_url).dangerously_without_rate_limits());
    let server = Running::listen(listener, auth, 2);
    run_over_network(&Site::new(Box::new(Network::at(server.address)), &base_url)).await;
}
