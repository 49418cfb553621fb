//! The HTTP contract, as every adapter has to keep it: the suite's rules about what a client sees.

use auth_core::conformance::http::{Network, Site, run_over_network};

use super::database::{Kind, Place, wait_for};
use super::server::{Folder, Server};

#[test]
fn it_keeps_the_http_contract_over_the_network() {
    keeps_the_http_contract(&Kind::Sqlite);
}

fn keeps_the_http_contract(place: &dyn Place) {
    let (folder, database) = (Folder::new(), place.database());
    let server = Server::start(&folder, &[("DATABASE_URL", &database.url()), ("RATE_LIMITS", "off")]);
    let client = Network::at(([127, 0, 0, 1], server.port).into());
    let site = Site::new(Box::new(client), &format!("http://localhost:{}", server.port));
    wait_for(run_over_network(&site));
    assert!(server.stop().success());
}

mod thorough {
    use super::keeps_the_http_contract;
    use crate::suite::database::on_each_database;

    on_each_database!(keeps_the_http_contract);
}
