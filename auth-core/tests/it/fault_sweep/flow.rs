//! What the sweep runs: a flow, what it starts from, and what is known of it.

use auth_core::audit::AuditKind;
use auth_core::auth::SignedIn;
use auth_core::policy::SessionPolicy;
use auth_core::{Authenticated, Error, SessionId};
use futures_util::future::BoxFuture;

use super::state::{State, View};
use crate::fixture::{ADA, Fixture, SECOND};

/// A request to the library, made in a scene of its own each time.
pub(super) struct Flow {
    pub(super) name: &'static str,
    pub(super) prepare: Prepare,
    pub(super) run: Run,
    /// The calls to the store that it makes.
    pub(super) calls: &'static [&'static str],
    /// What comes of it.
    pub(super) answer: &'static str,
    /// What comes of it the second time.
    pub(super) answer_again: &'static str,
    /// The events that the second time adds. They are all that a lost answer can leave behind.
    pub(super) events_again: &'static [AuditKind],
    /// Why it may stop between its start and its end; without a reason, one call does it all.
    pub(super) in_steps: Option<&'static str>,
    /// The call whose failure is passed over, and why.
    pub(super) ignored: Option<(&'static str, &'static str)>,
    /// What must be true after it was run again.
    pub(super) then: Option<Then>,
}

pub(super) type Prepare = fn() -> BoxFuture<'static, Scene>;
pub(super) type Run = for<'s> fn(&'s Scene) -> BoxFuture<'s, Result<Answer, Error>>;
pub(super) type Then = for<'s> fn(&'s Scene, Option<&'s SignedIn>) -> BoxFuture<'s, ()>;

impl Flow {
    /// A flow that comes to the same each time, and leaves nothing behind the second time.
    pub(super) fn new(
        name: &'static str,
        prepare: Prepare,
        run: Run,
        calls: &'static [&'static str],
        answer: &'static str,
    ) -> Self {
        Self {
            name,
            prepare,
            run,
            calls,
            answer,
            answer_again: answer,
            events_again: &[],
            in_steps: None,
            ignored: None,
            then: None,
        }
    }

    pub(super) fn again(mut self, answer: &'static str, events: &'static [AuditKind]) -> Self {
        (self.answer_again, self.events_again) = (answer, events);
        self
    }

    pub(super) fn in_steps(mut self, reason: &'static str) -> Self {
        self.in_steps = Some(reason);
        self
    }

    pub(super) fn ignores(mut self, call: &'static str, reason: &'static str) -> Self {
        self.ignored = Some((call, reason));
        self
    }

    pub(super) fn then(mut self, then: Then) -> Self {
        self.then = Some(then);
        self
    }
}

/// What a flow starts from.
pub(super) struct Scene {
    pub(super) fixture: Fixture,
    /// What the users were given so far, the oldest first.
    pub(super) tokens: Vec<SignedIn>,
    /// Who was authenticated when a connection opened that is still there.
    pub(super) opened: Option<Authenticated>,
}

impl Scene {
    pub(super) fn view(&self) -> View {
        let mut known = Vec::<SessionId>::new();
        for id in self.tokens.iter().map(|signed_in| signed_in.session.id) {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        View { store: self.fixture.store.inner().clone(), known }
    }

    pub(super) async fn state(&self) -> State {
        self.view().read().await
    }
}

/// What came of a flow.
#[derive(Debug)]
pub(super) struct Answer {
    text: String,
    pub(super) signed_in: Option<SignedIn>,
}

impl Answer {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), signed_in: None }
    }
}

impl From<SignedIn> for Answer {
    fn from(signed_in: SignedIn) -> Self {
        Self { text: "signed in".to_owned(), signed_in: Some(signed_in) }
    }
}

/// What came of a flow, in the words of the table.
pub(super) fn said(outcome: &Result<Answer, Error>) -> String {
    match outcome {
        Ok(answer) => answer.text.clone(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// Nobody has an account.
pub(super) async fn nobody() -> Scene {
    Scene { fixture: Fixture::new(), tokens: Vec::new(), opened: None }
}

/// A user has an account and a session, a second after they got it.
pub(super) async fn ada() -> Scene {
    ada_by(SessionPolicy::default()).await
}

pub(super) async fn ada_by(policy: SessionPolicy) -> Scene {
    let fixture = Fixture::with_sessions(policy);
    let tokens = vec![fixture.sign_up(ADA).await];
    fixture.clock.advance(SECOND);
    Scene { fixture, tokens, opened: None }
}

/// A user has two sessions.
pub(super) async fn two_sessions() -> Scene {
    two_sessions_by(SessionPolicy::default()).await
}

pub(super) async fn two_sessions_by(policy: SessionPolicy) -> Scene {
    let mut scene = ada_by(policy).await;
    scene.tokens.push(scene.fixture.sign_in(ADA).await);
    scene.fixture.clock.advance(SECOND);
    scene
}

/// A user's refresh token was exchanged a second ago: the second tokens are the successors of the first.
pub(super) async fn rotated() -> Scene {
    let mut scene = ada().await;
    scene.tokens.push(scene.fixture.refresh(&scene.tokens[0].refresh_token).await.unwrap());
    scene.fixture.clock.advance(SECOND);
    scene
}

/// The tokens of a session are in two hands: the first were replaced, and the second used.
pub(super) async fn stolen() -> Scene {
    let scene = rotated().await;
    scene.fixture.authenticate(&scene.tokens[1]).await.unwrap();
    scene.fixture.clock.advance(crate::fixture::HOUR);
    scene
}

/// A user's connection was opened a while ago: long enough for the use of its session to be written down, and for its
/// access token to expire.
pub(super) async fn connected() -> Scene {
    let mut scene = ada().await;
    scene.opened = Some(scene.fixture.authenticate(&scene.tokens[0]).await.unwrap());
    scene.fixture.clock.advance(crate::fixture::HOUR);
    scene
}

/// A user's session has expired.
pub(super) async fn expired() -> Scene {
    let scene = ada().await;
    scene.fixture.clock.advance(7 * crate::fixture::DAY);
    scene
}
