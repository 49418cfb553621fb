//! The calls of a store, on each database that is here.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use auth_core::audit::{AuditEvent, AuditKind};
use auth_core::id::AuditEventId;
use auth_core::session::{RefreshState, Session, SessionRecord};
use auth_core::store::{
    DeleteSessionOutcome, NewSession, OpenSession, OpenSessionOutcome, SwapRefresh, SwapRefreshOutcome, Touch,
};
use auth_core::{SessionId, TokenHash};
use divan::Bencher;
use uuid::Uuid;

use crate::database::{Database, Place};
use crate::wait;

/// A benchmark for each call: what stands before the arrow is made ahead of time, and not measured.
macro_rules! calls {
    ($($name:ident: |$calls:ident| $input:expr => |$argument:ident| $call:expr;)+) => {$(
        #[divan::bench(args = Database::here(), sample_size = MANY, max_time = 3)]
        fn $name(bencher: Bencher, database: Database) {
            let $calls = &Calls::on(database);
            bencher.with_inputs(|| $input).bench_local_values(|$argument| wait(async { $call }));
        }
    )+};
}

/// How often a call is made before its time is taken: less often than a user may have sessions.
const MANY: u32 = 10;
const MAX_PER_USER: u32 = 20;

calls! {
    find_session: |calls| calls.record().session.id => |id| calls.place.store.find_session(id).await.unwrap().unwrap();
    touch_session: |calls| calls.touch() => |touch| calls.place.store.touch_session(touch).await.unwrap();
    open_session: |calls| calls.open_with_room() => |open| calls.opened(open).await;
    swap_refresh: |calls| calls.swap() => |swap| calls.swapped(swap).await;
    delete_session: |calls| wait(calls.opened(calls.open())) => |id| calls.deleted(id).await;
    record_event: |calls| calls.event(AuditKind::SignInFailed) => |event| {
        calls.place.store.record_event(event).await.unwrap();
    };
}

/// The arguments of calls, and the calls of which an outcome is expected.
struct Calls {
    place: Place,
    refresh: RefCell<RefreshState>,
    touches: Cell<u32>,
}

impl Calls {
    fn on(database: Database) -> Self {
        let place = wait(Place::create(database));
        let refresh = RefCell::new(place.record.refresh.clone());
        Self { place, refresh, touches: Cell::new(0) }
    }

    fn record(&self) -> &SessionRecord {
        &self.place.record
    }

    fn event(&self, kind: AuditKind) -> AuditEvent {
        let Session { id: session_id, user_id, client, created_at, .. } = self.record().session.clone();
        let id = AuditEventId::from_uuid(Uuid::now_v7());
        let (user_id, session_id) = (Some(user_id), Some(session_id));
        AuditEvent { id, at: created_at, kind, user_id, session_id, client, detail: None, count: 1 }
    }

    /// A use of the session, a second after the one before.
    fn touch(&self) -> Touch {
        let SessionRecord { session, refresh, .. } = self.record();
        self.touches.set(self.touches.get() + 1);
        let seen_at = session.last_seen_at + Duration::from_secs(self.touches.get().into());
        Touch { session_id: session.id, seen_at, generation: refresh.generation }
    }

    /// A session for which there is room, as those that were opened before are gone.
    fn open_with_room(&self) -> OpenSession {
        let (session, event) = (&self.record().session, self.event(AuditKind::SessionRevoked));
        wait(self.place.store.delete_other_sessions(session.user_id, session.id, event)).unwrap();
        self.open()
    }

    fn open(&self) -> OpenSession {
        let SessionRecord { session, refresh, .. } = self.record();
        let session = Session { id: SessionId::from_uuid(Uuid::now_v7()), ..session.clone() };
        let refresh = RefreshState { family_hash: token_hash(), token_hash: token_hash(), ..refresh.clone() };
        let new = NewSession { session, refresh };
        let (event, evicted) = (self.event(AuditKind::SignInSuccess), self.event(AuditKind::SessionRevoked));
        OpenSession { new, max_per_user: MAX_PER_USER, event, evicted }
    }

    async fn opened(&self, open: OpenSession) -> SessionId {
        let id = open.new.session.id;
        assert_eq!(self.place.store.open_session(open).await.unwrap(), OpenSessionOutcome::Opened);
        id
    }

    /// The rotation that follows the one before.
    fn swap(&self) -> SwapRefresh {
        let session = &self.record().session;
        let expected = self.refresh.borrow().clone();
        let next = RefreshState {
            token_hash: token_hash(),
            previous_hash: Some(expected.token_hash),
            rotation_salt: Some(random()),
            generation: expected.generation + 1,
            confirmed: false,
            ..expected.clone()
        };
        self.refresh.replace(next.clone());
        let (expires_at, seen_at) = (session.expires_at, session.last_seen_at);
        SwapRefresh {
            session_id: session.id,
            expected,
            next,
            client: session.client.clone(),
            expires_at,
            seen_at,
            event: self.event(AuditKind::Refresh),
        }
    }

    async fn swapped(&self, swap: SwapRefresh) {
        assert_eq!(self.place.store.swap_refresh(swap).await.unwrap(), SwapRefreshOutcome::Swapped);
    }

    async fn deleted(&self, id: SessionId) {
        let (user, event) = (self.record().session.user_id, self.event(AuditKind::SignOut));
        let outcome = self.place.store.delete_session(id, user, event).await.unwrap();
        assert_eq!(outcome, DeleteSessionOutcome::Deleted);
    }
}

fn token_hash() -> TokenHash {
    TokenHash::from_bytes(random())
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
