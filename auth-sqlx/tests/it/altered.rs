//! A table that is altered while the application runs.

use auth_core::auth::SignOutScope;
use auth_core::{Auth, Client, Credential};
use sqlx::{Executor, Pool};

use crate::account::{auth, sign_in, sign_up};
use crate::database::{TestDatabase, on_each_server};

/// The connections have statements that were prepared before.
async fn a_column_that_gets_another_type_disturbs_nobody<D: TestDatabase>()
where
    for<'c> &'c Pool<D::Driver>: Executor<'c, Database = D::Driver>,
{
    let database = D::migrated().await;
    let store = database.store().await;
    let auth = auth(store.clone());
    for user in 0..USERS {
        sign_up(&auth, &address(user)).await.unwrap();
    }
    at_once(&auth).await;
    for alter in D::ALTER_ROLES {
        D::execute(store.pool(), alter).await.unwrap();
        at_once(&auth).await;
    }
}

/// As many as there are connections.
const USERS: usize = 10;

fn address(user: usize) -> String {
    format!("user-{user}@example.com")
}

async fn at_once(auth: &Auth) {
    let calls: Vec<_> = (0..USERS)
        .map(|user| {
            let auth = auth.clone();
            tokio::spawn(async move {
                let ada = sign_in(&auth, &address(user)).await.unwrap();
                let access = Credential::Access(ada.access_token.expose());
                auth.authenticate(&access).await.unwrap();
                auth.refresh(&ada.refresh_token, &Client::default()).await.unwrap();
                auth.sign_out(&access, SignOutScope::Session, &Client::default()).await.unwrap();
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

on_each_server! { a_column_that_gets_another_type_disturbs_nobody }

mod statements {
    mod postgres {
        use crate::account::{ADA, auth, sign_in, sign_up};
        use crate::database::{Isolation, PostgresDatabase, TestDatabase};

        /// On a pool that the application shares.
        #[tokio::test(flavor = "multi_thread")]
        async fn statements_that_the_server_has_forgotten_are_prepared_again() {
            let database = PostgresDatabase::migrated().await;
            let store = database.patient_store(1, Isolation::Default).await;
            let auth = auth(store.clone());
            sign_up(&auth, ADA).await.unwrap();
            sign_in(&auth, ADA).await.unwrap();
            PostgresDatabase::execute(store.pool(), "DEALLOCATE ALL").await.unwrap();
            sign_in(&auth, ADA).await.unwrap();
        }
    }
}
