//! An application in a time of its own.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::{Adapter, Application, Server, Site};
use crate::auth::{Auth, AuthBuilder};
use crate::clock::ManualClock;
use crate::conformance::faulty::FaultyStore;
use crate::memory::MemoryStore;
use crate::policy::{HashPolicy, Quota};
use crate::token::SigningKeys;

/// Where an application is that was not told.
const HERE: &str = "https://app.test";

/// How often the limited routes may be called.
const QUOTA: Quota = Quota::per_minute(2);

/// An application in a time of its own, with all that is behind it. Its clients see it as a [`Site`].
#[derive(Debug)]
pub struct World {
    /// Who decides.
    pub auth: Auth,
    /// The only clock there is.
    pub clock: Arc<ManualClock>,
    /// What is stored, which fails when it is told to.
    pub store: FaultyStore<MemoryStore>,
    site: Site,
}

impl World {
    /// Starts an application with all settings at their defaults.
    pub async fn new(adapter: &dyn Adapter) -> Self {
        Self::with(adapter, |builder| builder).await
    }

    /// Starts an application that knows its base URL.
    pub async fn at(adapter: &dyn Adapter, base_url: &str) -> Self {
        Self::at_with(adapter, base_url, |builder| builder).await
    }

    /// Starts an application that knows its base URL, with some settings.
    pub async fn at_with(
        adapter: &dyn Adapter,
        base_url: &str,
        configure: impl FnOnce(AuthBuilder) -> AuthBuilder,
    ) -> Self {
        Self::start(adapter, keys(), base_url, |builder| configure(builder.base_url(base_url))).await
    }

    /// Starts an application with some settings.
    pub async fn with(adapter: &dyn Adapter, configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        Self::start(adapter, keys(), HERE, configure).await
    }

    /// Starts an application with signing keys.
    pub async fn signed_with(adapter: &dyn Adapter, keys: SigningKeys) -> Self {
        Self::start(adapter, keys, HERE, |builder| builder).await
    }

    async fn start(
        adapter: &dyn Adapter,
        keys: SigningKeys,
        base_url: &str,
        configure: impl FnOnce(AuthBuilder) -> AuthBuilder,
    ) -> Self {
        let (clock, store) = (Arc::new(ManualClock::new()), FaultyStore::new(MemoryStore::new()));
        Self::start_with(adapter, keys, base_url, configure, clock, store).await
    }

    /// Starts the application whose mount is at the root.
    pub async fn at_root(adapter: &dyn Adapter) -> Self {
        let (clock, store) = (Arc::new(ManualClock::new()), FaultyStore::new(MemoryStore::new()));
        let auth = auth(keys(), |builder| builder, &clock, &store);
        let server = adapter.serve_at_root(&application(&auth)).await;
        Self::of(auth, server, HERE, clock, store)
    }

    /// Starts another application on the same store and in the same time.
    pub async fn beside(
        &self,
        adapter: &dyn Adapter,
        base_url: &str,
        configure: impl FnOnce(AuthBuilder) -> AuthBuilder,
    ) -> Self {
        let (clock, store) = (Arc::clone(&self.clock), self.store.clone());
        Self::start_with(adapter, keys(), base_url, |builder| configure(builder.base_url(base_url)), clock, store).await
    }

    async fn start_with(
        adapter: &dyn Adapter,
        keys: SigningKeys,
        base_url: &str,
        configure: impl FnOnce(AuthBuilder) -> AuthBuilder,
        clock: Arc<ManualClock>,
        store: FaultyStore<MemoryStore>,
    ) -> Self {
        let auth = auth(keys, configure, &clock, &store);
        let server = adapter.serve(&application(&auth)).await;
        Self::of(auth, server, base_url, clock, store)
    }

    fn of(
        auth: Auth,
        server: Box<dyn Server>,
        base_url: &str,
        clock: Arc<ManualClock>,
        store: FaultyStore<MemoryStore>,
    ) -> Self {
        let form = auth.settings().cookies.form.clone();
        let site = Site::with_clock(server, base_url, form, Arc::<ManualClock>::clone(&clock));
        Self { auth, clock, store, site }
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

impl Deref for World {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

fn auth(
    keys: SigningKeys,
    configure: impl FnOnce(AuthBuilder) -> AuthBuilder,
    clock: &Arc<ManualClock>,
    store: &FaultyStore<MemoryStore>,
) -> Auth {
    let builder = Auth::builder(store.clone(), keys)
        .clock(Arc::<ManualClock>::clone(clock))
        .hash_policy(HashPolicy::insecure_for_tests());
    configure(builder).build().unwrap()
}

fn application(auth: &Auth) -> Application {
    Application { auth: auth.clone(), quota: QUOTA }
}

fn keys() -> SigningKeys {
    SigningKeys::hs256("a secret for tests of 32 bytes or more").unwrap()
}
