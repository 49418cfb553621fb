//! Signing and verifying JWTs by the crypto provider that a cargo feature chose.
//!
//! `jsonwebtoken` has one provider for the whole process, and its `encode` and `decode` panic where two are built in
//! and nobody installed one. So the provider of the feature is asked here, whatever the process has.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};
use crate::token::KeyError;

/// The provider of the cargo feature; AWS-LC where both are built in, `None` where neither is.
#[cfg(feature = "aws_lc_rs")]
pub(super) const PROVIDER: Option<&CryptoProvider> = Some(&jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER);

/// The provider of the cargo feature; AWS-LC where both are built in, `None` where neither is.
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
pub(super) const PROVIDER: Option<&CryptoProvider> = Some(&jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER);

/// The provider of the cargo feature; AWS-LC where both are built in, `None` where neither is.
#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
pub(super) const PROVIDER: Option<&CryptoProvider> = None;

/// Signs a header and claims.
///
/// # Errors
///
/// [`ErrorKind::Internal`] when the key cannot sign.
pub(super) fn encode<C: Serialize>(header: &Header, claims: &C, key: &EncodingKey) -> Result<String, Error> {
    let message = format!("{}.{}", part(header)?, part(claims)?);
    let signature = sign(&message, key, header.alg)?;
    Ok(format!("{message}.{signature}"))
}

/// Returns the claims of a token that the key signed with this algorithm, if they have the form of `C`.
pub(super) fn decode<C: DeserializeOwned>(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<C> {
    let (message, signature) = token.rsplit_once('.')?;
    let (_, claims) = message.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let verifier = (PROVIDER?.verifier_factory)(&algorithm, key).ok()?;
    verifier.verify(message.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Returns the signature of a text, in base64url.
pub(super) fn sign(message: &str, key: &EncodingKey, algorithm: Algorithm) -> Result<String, Error> {
    let provider = PROVIDER.ok_or_else(|| internal(KeyError::NoProvider))?;
    let signer = (provider.signer_factory)(&algorithm, key).map_err(internal)?;
    signer.try_sign(message.as_bytes()).map(|signature| URL_SAFE_NO_PAD.encode(signature)).map_err(internal)
}

fn part(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_vec(value).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(internal)
}

fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Internal).with_source(cause)
}
