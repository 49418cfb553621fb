//! Every interleaving of a session's owner and a thief, and of an owner whose answers get lost.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::id::SessionId;
use crate::policy::SessionPolicy;
use crate::token::Realm;

/// The recoveries that the default policy forgives.
const FORGIVEN: u16 = 3;

/// Long enough for four recoveries with a rotation and a use before each.
const STEPS: usize = 12;

fn realm() -> Realm {
    Realm::new("auth", "auth")
}

/// A family of refresh tokens, as a store and the holders of its tokens see it.
#[derive(Clone)]
struct Family {
    state: RefreshState,
    now: DateTime<Utc>,
}

/// What came of a token that was presented after the grace window.
enum Answer {
    Rotated(RefreshToken),
    Recovered(RefreshToken),
    Theft,
}

impl Family {
    fn start() -> (Self, RefreshToken) {
        let now = ManualClock::new().now();
        let token = RefreshToken::issue(SessionId::new(now).unwrap()).unwrap();
        (Self { state: token.initial_state(&realm(), now), now }, token)
    }

    /// Presents a token a minute later.
    fn present(&mut self, token: &RefreshToken) -> Answer {
        self.now += TimeDelta::minutes(1);
        match classify(token, &self.state, &realm(), &SessionPolicy::default(), self.now) {
            Presented::Current => {
                let successor = token.successor(&[7; 32]);
                self.state = rotated(&self.state, successor.hash(&realm()), [7; 32], self.now);
                Answer::Rotated(successor)
            }
            Presented::PredecessorLost => {
                let successor = token.successor(&self.state.rotation_salt.unwrap());
                self.state = recovered(&self.state, self.now);
                Answer::Recovered(successor)
            }
            Presented::Theft => Answer::Theft,
            odd @ (Presented::CurrentInGrace | Presented::PredecessorInGrace | Presented::Unknown) => {
                panic!("{odd:?} after the grace window")
            }
        }
    }

    /// Asks a route that reads the session, with an access token of the refresh token's generation.
    fn use_access_token(&mut self, token: &RefreshToken) -> bool {
        let confirms = token.hash(&realm()) == self.state.token_hash && !self.state.confirmed;
        self.state.confirmed |= confirms;
        confirms
    }

    /// What a token is to the family now: all that the future depends on, beside the state's flags and counts.
    fn place(&self, token: &RefreshToken) -> &'static str {
        let hash = token.hash(&realm());
        if hash == self.state.token_hash {
            "current"
        } else if Some(hash) == self.state.previous_hash {
            "predecessor"
        } else {
            "older"
        }
    }

    fn flags(&self) -> (bool, i64) {
        (self.state.confirmed, i64::from(self.state.recoveries))
    }

    fn is_good(&self, token: &RefreshToken) -> bool {
        let place = self.place(token);
        place == "current" || (place == "predecessor" && !self.state.confirmed)
    }
}

/// Two parties who hold tokens of one family, each of them the newest that they were given.
struct Parties {
    family: Family,
    held: [RefreshToken; 2],
    recoveries: u16,
}

/// What was looked at already: two situations that are alike in this have the same future.
type Seen<K> = HashSet<(K, usize)>;

type Situation = ([&'static str; 2], (bool, i64), u16);

/// Lets each party do each thing next, to the depth, and returns how often theft was detected.
fn interleave(parties: &Parties, steps: usize, seen: &mut Seen<Situation>) -> usize {
    let Parties { family, held, recoveries } = parties;
    let both_can_go_on = held.iter().all(|token| family.is_good(token));
    assert!(!both_can_go_on || *recoveries <= FORGIVEN, "the fourth recovery is given");
    let situation = (held.each_ref().map(|token| family.place(token)), family.flags(), *recoveries);
    if steps == 0 || !seen.insert((situation, steps)) {
        return 0;
    }
    (0..2).map(|party| exchange(parties, party, steps, seen) + ask(parties, party, steps, seen)).sum()
}

fn exchange(parties: &Parties, party: usize, steps: usize, seen: &mut Seen<Situation>) -> usize {
    let mut family = parties.family.clone();
    let mut held = parties.held.each_ref().map(RefreshToken::duplicate);
    let (token, recovered) = match family.present(&held[party]) {
        Answer::Rotated(token) => (token, 0),
        Answer::Recovered(token) => (token, 1),
        Answer::Theft => return 1,
    };
    held[party] = token;
    interleave(&Parties { family, held, recoveries: parties.recoveries + recovered }, steps - 1, seen)
}

fn ask(parties: &Parties, party: usize, steps: usize, seen: &mut Seen<Situation>) -> usize {
    let mut family = parties.family.clone();
    let held = parties.held.each_ref().map(RefreshToken::duplicate);
    if !family.use_access_token(&held[party]) {
        return 0;
    }
    interleave(&Parties { family, held, recoveries: parties.recoveries }, steps - 1, seen)
}

#[test]
fn whatever_owner_and_thief_do_in_turn_the_fourth_recovery_is_never_given() {
    let (family, token) = Family::start();
    let held = [token.duplicate(), token];
    assert!(interleave(&Parties { family, held, recoveries: 0 }, STEPS, &mut HashSet::new()) > 0);
}

#[test]
fn a_thief_who_follows_each_rotation_is_found_at_the_fourth_recovery() {
    for uses_access_tokens in [false, true] {
        let (mut family, mut owner) = Family::start();
        let mut stolen = owner.duplicate();
        for recovery in 1..=4 {
            let Answer::Rotated(next) = family.present(&owner) else { panic!("the owner rotates") };
            owner = next;
            match family.present(&stolen) {
                Answer::Recovered(next) => stolen = next,
                Answer::Rotated(_) => panic!("the thief is a token behind"),
                Answer::Theft => assert_eq!(recovery, 4),
            }
            if uses_access_tokens {
                family.use_access_token(&stolen);
            }
        }
        assert_eq!(family.state.recoveries.in_a_row(), FORGIVEN);
    }
}

/// One honest client: `late` counts the answers that it had to ask for again since a token needed no asking.
struct Client {
    family: Family,
    held: RefreshToken,
    is_behind: bool,
    asked_again: bool,
    late: u16,
}

/// What tells two histories of the client apart: the place of its token, the family's flags, and the client's own.
type ClientSituation = (&'static str, (bool, i64), bool, bool, u16);

/// Lets each answer arrive or get lost, to the depth.
fn lose_answers(client: &Client, steps: usize, seen: &mut Seen<ClientSituation>) {
    let Client { family, held, is_behind, asked_again, late } = client;
    let situation = (family.place(held), family.flags(), *is_behind, *asked_again, *late);
    if steps == 0 || !seen.insert((situation, steps)) {
        return;
    }
    let mut family = family.clone();
    // What the client knows: an answer that it had to ask for again is late, and one token without ends the row.
    let late = if *is_behind { late + 1 } else { late * u16::from(*asked_again) };
    let asked_again = *is_behind;
    let answer = match family.present(held) {
        Answer::Rotated(token) | Answer::Recovered(token) => token,
        Answer::Theft => return assert!(late > FORGIVEN, "signed out after {late} lost answers"),
    };
    for (held, is_behind) in [(answer, false), (held.duplicate(), true)] {
        let mut used = Client { family: family.clone(), held, is_behind, asked_again, late };
        lose_answers(&used, steps - 1, seen);
        let held = used.held.duplicate();
        if used.family.use_access_token(&held) {
            lose_answers(&used, steps - 1, seen);
        }
    }
}

#[test]
fn three_lost_answers_in_a_row_sign_no_honest_client_out() {
    let (family, held) = Family::start();
    let client = Client { family, held, is_behind: false, asked_again: false, late: 0 };
    lose_answers(&client, STEPS, &mut HashSet::new());
}

#[test]
fn a_token_that_nobody_had_to_be_given_again_ends_the_row() {
    let (mut family, mut token) = Family::start();
    for _ in 0..100 {
        let Answer::Rotated(lost) = family.present(&token) else { panic!("the current token rotates") };
        let Answer::Recovered(found) = family.present(&token) else { panic!("a lost answer is given again") };
        assert_eq!(lost.hash(&realm()), found.hash(&realm()));
        let Answer::Rotated(next) = family.present(&found) else { panic!("the current token rotates") };
        let Answer::Rotated(next) = family.present(&next) else { panic!("the current token rotates") };
        token = next;
    }
}
