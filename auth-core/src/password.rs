//! Passwords: which are accepted, how they are hashed, and how stored hashes are verified.

mod argon2;
mod common_passwords;
mod hash_pool;
mod legacy;
mod policy;

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use tracing::Instrument;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use self::argon2::{Argon2Hash, Cost};
use self::hash_pool::{HashPool, Workspace};
use self::legacy::BcryptHash;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::policy::{HashPolicy, PasswordPolicy};
use crate::telemetry::HashPlace;

/// A password as somebody typed it. It cannot be printed, and is wiped from memory when dropped.
///
/// Nothing is trimmed, folded or cut. Before a password is hashed it is brought into Unicode's form NFC, so that `é`
/// is the same from a keyboard that sends one code point and from one that sends two; the lossy form NFKC is not
/// used.
///
/// ```
/// use auth_core::password::Password;
///
/// let password = Password::new("correct horse battery staple");
/// assert_eq!(format!("{password:?}"), "Password(..)");
/// ```
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed, whatever it is: whether it will do is for the policy to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the bytes as typed, which is what other systems hashed.
    pub(crate) fn as_typed(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns the NFC form, which is what this library hashes.
    pub(crate) fn normalized(&self) -> Zeroizing<String> {
        if is_nfc(&self.0) {
            return self.0.clone();
        }
        // NFC grows UTF-8 at most threefold; with room for that, no half-written copy is left behind unwiped.
        let mut text = Zeroizing::new(String::with_capacity(self.0.len().saturating_mul(3)));
        text.extend(self.0.nfc());
        text
    }
}

impl ZeroizeOnDrop for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password's hash as a store keeps it: one line of text, of this library's making or another's.
///
/// Any text is taken, since it comes from a database; what cannot be verified matches no password. Comparison takes
/// the same time wherever the first difference stands.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash back from where a store kept it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text to store, at most 512 bytes of ASCII for every hash that this library makes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells the operator about a hash that locks its owner out. Empty text, and text after `!`, is how systems write
    /// that an account has no password, which is nothing to tell.
    fn warn_unless_marker(&self) {
        if !self.0.is_empty() && !self.0.starts_with('!') {
            tracing::warn!("a stored password hash is of no supported kind or cost, so no password can match it");
        }
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for PasswordHash {}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// What the flows do with passwords.
pub(crate) struct Passwords {
    pool: HashPool,
    clock: Arc<dyn Clock>,
    policy: PasswordPolicy,
    cost: Cost,
    dummy: Argon2Hash,
}

impl Passwords {
    /// Starts the hashing threads.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when a policy is out of bounds, or the system has no threads or no randomness to give.
    pub(crate) fn new(hash: &HashPolicy, policy: PasswordPolicy, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        if let Some(problem) = hash.problem().or_else(|| policy.problem()) {
            return Err(Error::new(ErrorKind::Internal).with_source(problem));
        }
        let cost = Cost::of(hash);
        let pool = HashPool::new(hash, Arc::clone(&clock))?;
        Ok(Self { pool, clock, policy, cost, dummy: Argon2Hash::dummy(cost)? })
    }

    /// Checks a new password against the policy; `own_words` are the account's e-mail address and name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PasswordRejected`], with the reasons under the field `password`.
    pub(crate) fn check(&self, password: &Password, own_words: &[&str]) -> Result<(), Error> {
        policy::check(&self.policy, password, own_words).map_err(Error::password_rejected)
    }

    /// Hashes a password for storage. It does not [`check`](Self::check) it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Overloaded`] when too many wait already; [`ErrorKind::Internal`].
    pub(crate) async fn hash(&self, password: &Password) -> Result<PasswordHash, Error> {
        let (text, cost) = (password.normalized(), self.cost);
        let hash = self.run(move |workspace| Argon2Hash::of(text.as_bytes(), cost, workspace)).await?;
        Ok(hash.to_phc())
    }

    /// Compares a password with what is stored, by exactly one hash whatever that is.
    ///
    /// Where nothing is stored, or nothing that could ever match, the work is that of a current hash and the answer
    /// is [`Verdict::Wrong`]: time must not tell which accounts exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Overloaded`] when too many wait already; [`ErrorKind::Internal`].
    pub(crate) async fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> Result<Verdict, Error> {
        match stored.map_or(Stored::Unusable, Stored::parse) {
            Stored::Argon2(hash) => {
                let outdated = hash.is_outdated(self.cost);
                Ok(Verdict::new(self.matches(hash, password).await?, outdated))
            }
            Stored::Bcrypt(hash) => {
                let typed = Zeroizing::new(password.as_typed().to_vec());
                let right = self.run(move |workspace| Ok(hash.matches(&typed, workspace))).await?;
                Ok(Verdict::new(right, true))
            }
            Stored::Unusable => {
                stored.inspect(|hash| hash.warn_unless_marker());
                self.matches(self.dummy.clone(), password).await?;
                Ok(Verdict::Wrong)
            }
        }
    }

    /// Returns how many hashes were computed so far, of either kind and for either purpose.
    pub(crate) fn hashes_run(&self) -> u64 {
        self.pool.hashes_run()
    }

    async fn matches(&self, hash: Argon2Hash, password: &Password) -> Result<bool, Error> {
        let text = password.normalized();
        self.run(move |workspace| hash.matches(text.as_bytes(), workspace)).await
    }

    /// Runs work on one of the threads, and measures its wait and itself.
    async fn run<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(&mut Workspace) -> Result<T, Error> + Send + 'static,
    {
        let place = HashPlace::new(&self.clock);
        let work = self.pool.run(move |workspace| place.run(|| work(workspace)));
        work.instrument(tracing::debug_span!(target: "auth::hash", "auth.hash")).await
    }
}

/// Whether a password is the one that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    Right,
    /// It is, and its hash should be replaced by one of the current kind and cost.
    RightButOutdated,
    /// It is not, or nothing is stored that could match.
    Wrong,
}

impl Verdict {
    fn new(right: bool, outdated: bool) -> Self {
        match (right, outdated) {
            (true, false) => Self::Right,
            (true, true) => Self::RightButOutdated,
            (false, _) => Self::Wrong,
        }
    }
}

/// A stored hash by the way in which it is verified.
enum Stored {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Unusable,
}

impl Stored {
    fn parse(hash: &PasswordHash) -> Self {
        let text = hash.as_str();
        let argon2 = || Argon2Hash::parse(text).map(Self::Argon2);
        let bcrypt = || BcryptHash::parse(text).map(Self::Bcrypt);
        argon2().or_else(bcrypt).unwrap_or(Self::Unusable)
    }
}

#[cfg(test)]
mod tests;
