//! Databases as the world sets them up: a store keeps every rule on each, two processes do, and no connection remembers
//! what has ended.

use std::time::Duration;

use auth_core::auth::SignOutScope;
use auth_core::conformance::store;
use auth_core::conformance::store::race::{self, Load};
use auth_core::{Auth, Client, Credential, ErrorKind};
use auth_sqlx::{Backend, SqlxStore};
use throwaway::Surroundings;

use crate::account::{ADA, auth, sign_in, sign_up};

/// As many as `connect` has connections, so that each of them has read the session.
const CONNECTIONS: usize = 10;

fn hold<DB: Backend>(surroundings: &Surroundings, load: Load) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(every_rule_is_kept::<DB>(surroundings, load));
    runtime.shutdown_timeout(Duration::from_secs(1));
}

async fn every_rule_is_kept<DB: Backend>(surroundings: &Surroundings, load: Load) {
    let database = surroundings.database().unwrap();
    if let Some(url) = database.owner_url() {
        SqlxStore::<DB>::connect(&url).await.unwrap().migrate().await.unwrap();
        database.grant().unwrap();
    }
    let url = database.url();
    let (one, other) = tokio::join!(started::<DB>(&url), started::<DB>(&url));
    what_has_ended_is_over_on_every_connection(&auth(one.clone()), &auth(other.clone())).await;
    store::run_rules(&one).await;
    tokio::join!(race::run_all(&one, load), race::run_all(&other, load));
    store::prune::run_all(&one).await;
}

/// A store as a process has it that has just started.
async fn started<DB: Backend>(url: &str) -> SqlxStore<DB> {
    let store = SqlxStore::connect(url).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// A connection that keeps the snapshot of what it read would go on accepting the session.
async fn what_has_ended_is_over_on_every_connection(one: &Auth, other: &Auth) {
    sign_up(one, ADA).await.unwrap();
    for _ in 0..3 {
        let session = sign_in(one, ADA).await.unwrap();
        let access = session.access_token.expose();
        for process in [one, other] {
            assert_eq!(refusals(process, access).await, 0);
        }
        one.sign_out(&Credential::Access(access), SignOutScope::Session, &Client::default()).await.unwrap();
        for process in [other, one] {
            assert_eq!(refusals(process, access).await, CONNECTIONS, "a session that was signed out is accepted");
        }
    }
}

/// Checks a session on all connections of a process at the same time, and returns how often it is refused.
async fn refusals(process: &Auth, access: &str) -> usize {
    let check = |_| {
        let (process, access) = (process.clone(), access.to_owned());
        tokio::spawn(async move { process.authenticate(&Credential::Access(&access)).await.map(drop) })
    };
    let checks: Vec<_> = (0..CONNECTIONS).map(check).collect();
    let mut refused = 0;
    for check in checks {
        if let Err(error) = check.await.unwrap() {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
            refused += 1;
        }
    }
    refused
}

/// Makes a test of the rules in all surroundings of each server, in few runs or one by one.
macro_rules! in_all_surroundings {
    ($load:expr, $mariadb:ident, $postgres:ident) => {
        const LOAD: auth_core::conformance::store::race::Load = $load;

        mod mysql {
            #[test]
            fn every_rule_is_kept() {
                let rules = |place: &_| crate::servers::surroundings::hold::<sqlx::MySql>(place, super::LOAD);
                throwaway::Runs::$mariadb().check(rules).unwrap();
            }
        }
        mod postgres {
            #[test]
            fn every_rule_is_kept() {
                let rules = |place: &_| crate::servers::surroundings::hold::<sqlx::Postgres>(place, super::LOAD);
                throwaway::Runs::$postgres().check(rules).unwrap();
            }
        }
    };
}

/// With few rounds: what a setting breaks is broken from the first one on.
mod together {
    use super::Load;

    in_all_surroundings!(Load { calls: 8, rounds: 3 }, mariadb_together, postgres_together);
}

/// With as many calls as it takes to lose a race that can be lost.
mod thorough {
    use super::Load;

    in_all_surroundings!(Load { calls: 32, rounds: 20 }, mariadb_one_by_one, postgres_one_by_one);
}
