//! The HTTP contract, as every adapter has to keep it: the suite's rules about what a client sees.

use auth_core::conformance::http::{Network, Site, run_over_network};

use super::database::wait_for;
use super::server::{Folder, Server};

#[test]
fn it_keeps_the_http_contract_over_the_network() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("RATE_LIMITS", "off")]);
    let client = Network::at(([127, 0, 0, 1], server.port).into());
    let site = Site::new(Box::new(client), &format!("http://localhost:{}", server.port));
    wait_for(run_over_network(&site));
    assert!(server.stop().success());
}
