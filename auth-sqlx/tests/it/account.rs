//! An account, and an `Auth` to use it with.

use std::sync::Arc;

use auth_core::auth::{SignIn, SignInOutcome, SignUp, SignUpOutcome, SignedIn};
use auth_core::clock::{Clock, SystemClock};
use auth_core::policy::HashPolicy;
use auth_core::store::{ProfileFields, Store};
use auth_core::{Auth, Client, Email, Error, ErrorKind, Password, SessionKind, SigningKeys};

pub(crate) const ADA: &str = "Ada@Example.com";
pub(crate) const PASSWORD: &str = "a long walk in the rain";

pub(crate) fn auth(store: impl Store) -> Auth {
    auth_at(store, Arc::new(SystemClock::new()))
}

pub(crate) fn auth_at(store: impl Store, clock: Arc<dyn Clock>) -> Auth {
    let keys = SigningKeys::hs256("an example secret of 32 bytes or more").unwrap();
    Auth::builder(store, keys).hash_policy(HashPolicy::insecure_for_tests()).clock(clock).build().unwrap()
}

pub(crate) async fn sign_up(auth: &Auth, email: &str) -> Result<SignedIn, Error> {
    sign_up_with(auth, email, ProfileFields::new()).await
}

pub(crate) async fn sign_up_with(auth: &Auth, email: &str, profile: ProfileFields) -> Result<SignedIn, Error> {
    let new = SignUp::new(Email::parse(email).unwrap(), Password::new(PASSWORD), SessionKind::Browser);
    match auth.sign_up(SignUp { profile, ..new }, &Client::default()).await? {
        SignUpOutcome::SignedIn(signed_in) => Ok(*signed_in),
        other => unreachable!("{other:?}"),
    }
}

pub(crate) async fn sign_in(auth: &Auth, email: &str) -> Result<SignedIn, Error> {
    let email = Email::parse(email).unwrap();
    let sign_in = SignIn { email, password: Password::new(PASSWORD), kind: SessionKind::Bearer };
    match auth.sign_in(sign_in, &Client::default()).await? {
        SignInOutcome::SignedIn(signed_in) => Ok(*signed_in),
        other => unreachable!("{other:?}"),
    }
}

/// Asserts that a call failed because of the database, and may be tried again.
#[track_caller]
pub(crate) fn assert_unavailable<T>(result: Result<T, Error>) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.retry_after().is_some_and(|wait| !wait.is_zero()), "{error:?}");
}
