//! Signing keys: one that signs, and predecessors that only verify.

mod guessable;
mod public;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use zeroize::Zeroizing;

use crate::error::fmt_chain;
use crate::secret::{TokenHash, random};

/// The shortest secret for HS256, in bytes: as long as the hash (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// The most predecessors that are kept: a key retires one access-token lifetime after its successor took over.
const MAX_PREDECESSORS: usize = 2;

/// The keys of an application: one signs, the others still verify what they signed before.
///
/// ```
/// use auth_core::token::{SigningKey, SigningKeys};
///
/// let keys = SigningKeys::hs256("an example secret of 32 bytes or more")?;
/// // Rotating: the new key signs; tokens of the old one stay good until they expire.
/// let old = SigningKey::hs256("an example secret of 32 bytes or more")?;
/// let new = SigningKey::hs256("another example secret, equally long")?;
/// let keys = SigningKeys::new(new).with_predecessor(old)?;
/// # Ok::<(), auth_core::token::KeyError>(())
/// ```
#[derive(Debug)]
pub struct SigningKeys {
    active: SigningKey,
    predecessors: Vec<SigningKey>,
}

impl SigningKeys {
    /// Starts with the key that signs.
    pub fn new(active: SigningKey) -> Self {
        Self { active, predecessors: Vec::new() }
    }

    /// Creates a single HS256 key; see [`SigningKey::hs256`].
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretTooShort`] for fewer than 32 bytes, [`KeyError::SecretGuessable`] for bytes that are not
    /// random.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        SigningKey::hs256(secret).map(Self::new)
    }

    /// Creates a random HS256 key that is forgotten when the process ends, and every access token with it.
    ///
    /// For development: sessions go on after a restart, by their refresh tokens, but two processes do not accept each
    /// other's access tokens.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoRandomness`] when the system has none to give.
    pub fn ephemeral() -> Result<Self, KeyError> {
        let secret = Zeroizing::new(random::<MIN_SECRET_BYTES>().map_err(|_| KeyError::NoRandomness)?);
        Self::hs256(secret.as_slice())
    }

    /// Adds a key that signed before and now only verifies.
    ///
    /// # Errors
    ///
    /// [`KeyError::DuplicateKey`] when the key is there already, [`KeyError::TooManyPredecessors`] for a third one.
    pub fn with_predecessor(mut self, key: SigningKey) -> Result<Self, KeyError> {
        if self.find(&key.kid).is_some() {
            return Err(KeyError::DuplicateKey);
        }
        if self.predecessors.len() == MAX_PREDECESSORS {
            return Err(KeyError::TooManyPredecessors);
        }
        self.predecessors.push(key);
        Ok(self)
    }

    pub(crate) fn active(&self) -> &SigningKey {
        &self.active
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.active).chain(&self.predecessors)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.all().find(|key| key.kid == kid)
    }

    /// Returns the public keys as a JWK set (RFC 7517). A shared secret is not in it.
    pub(crate) fn jwks(&self) -> JwkSet {
        JwkSet { keys: self.all().filter_map(|key| key.public.clone()).collect() }
    }
}

/// One key, which fixes its algorithm: a token never chooses how it is verified.
pub struct SigningKey {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    header: Header,
    public: Option<Jwk>,
}

impl SigningKey {
    /// Creates an HS256 key from a shared secret: random bytes, at least 32 of them.
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretTooShort`] for fewer than 32 bytes; [`KeyError::SecretGuessable`] where it shows that nobody
    /// drew them at random: few different ones, a pattern that repeats, a sequence, a placeholder such as `changeme`.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let secret = secret.as_ref();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::SecretTooShort { bytes: secret.len() });
        }
        if let Some(problem) = guessable::problem(secret) {
            return Err(KeyError::SecretGuessable { problem });
        }
        let digest = TokenHash::of("signing-key", secret);
        let kid = URL_SAFE_NO_PAD.encode(digest.as_bytes().get(..12).unwrap_or_default());
        Ok(Self {
            header: header(Algorithm::HS256, &kid),
            kid,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            public: None,
        })
    }

    /// Creates an `EdDSA` key from a private Ed25519 key in PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` makes
    /// it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unreadable`] when the text is not such a key.
    pub fn ed25519_pem(pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::asymmetric(EncodingKey::from_ed_pem(pem.as_ref()), Algorithm::EdDSA)
    }

    /// Creates an ES256 key from a private P-256 key in PKCS#8 PEM, as
    /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unreadable`] when the text is not such a key.
    pub fn es256_pem(pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::asymmetric(EncodingKey::from_ec_pem(pem.as_ref()), Algorithm::ES256)
    }

    fn asymmetric(encoding: jsonwebtoken::errors::Result<EncodingKey>, algorithm: Algorithm) -> Result<Self, KeyError> {
        let encoding = encoding.map_err(KeyError::Unreadable)?;
        let (kid, public) = public::public_key(&encoding, algorithm)?;
        let decoding = DecodingKey::from_jwk(&public).map_err(KeyError::Unreadable)?;
        Ok(Self { header: header(algorithm, &kid), kid, encoding, decoding, public: Some(public) })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.header.alg
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// The header of RFC 9068: the type says "access token", so that no other kind of JWT is taken for one.
fn header(algorithm: Algorithm, kid: &str) -> Header {
    Header { typ: Some("at+jwt".into()), kid: Some(kid.into()), ..Header::new(algorithm) }
}

/// A signing key that cannot be used.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The same key was added twice.
    #[error("the key is already among the signing keys")]
    DuplicateKey,
    /// No crypto provider is built in: neither the feature `aws_lc_rs` nor `rust_crypto` is enabled.
    #[error("auth-core is built without a crypto provider: enable its feature `aws_lc_rs` or `rust_crypto`")]
    NoProvider,
    /// The operating system's generator failed.
    #[error("the system has no randomness to make a key from")]
    NoRandomness,
    /// The shared secret was not drawn at random.
    #[error("a signing secret has to be random, and this one {problem}; make one with `openssl rand -base64 48`")]
    SecretGuessable {
        /// What shows it.
        problem: &'static str,
    },
    /// The shared secret is too short to be safe.
    #[error("a signing secret needs at least 32 bytes, this one has {bytes}; make one with `openssl rand -base64 48`")]
    SecretTooShort {
        /// How long it is.
        bytes: usize,
    },
    /// There are two predecessors already.
    #[error("at most 2 predecessors are kept: drop those whose tokens have all expired")]
    TooManyPredecessors,
    /// The private key could not be read.
    #[error("not a private key of the expected type in PKCS#8 PEM")]
    Unreadable(#[source] jsonwebtoken::errors::Error),
}

impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_chain(self, f)
    }
}
