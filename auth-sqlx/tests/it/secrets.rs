//! What the file holds, seen by somebody who stole it.

use std::fs;

use auth_core::Client;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::account::{ADA, PASSWORD, auth, sign_in, sign_up};
use crate::database::{SqliteFile, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn the_file_holds_nothing_that_could_be_presented() {
    let database = SqliteFile::migrated().await;
    let auth = auth(database.store().await);
    let first = sign_up(&auth, ADA).await.unwrap();
    let second = auth.refresh(&first.refresh_token, &Client::default()).await.unwrap();
    let third = sign_in(&auth, ADA).await.unwrap();

    let mut file = fs::read(database.path()).unwrap();
    file.extend(fs::read(database.path().with_extension("db-wal")).unwrap());
    assert!(holds(&file, ADA.as_bytes()), "the search finds what is there");
    assert!(!holds(&file, PASSWORD.as_bytes()), "the password");
    for signed_in in [first, second, third] {
        assert!(holds(&file, signed_in.session.id.as_uuid().as_bytes()), "the search finds what is there");
        assert!(!holds(&file, signed_in.access_token.expose().as_bytes()), "an access token");
        let token = signed_in.refresh_token.expose();
        let bytes = URL_SAFE_NO_PAD.decode(&*token).unwrap();
        let (session_id, secrets) = bytes.split_at(16);
        assert_eq!(session_id, signed_in.session.id.as_uuid().as_bytes());
        assert!(!holds(&file, token.as_bytes()), "a refresh token");
        for secret in secrets.chunks(16) {
            assert!(!holds(&file, secret), "a part of a refresh token");
        }
    }
}

fn holds(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}
