//! The public half of a private key, as it stands in a JWK set.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::KeyUtils;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType, Jwk,
    KeyAlgorithm, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, EncodingKey};
use sha2::{Digest, Sha256};

use super::KeyError;
use crate::token::jwt;

/// Computes the public key of an ES256 or `EdDSA` key, under its thumbprint (RFC 7638) as the key id.
pub(super) fn public_key(private: &EncodingKey, algorithm: Algorithm) -> Result<(String, Jwk), KeyError> {
    let utils = &jwt::PROVIDER.ok_or(KeyError::NoProvider)?.key_utils;
    let is_p256 = algorithm == Algorithm::ES256;
    let (parameters, members, name) = if is_p256 { p256(utils, private)? } else { ed25519(utils, private)? };
    let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
    let common = CommonParameters {
        public_key_use: Some(PublicKeyUse::Signature),
        key_algorithm: Some(name),
        key_id: Some(kid.clone()),
        ..CommonParameters::default()
    };
    Ok((kid, Jwk { common, algorithm: parameters }))
}

/// The key's parameters, those of them that the thumbprint is computed from, and the algorithm's name.
type Parts = (AlgorithmParameters, String, KeyAlgorithm);

fn p256(utils: &KeyUtils, private: &EncodingKey) -> Result<Parts, KeyError> {
    let key = (utils.ec_pub_components_from_private_key)(private.as_bytes(), Algorithm::ES256);
    let (curve, x, y) = key.map_err(KeyError::Unreadable)?;
    let [x, y] = [x, y].map(|number| URL_SAFE_NO_PAD.encode(number));
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let parameters = EllipticCurveKeyParameters { key_type: EllipticCurveKeyType::EC, curve, x, y };
    Ok((AlgorithmParameters::EllipticCurve(parameters), members, KeyAlgorithm::ES256))
}

fn ed25519(utils: &KeyUtils, private: &EncodingKey) -> Result<Parts, KeyError> {
    let curve = EllipticCurve::Ed25519;
    let key = (utils.ed_pub_components_from_private_key)(private.as_bytes(), &curve);
    let x = URL_SAFE_NO_PAD.encode(key.map_err(KeyError::Unreadable)?);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let parameters = OctetKeyPairParameters { key_type: OctetKeyPairType::OctetKeyPair, curve, x };
    Ok((AlgorithmParameters::OctetKeyPair(parameters), members, KeyAlgorithm::EdDSA))
}
