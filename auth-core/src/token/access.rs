//! Access tokens: JWTs of the profile of RFC 9068, checked without the database.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::decode_header;
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, ErrorKind};
use crate::id::{SessionId, UserId, uuid_v7};
use crate::policy::TokenPolicy;
use crate::role::Role;
use crate::session::Session;
use crate::token::jwt;
use crate::token::keys::SigningKey;
use crate::token::verified::VerifiedTokens;
use crate::token::{AccessToken, SigningKeys};
use crate::user::{User, check_roles};

/// The longest token that is looked at, in bytes. Ours have about 600.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What an access token says: true when it was issued, and up to its lifetime behind since.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// The user.
    pub user_id: UserId,
    /// The session the token belongs to.
    pub session_id: SessionId,
    /// The user's roles when the token was issued.
    pub roles: Vec<Role>,
    /// When the user signed in.
    pub auth_time: DateTime<Utc>,
    /// When the token was issued.
    pub issued_at: DateTime<Utc>,
    /// The first instant at which the token is no longer accepted.
    pub expires_at: DateTime<Utc>,
    pub(crate) auth_epoch: i64,
    pub(crate) generation: i64,
}

impl Claims {
    /// Returns whether the token carries the role.
    pub fn has_role(&self, role: &Role) -> bool {
        self.roles.contains(role)
    }
}

/// What a token says that we signed, whatever the time is.
#[derive(Clone)]
pub(super) struct Signed {
    claims: Claims,
    /// The first instant at which it is accepted, but for other nodes' clocks that run ahead.
    starts_at: DateTime<Utc>,
}

/// A token whose signature and claims are right.
pub(crate) enum Verified {
    /// It is accepted.
    Live(Claims),
    /// It was ours, and its time is over.
    Expired(Claims),
}

/// Issues and verifies access tokens.
pub(crate) struct AccessTokens {
    keys: SigningKeys,
    issuer: String,
    audience: String,
    policy: TokenPolicy,
    known: VerifiedTokens<Signed>,
}

/// The claims as they stand in the token. Every one is required, and of exactly this type.
#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
    epoch: i64,
    #[serde(rename = "gen")]
    generation: i64,
    roles: Vec<Role>,
    amr: Vec<String>,
    auth_time: i64,
}

impl AccessTokens {
    pub(crate) fn new(keys: SigningKeys, issuer: String, audience: String, policy: TokenPolicy) -> Self {
        let known = VerifiedTokens::new(policy.verified_tokens);
        Self { keys, issuer, audience, policy, known }
    }

    pub(crate) fn ttl(&self) -> Duration {
        self.policy.access_ttl
    }

    pub(crate) fn jwks(&self) -> JwkSet {
        self.keys.jwks()
    }

    /// Issues a token for the session, to live for the policy's time but never longer than the session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] for a user with more roles than a token holds: what would not be accepted is not issued.
    pub(crate) fn issue(
        &self,
        user: &User,
        session: &Session,
        generation: i64,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, Error> {
        self.sign(self.keys.active(), user, session, generation, now)
    }

    fn sign(
        &self,
        key: &SigningKey,
        user: &User,
        session: &Session,
        generation: i64,
        now: DateTime<Utc>,
    ) -> Result<AccessToken, Error> {
        check_roles(&user.roles).map_err(|cause| Error::new(ErrorKind::Internal).with_source(cause))?;
        let iat = now.timestamp();
        let ttl = i64::try_from(self.policy.access_ttl.as_secs()).unwrap_or(0);
        let wire = Wire {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user.id,
            sid: session.id,
            iat,
            nbf: iat,
            exp: (iat + ttl).min(session.expires_at.timestamp()),
            jti: uuid_v7(now)?,
            epoch: session.auth_epoch,
            generation,
            roles: user.roles.clone(),
            amr: vec!["pwd".to_owned()],
            auth_time: session.created_at.timestamp(),
        };
        jwt::encode(key.header(), &wire, key.encoding()).map(AccessToken::new)
    }

    /// Checks a token: form, type, key, algorithm, signature, issuer, audience, and times by the injected clock.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthenticated`], the same for every reason.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, Error> {
        self.check(token, now).ok_or_else(|| ErrorKind::Unauthenticated.into())
    }

    fn check(&self, token: &str, now: DateTime<Utc>) -> Option<Verified> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        if let Some(signed) = self.known.find(token) {
            return self.judge(signed, now);
        }
        let signed = self.read(token)?;
        let verified = self.judge(signed.clone(), now)?;
        if let Verified::Live(_) = verified {
            self.known.keep(token, signed);
        }
        Some(verified)
    }

    /// Reads a token of ours: all that can be said of it without a clock, and so said once.
    fn read(&self, token: &str) -> Option<Signed> {
        let header = decode_header(token).ok()?;
        let key = self.keys.find(header.kid.as_deref()?)?;
        // Extensions that have to be understood are not, so none may be demanded (RFC 7515, 4.1.11).
        if header.alg != key.algorithm() || header.crit.is_some() || !is_access_token_type(header.typ.as_deref()?) {
            return None;
        }
        let wire: Wire = jwt::decode(token, key.decoding(), key.algorithm())?;
        if wire.iss != self.issuer || wire.aud != self.audience {
            return None;
        }
        let ttl = i64::try_from(self.policy.access_ttl.as_secs()).ok()?;
        // Any number may stand in a token, so the difference may be none.
        let in_policy = wire.exp.checked_sub(wire.iat).is_some_and(|lifetime| (0..=ttl).contains(&lifetime));
        wire.into_signed().filter(|_| in_policy)
    }

    /// Holds the times of a token against the clock.
    fn judge(&self, signed: Signed, now: DateTime<Utc>) -> Option<Verified> {
        let horizon = now + TimeDelta::from_std(self.policy.leeway).ok()?;
        let Signed { claims, starts_at } = signed;
        if starts_at.timestamp() > horizon.timestamp() {
            return None;
        }
        Some(if now < claims.expires_at { Verified::Live(claims) } else { Verified::Expired(claims) })
    }

    /// Signs and verifies once with every key, so that a wrong set-up fails at start-up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when a key cannot sign, or what it signs does not verify.
    pub(crate) fn self_test(&self, session: &Session, user: &User, now: DateTime<Utc>) -> Result<(), Error> {
        for key in self.keys.all() {
            let token = self.sign(key, user, session, 0, now)?;
            self.verify(token.expose(), now).map_err(|cause| Error::new(ErrorKind::Internal).with_source(cause))?;
        }
        Ok(())
    }
}

impl Wire {
    fn into_signed(self) -> Option<Signed> {
        let starts_at = DateTime::from_timestamp(self.iat.max(self.nbf), 0)?;
        let claims = Claims {
            user_id: self.sub,
            session_id: self.sid,
            roles: self.roles,
            auth_time: DateTime::from_timestamp(self.auth_time, 0)?,
            issued_at: DateTime::from_timestamp(self.iat, 0)?,
            expires_at: DateTime::from_timestamp(self.exp, 0)?,
            auth_epoch: self.epoch,
            generation: self.generation,
        };
        Some(Signed { claims, starts_at })
    }
}

/// RFC 9068, 2.1: `at+jwt`, with or without the media type's prefix, in any case.
fn is_access_token_type(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}

#[cfg(test)]
mod tests;
