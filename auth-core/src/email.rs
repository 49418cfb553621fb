//! E-mail addresses: one canonical form for identity, the typed form for people.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

/// The longest address, in bytes, in either form.
///
/// It is the longest path of RFC 5321 §4.5.3.1.3 less its angle brackets.
pub const MAX_EMAIL_BYTES: usize = 254;

const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

/// An e-mail address in its two forms.
///
/// The [canonical](Email::canonical) form decides who somebody is: lower-case local part, and the domain in A-labels.
/// The [typed](Email::as_str) form is what the owner wrote. Two values are equal when both forms are; to ask
/// whether two addresses are one identity, compare the canonical forms byte by byte.
///
/// Exactly one bare address is accepted: an ASCII local part of dot-separated atoms, and a domain of two or more
/// labels. All of this is refused:
///
/// * quoted local parts, comments, address literals, display names, lists, and `%` or `!` routes, in all of which one
///   reader may see another recipient than the next;
/// * blanks (also around the address: nothing is trimmed), control and invisible characters, which split headers;
/// * a local part that begins with `-`, which a mailer may take for an option of the program it starts;
/// * local parts outside ASCII, because databases and mail providers disagree on which of them are the same;
/// * domains in letters that stand for others, such as `ℂ` or a full-width dot; single labels, such as `localhost`;
///   a last label that does not begin with a letter, which could be read as a number of an IP address.
///
/// Dots and `+tags` keep their meaning: only the provider knows which of its addresses are one mailbox.
///
/// ```
/// use auth_core::email::Email;
///
/// let email = Email::parse("Ada.Lovelace@Bücher.example").unwrap();
/// assert_eq!(email.canonical(), "ada.lovelace@xn--bcher-kva.example");
/// assert_eq!(email.to_string(), "Ada.Lovelace@Bücher.example");
/// assert_eq!(email.to_delivery(), "Ada.Lovelace@xn--bcher-kva.example");
///
/// assert!(Email::parse("ada@example.com＠evil.test").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    canonical: String,
}

impl Email {
    /// Reads an address as somebody typed it.
    ///
    /// The canonical form is made first and then judged, so that what was checked is what is stored and compared
    /// (an address judged before its full-width `＠` turned into `@` has let strangers into accounts).
    ///
    /// # Errors
    ///
    /// [`InvalidEmail`] for anything but one plain address.
    pub fn parse(typed: &str) -> Result<Self, InvalidEmail> {
        if typed.len() > MAX_EMAIL_BYTES {
            return Err(InvalidEmail);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(InvalidEmail)?;
        let ascii = to_a_labels(domain)?;
        let canonical = format!("{}@{ascii}", local.to_ascii_lowercase());
        if is_canonical(&canonical) && is_spelling_of(domain, &ascii) {
            Ok(Self { typed: typed.to_owned(), canonical })
        } else {
            Err(InvalidEmail)
        }
    }

    /// Takes an address back from where a store kept it.
    ///
    /// Nothing is checked: both texts must be those of an address that [`parse`](Email::parse) once made. It is not
    /// parsed again, so that an account stays itself when a later release reads addresses differently.
    pub const fn from_stored(typed: String, canonical: String) -> Self {
        Self { typed, canonical }
    }

    /// Returns what the owner wrote, for showing it. So does [`Display`](fmt::Display).
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// Returns the form that decides identity.
    ///
    /// Stores make it unique and compare its bytes.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the domain in A-labels, lower-case.
    pub fn domain(&self) -> &str {
        self.canonical.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Returns the address to send mail to.
    ///
    /// That is the local part in the owner's spelling, and the domain in A-labels. A few letters, `ß` among them,
    /// become different domains in mailers of different age. Pure ASCII leaves them nothing to decide, so mail goes to
    /// the domain that was checked.
    pub fn to_delivery(&self) -> String {
        let local = self.typed.rsplit_once('@').map_or("", |(local, _)| local);
        format!("{local}@{}", self.domain())
    }
}

impl AsRef<str> for Email {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(typed: &str) -> Result<Self, InvalidEmail> {
        Self::parse(typed)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.typed)
    }
}

/// The text is not an e-mail address that is accepted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: expected one plain address, such as name@example.com")]
pub struct InvalidEmail;

/// Maps a domain by UTS 46 and writes it in lower-case A-labels.
fn to_a_labels(domain: &str) -> Result<Cow<'_, str>, InvalidEmail> {
    Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| InvalidEmail)
}

/// Judges the finished canonical form.
fn is_canonical(address: &str) -> bool {
    address.len() <= MAX_EMAIL_BYTES
        && address.split_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain))
}

fn is_local_part(local: &str) -> bool {
    // RFC 5321's atoms without the two characters that once routed mail through other hosts.
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"#$&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= MAX_LOCAL_BYTES
        && !local.starts_with('-')
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_domain(domain: &str) -> bool {
    let Some((_, last)) = domain.rsplit_once('.') else { return false };
    last.starts_with(|first: char| first.is_ascii_lowercase()) && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Tells whether a typed domain shows its A-labels as they are, but for case and composition of accents.
///
/// Mapping drops invisible characters and replaces look-alikes without a word. Whoever reads or mails to the typed
/// form would not know, so such a domain is refused. Joiners are no mistake in some scripts, and invisible all the
/// same.
fn is_spelling_of(typed: &str, ascii: &str) -> bool {
    const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];
    !typed.contains(JOINERS)
        && typed.split('.').count() == ascii.split('.').count()
        && typed.split('.').zip(ascii.split('.')).all(|(typed, ascii)| is_label_spelling_of(typed, ascii))
}

fn is_label_spelling_of(typed: &str, ascii: &str) -> bool {
    if typed.is_ascii() || !ascii.starts_with("xn--") {
        return typed.eq_ignore_ascii_case(ascii);
    }
    let (unicode, result) = Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    result.is_ok() && typed.chars().flat_map(char::to_lowercase).nfc().eq(unicode.chars())
}

#[cfg(test)]
mod tests;
