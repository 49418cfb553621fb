//! The body of a request, which may hold a password or a token.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest body that is read: 16 KiB. An adapter stops reading there and hands over [`Body::TooLarge`].
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The longest time a body may take to arrive. An adapter stops waiting then and hands over [`Body::TooSlow`].
pub const MAX_BODY_WAIT: Duration = Duration::from_secs(10);

/// The body of a request, as far as it arrived. It prints its length at most.
pub enum Body {
    /// The connection failed before the end.
    Broken,
    /// All of it, at most [`MAX_BODY_BYTES`].
    Complete(BodyBytes),
    /// It is longer than that.
    TooLarge,
    /// It did not arrive within [`MAX_BODY_WAIT`].
    TooSlow,
}

impl Body {
    /// No body at all.
    pub const EMPTY: Self = Self::Complete(BodyBytes::new());
}

impl From<Bytes> for Body {
    /// Takes a body that arrived in one piece, and wipes it there, unless its memory is shared.
    fn from(bytes: Bytes) -> Self {
        let mut body = BodyBytes::new();
        body.push(bytes).map_or_else(|refused| refused, |()| Self::Complete(body))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken => f.write_str("Broken"),
            Self::Complete(bytes) => write!(f, "Complete({} bytes)", bytes.len()),
            Self::TooLarge => f.write_str("TooLarge"),
            Self::TooSlow => f.write_str("TooSlow"),
        }
    }
}

/// The bytes of a body as they arrive, at most [`MAX_BODY_BYTES`]. They are wiped from memory when dropped, also when
/// the rest of the body never comes.
#[derive(Default)]
pub struct BodyBytes(Vec<u8>);

impl BodyBytes {
    /// Creates the bytes of an empty body.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends a piece of the body, and wipes the piece, unless the server shares its memory with others.
    ///
    /// ```
    /// use auth_core::http::{Body, BodyBytes, MAX_BODY_BYTES};
    ///
    /// let mut bytes = BodyBytes::new();
    /// assert!(bytes.push("{\"password\":".into()).is_ok());
    /// assert!(bytes.push("\"secret\"}".into()).is_ok());
    /// assert_eq!(*bytes, *b"{\"password\":\"secret\"}");
    /// assert!(matches!(bytes.push(vec![b' '; MAX_BODY_BYTES].into()), Err(Body::TooLarge)));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Body::TooLarge`], to be handed over instead, when the body is longer than [`MAX_BODY_BYTES`] with the piece.
    pub fn push(&mut self, piece: Bytes) -> Result<(), Body> {
        let len = self.0.len().saturating_add(piece.len());
        let fits = len <= MAX_BODY_BYTES;
        if fits {
            self.make_room(len);
            self.0.extend_from_slice(&piece);
        }
        if let Ok(mut piece) = piece.try_into_mut() {
            piece.as_mut().zeroize();
        }
        if fits { Ok(()) } else { Err(Body::TooLarge) }
    }

    /// Moves to larger memory, and wipes the smaller, which a growing `Vec` gives back as it is.
    fn make_room(&mut self, len: usize) {
        if len > self.0.capacity() {
            let mut larger = Vec::with_capacity(len.max(self.0.capacity().saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            std::mem::replace(&mut self.0, larger).zeroize();
        }
    }
}

impl Deref for BodyBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for BodyBytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for BodyBytes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_in_pieces_is_put_together_up_to_its_limit() {
        let mut bytes = BodyBytes::new();
        for number in 0..MAX_BODY_BYTES {
            let byte = u8::try_from(number % 251).unwrap();
            assert!(bytes.push(Bytes::copy_from_slice(&[byte])).is_ok());
        }
        assert!(bytes.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251));
        assert!(bytes.push(Bytes::new()).is_ok());
        assert!(matches!(bytes.push(Bytes::from_static(b"x")), Err(Body::TooLarge)));
        assert_eq!(bytes.len(), MAX_BODY_BYTES);
    }

    #[test]
    fn whatever_holds_a_body_or_its_fields_wipes_it() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<BodyBytes>();
        is_wiped::<crate::http::body::Object>();
        is_wiped::<crate::password::Password>();
    }

    /// Memory that somebody else may read is left alone.
    #[test]
    fn a_piece_that_is_shared_stays_as_it_is() {
        let shared = Bytes::from(b"shared".to_vec());
        assert!(BodyBytes::new().push(shared.clone()).is_ok());
        assert_eq!(shared, "shared");
    }
}
