//! Refresh tokens, and the judgement of one that is presented.
//!
//! A token is `session id ‖ family ‖ secret`, 64 bytes. A rotation makes a random salt and derives the successor's
//! secret from the presented one, `HMAC-SHA256(key = secret, salt)`. The row keeps the salt and hashes only, so who
//! reads the database can present nothing, while whoever holds the predecessor can be given the *same* successor
//! again, for as long as that is forgivable.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::id::SessionId;
use crate::policy::SessionPolicy;
use crate::secret::{TokenHash, hmac_sha256, random};
use crate::session::{Recoveries, RefreshState};

const ID_BYTES: usize = 16;
const FAMILY_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
const TOKEN_BYTES: usize = ID_BYTES + FAMILY_BYTES + SECRET_BYTES;
const TOKEN_CHARS: usize = (TOKEN_BYTES * 4).div_ceil(3);

/// An opaque token of 256 secret bits that is exchanged for a new pair of tokens, once.
///
/// Its text form is 86 characters of base64url. It has no `Display` and no `Serialize`, prints redacted, and is wiped
/// from memory when dropped.
pub struct RefreshToken {
    session_id: SessionId,
    family: [u8; FAMILY_BYTES],
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl RefreshToken {
    /// Makes the first token of a new family.
    pub(crate) fn issue(session_id: SessionId) -> Result<Self, Error> {
        Ok(Self { session_id, family: random()?, secret: Zeroizing::new(random()?) })
    }

    /// Reads a token; `None` unless the text is one to the last bit.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        // The engine refuses padding and stray trailing bits, so one token has one spelling.
        let read = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).ok()?;
        let (id, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
        let (family, secret) = rest.split_first_chunk::<FAMILY_BYTES>()?;
        let secret = Zeroizing::new(*secret.first_chunk::<SECRET_BYTES>()?);
        let session_id = SessionId::from_uuid(Uuid::from_bytes(*id));
        (read == TOKEN_BYTES).then_some(Self { session_id, family: *family, secret })
    }

    /// Reads which session a text names that has the length of a token. That it is one, nobody has looked.
    pub(crate) fn named_session(text: &str) -> Option<SessionId> {
        // 24 of its characters are 18 whole bytes, and the secret is not among them.
        let mut start = [0; 18];
        let named = text.get(..24).filter(|_| text.len() == TOKEN_CHARS)?;
        URL_SAFE_NO_PAD.decode_slice(named, &mut start).ok()?;
        start.first_chunk::<ID_BYTES>().map(|id| SessionId::from_uuid(Uuid::from_bytes(*id)))
    }

    /// Returns the token's text, to be sent to its owner and to nobody else.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.to_bytes().as_slice()))
    }

    /// Returns the session it names. The name proves nothing.
    pub fn session_id(&self) -> SessionId {
        self.session_id
    }

    pub(crate) fn hash(&self, realm: &Realm) -> TokenHash {
        realm.hash("refresh-token", self.to_bytes().as_slice())
    }

    fn family_hash(&self, realm: &Realm) -> TokenHash {
        let family = self.to_bytes();
        realm.hash("refresh-family", family.get(..ID_BYTES + FAMILY_BYTES).unwrap_or_default())
    }

    /// Computes the token that replaces this one under the salt; the same for whoever asks.
    pub(crate) fn successor(&self, salt: &[u8; 32]) -> Self {
        let secret = Zeroizing::new(hmac_sha256(&self.secret, salt));
        Self { session_id: self.session_id, family: self.family, secret }
    }

    /// Copies the token, for the one case in which the presented token is also the answer.
    pub(crate) fn duplicate(&self) -> Self {
        Self { session_id: self.session_id, family: self.family, secret: self.secret.clone() }
    }

    /// The state of a session whose first token this is.
    pub(crate) fn initial_state(&self, realm: &Realm, now: DateTime<Utc>) -> RefreshState {
        RefreshState {
            family_hash: self.family_hash(realm),
            token_hash: self.hash(realm),
            previous_hash: None,
            rotation_salt: None,
            rotated_at: now,
            generation: 0,
            confirmed: false,
            recoveries: Recoveries::default(),
        }
    }

    fn to_bytes(&self) -> Zeroizing<[u8; TOKEN_BYTES]> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        let parts = self.session_id.as_uuid().into_bytes().into_iter().chain(self.family).chain(*self.secret);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        bytes
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// Whose refresh tokens they are: the issuer and the audience that stand in the access tokens beside them.
///
/// It is hashed together with each token, so that in a database that several applications share, the tokens of one find
/// no match in another.
#[derive(Clone, Copy)]
pub(crate) struct Realm(TokenHash);

impl Realm {
    pub(crate) fn new(issuer: &str, audience: &str) -> Self {
        // The length tells where the issuer ends.
        Self(TokenHash::of("realm", format!("{}:{issuer}{audience}", issuer.len()).as_bytes()))
    }

    fn hash(&self, label: &str, token: &[u8]) -> TokenHash {
        let bytes = Zeroizing::new([self.0.as_bytes().as_slice(), token].concat());
        TokenHash::of(label, &bytes)
    }
}

/// What a presented token is to the session it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The current token: rotate it.
    Current,
    /// The current token, handed out a moment ago: repeat it, so that within the grace window there is one
    /// predecessor and never a grandparent.
    CurrentInGrace,
    /// The token it replaced, a moment ago: another tab, or an answer that was lost. Give the same successor.
    PredecessorInGrace,
    /// The token it replaced, and nobody used the successor: the answer was lost. Give the same successor, and count.
    PredecessorLost,
    /// A token that had been replaced for good: two parties hold it, and one of them stole it.
    Theft,
    /// A guess. It proves nothing, so nothing follows from it.
    Unknown,
}

/// Judges a presented token. Pure: the same for the cookie of a page and the exchange itself.
pub(crate) fn classify(
    token: &RefreshToken,
    state: &RefreshState,
    realm: &Realm,
    policy: &SessionPolicy,
    now: DateTime<Utc>,
) -> Presented {
    let hash = token.hash(realm);
    // To either side, or a clock that is set back an hour would forgive replaced tokens for an hour.
    let since = (now - state.rotated_at).abs();
    let in_grace = TimeDelta::from_std(policy.refresh_grace).is_ok_and(|grace| since < grace);
    if hash == state.token_hash {
        return if in_grace && state.generation > 0 { Presented::CurrentInGrace } else { Presented::Current };
    }
    if state.previous_hash == Some(hash) {
        return match (in_grace, state.confirmed) {
            (true, _) => Presented::PredecessorInGrace,
            (false, false) if u32::from(state.recoveries.in_a_row()) < policy.refresh_recoveries => {
                Presented::PredecessorLost
            }
            (false, _) => Presented::Theft,
        };
    }
    if token.family_hash(realm) == state.family_hash { Presented::Theft } else { Presented::Unknown }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, ManualClock};

    fn token() -> RefreshToken {
        RefreshToken::issue(SessionId::new(ManualClock::new().now()).unwrap()).unwrap()
    }

    fn realm() -> Realm {
        Realm::new("https://app.example.com", "https://api.example.com")
    }

    #[test]
    fn in_another_realm_a_token_is_a_guess() {
        let (token, now) = (token(), ManualClock::new().now());
        let state = token.initial_state(&realm(), now);
        for (issuer, audience) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://api.example.com", "https://api.example.com"),
            ("https://app.example.comhttps://api.example.com", ""),
            ("", "https://app.example.comhttps://api.example.com"),
        ] {
            let other = Realm::new(issuer, audience);
            assert_eq!(classify(&token, &state, &other, &SessionPolicy::default(), now), Presented::Unknown);
        }
    }

    #[test]
    fn the_text_is_read_back_and_no_other_spelling_is() {
        let token = token();
        let text = token.expose();
        assert_eq!(text.len(), 86);
        assert_eq!(RefreshToken::parse(&text).unwrap().hash(&realm()), token.hash(&realm()));
        for odd in
            [format!("{}=", *text), format!(" {}", *text), text[..85].to_owned(), format!("{}A", *text), String::new()]
        {
            assert!(RefreshToken::parse(&odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn the_session_that_a_text_names_is_read_without_the_rest() {
        let token = token();
        let text = token.expose();
        assert_eq!(RefreshToken::named_session(&text), Some(token.session_id()));
        assert_eq!(
            RefreshToken::named_session(&format!("{}{}", &text[..24], "!".repeat(62))),
            Some(token.session_id())
        );
        for odd in
            [text[..85].to_owned(), format!("{}A", *text), format!("!{}", &text[1..]), "é".repeat(43), String::new()]
        {
            assert_eq!(RefreshToken::named_session(&odd), None, "{odd}");
        }
    }

    #[test]
    fn the_successor_is_the_same_for_whoever_asks_and_differs_by_salt() {
        let token = token();
        assert_eq!(token.successor(&[1; 32]).hash(&realm()), token.successor(&[1; 32]).hash(&realm()));
        assert_ne!(token.successor(&[1; 32]).hash(&realm()), token.successor(&[2; 32]).hash(&realm()));
        assert_eq!(token.successor(&[1; 32]).family_hash(&realm()), token.family_hash(&realm()));
    }

    #[track_caller]
    fn judged(token: &RefreshToken, state: &RefreshState, after: Duration, expected: Presented) {
        let now = state.rotated_at + after;
        assert_eq!(classify(token, state, &realm(), &SessionPolicy::default(), now), expected);
    }

    #[test]
    fn a_token_is_judged_by_what_it_proves() {
        let clock = ManualClock::new();
        let first = token();
        let second = first.successor(&[7; 32]);
        let rotated = RefreshState {
            token_hash: second.hash(&realm()),
            previous_hash: Some(first.hash(&realm())),
            rotation_salt: Some([7; 32]),
            generation: 1,
            ..first.initial_state(&realm(), clock.now())
        };
        let confirmed = RefreshState { confirmed: true, ..rotated.clone() };
        let three = Recoveries::default().with_recovery().with_recovery().with_recovery();
        let worn_out = RefreshState { recoveries: three, ..rotated.clone() };
        let older = first.successor(&[9; 32]);
        let guess = RefreshToken { family: [0; FAMILY_BYTES], ..self::token() };
        let (moment, later) = (Duration::from_secs(29), Duration::from_secs(30));

        judged(&first, &first.initial_state(&realm(), clock.now()), moment, Presented::Current);
        judged(&second, &rotated, moment, Presented::CurrentInGrace);
        judged(&second, &rotated, later, Presented::Current);
        judged(&first, &rotated, moment, Presented::PredecessorInGrace);
        judged(&first, &confirmed, moment, Presented::PredecessorInGrace);
        judged(&first, &rotated, later, Presented::PredecessorLost);
        judged(&first, &confirmed, later, Presented::Theft);
        judged(&first, &worn_out, later, Presented::Theft);
        judged(&older, &rotated, moment, Presented::Theft);
        judged(&guess, &rotated, moment, Presented::Unknown);
    }

    #[test]
    fn without_grace_and_recoveries_any_replaced_token_is_theft() {
        let clock = ManualClock::new();
        let first = token();
        let second = first.successor(&[7; 32]);
        let state = RefreshState {
            token_hash: second.hash(&realm()),
            previous_hash: Some(first.hash(&realm())),
            generation: 1,
            ..first.initial_state(&realm(), clock.now())
        };
        let strict = SessionPolicy { refresh_grace: Duration::ZERO, refresh_recoveries: 0, ..SessionPolicy::default() };
        assert_eq!(classify(&first, &state, &realm(), &strict, clock.now()), Presented::Theft);
        assert_eq!(classify(&second, &state, &realm(), &strict, clock.now()), Presented::Current);
    }
}
