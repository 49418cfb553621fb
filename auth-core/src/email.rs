//! E-mail addresses: one canonical form for identity, the typed form for delivery.

/// An e-mail address in its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    canonical: String,
}
