//! What every test starts from: an `Auth` on a watched store, with a clock in the test's hands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::audit::{AuditEvent, AuditKind, AuditSink};
use auth_core::auth::{AuthBuilder, SignIn, SignInOutcome, SignOutScope, SignUp, SignUpOutcome, SignedIn};
use auth_core::clock::{Clock, ManualClock};
use auth_core::conformance::faulty::FaultyStore;
use auth_core::policy::{HashPolicy, SessionPolicy};
use auth_core::store::{AuditQuery, AuditStore, SessionStore, UserStore};
use auth_core::token::RefreshToken;
use auth_core::user::UserStatus;
use auth_core::{
    Auth, Authenticated, Client, Credential, Email, Error, ErrorKind, MemoryStore, Password, PasswordHash, Role,
    SessionId, SessionKind, SigningKeys, User, UserId,
};
use chrono::{DateTime, Utc};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const GRACE: &str = "grace@example.com";
pub(crate) const PASSWORD: &str = "a long walk in the rain";
pub(crate) const SECRET: &str = "a secret for tests of 32 bytes or more";

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
pub(crate) const INSTANT: Duration = Duration::from_micros(1);

pub(crate) struct Fixture {
    pub(crate) auth: Auth,
    pub(crate) store: FaultyStore<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: Client,
    published: Published,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with_sessions(policy: SessionPolicy) -> Self {
        Self::with(|builder| builder.session_policy(policy))
    }

    pub(crate) fn with(configure: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Self {
        let (store, clock) = (FaultyStore::new(MemoryStore::new()), Arc::new(ManualClock::new()));
        let published = Published { store: store.clone(), events: Arc::default() };
        let builder = Auth::builder(store.clone(), SigningKeys::hs256(SECRET).unwrap())
            .clock(Arc::<ManualClock>::clone(&clock))
            .hash_policy(HashPolicy::insecure_for_tests())
            .audit_sink(published.clone());
        let client = Client { ip: Some([203, 0, 113, 7].into()), user_agent: Some("test/1".to_owned()) };
        Self { auth: configure(builder).build().unwrap(), store, clock, client, published }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Signs a new user up, over the bearer transport.
    pub(crate) async fn sign_up(&self, email: &str) -> SignedIn {
        self.try_sign_up(sign_up(email, PASSWORD)).await.unwrap()
    }

    pub(crate) async fn try_sign_up(&self, sign_up: SignUp) -> Result<SignedIn, Error> {
        match self.auth.sign_up(sign_up, &self.client).await? {
            SignUpOutcome::SignedIn(signed_in) => Ok(*signed_in),
            _ => panic!("signed up, and not signed in"),
        }
    }

    pub(crate) async fn sign_in(&self, email: &str) -> SignedIn {
        self.try_sign_in(email, PASSWORD).await.unwrap()
    }

    pub(crate) async fn try_sign_in(&self, email: &str, password: &str) -> Result<SignedIn, Error> {
        self.sign_in_as(email, password, SessionKind::Bearer).await
    }

    pub(crate) async fn sign_in_as(&self, email: &str, password: &str, kind: SessionKind) -> Result<SignedIn, Error> {
        let sign_in = SignIn { email: self::email(email), password: Password::new(password), kind };
        match self.auth.sign_in(sign_in, &self.client).await? {
            SignInOutcome::SignedIn(signed_in) => Ok(*signed_in),
            _ => panic!("the password was right, and no session was opened"),
        }
    }

    pub(crate) async fn refresh(&self, token: &RefreshToken) -> Result<SignedIn, Error> {
        self.auth.refresh(token, &self.client).await
    }

    /// Authenticates by the access token.
    pub(crate) async fn authenticate(&self, signed_in: &SignedIn) -> Result<Authenticated, Error> {
        self.auth.authenticate(&access(signed_in)).await
    }

    /// Authenticates by the refresh token, as a browser does whose access cookie has lapsed.
    pub(crate) async fn authenticate_by_refresh(&self, signed_in: &SignedIn) -> Result<Authenticated, Error> {
        self.auth.authenticate(&refresh(signed_in)).await
    }

    pub(crate) async fn sign_out_everywhere(&self, signed_in: &SignedIn) {
        self.auth.sign_out(&access(signed_in), SignOutScope::All, &self.client).await.unwrap();
    }

    pub(crate) async fn grant(&self, email: &str, role: Role) {
        self.auth.ensure_role(&self::email(email), &Password::new(PASSWORD), role).await.unwrap();
    }

    pub(crate) fn disable(&self, user: &User) {
        self.store.inner().set_status(user.id, UserStatus::Disabled);
    }

    /// Whether the session's row is there.
    pub(crate) async fn exists(&self, session: SessionId) -> bool {
        self.store.inner().find_session(session).await.unwrap().is_some()
    }

    pub(crate) async fn password_hash(&self, email: &str) -> PasswordHash {
        let found = self.store.inner().find_credentials(&self::email(email)).await.unwrap();
        found.unwrap().password_hash.unwrap()
    }

    /// Returns the stored events of a kind.
    pub(crate) async fn events(&self, kind: AuditKind) -> Vec<AuditEvent> {
        let query = AuditQuery { user_id: None, before: None, limit: u32::MAX };
        let mut events = self.store.inner().list_events(query).await.unwrap();
        events.retain(|event| event.kind == kind);
        events
    }

    /// Returns the one stored event of a kind.
    pub(crate) async fn event(&self, kind: AuditKind) -> AuditEvent {
        let events = self.events(kind).await;
        assert_eq!(events.len(), 1, "{kind}");
        events.into_iter().next().unwrap()
    }

    /// Returns the events that the application was told of, in their order.
    pub(crate) fn published(&self) -> Vec<AuditEvent> {
        self.published.events.lock().unwrap().clone()
    }
}

/// The application's ear: it notes each event, and that the store knew it by then.
#[derive(Clone)]
struct Published {
    store: FaultyStore<MemoryStore>,
    events: Arc<Mutex<Vec<AuditEvent>>>,
}

impl AuditSink for Published {
    fn accept(&self, event: &AuditEvent) {
        let query = AuditQuery { user_id: None, before: None, limit: u32::MAX };
        let stored = futures_util::FutureExt::now_or_never(self.store.inner().list_events(query)).unwrap().unwrap();
        assert!(stored.contains(event), "published before it was committed: {event:?}");
        self.events.lock().unwrap().push(event.clone());
    }
}

/// The last instant before the end of a span.
pub(crate) fn just_before(span: Duration) -> Duration {
    span.checked_sub(INSTANT).unwrap()
}

/// What somebody says to get an account, over the bearer transport.
pub(crate) fn sign_up(address: &str, password: &str) -> SignUp {
    SignUp::new(email(address), Password::new(password), SessionKind::Bearer)
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn access(signed_in: &SignedIn) -> Credential<'_> {
    Credential::Access(signed_in.access_token.expose())
}

pub(crate) fn refresh(signed_in: &SignedIn) -> Credential<'static> {
    Credential::Refresh(copy(&signed_in.refresh_token))
}

/// Copies a token, as whoever steals it does.
pub(crate) fn copy(token: &RefreshToken) -> RefreshToken {
    RefreshToken::parse(&token.expose()).unwrap()
}

pub(crate) fn unknown_session(user: UserId) -> SessionId {
    SessionId::from_uuid(user.as_uuid())
}

#[track_caller]
pub(crate) fn fails<T>(outcome: Result<T, Error>, kind: ErrorKind) {
    assert_eq!(outcome.err().map(|error| error.kind()), Some(kind));
}

#[track_caller]
pub(crate) fn same(one: &RefreshToken, other: &RefreshToken) {
    assert!(*one.expose() == *other.expose(), "two tokens instead of one");
}

#[track_caller]
pub(crate) fn differ(one: &RefreshToken, other: &RefreshToken) {
    assert!(*one.expose() != *other.expose(), "the same token twice");
}
