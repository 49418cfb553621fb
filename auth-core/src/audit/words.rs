//! The words of the audit log: what happened, and more about it. They are stable, since stores keep them.

use std::fmt;

use serde::Serialize;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Returns the stable word that stores and logs use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the stable word; `None` for any other.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What happened.
    AuditKind {
        /// A request was refused because a page of another origin sent it.
        CrossOrigin = "cross_origin",
        /// A user asked for what is not theirs: a role's route, or somebody's session.
        Forbidden = "forbidden",
        /// A password of another system's format was replaced by one of ours after a right sign-in.
        PasswordUpgraded = "password_upgraded",
        /// A request was refused because too many came before it.
        RateLimited = "rate_limited",
        /// A session got new tokens.
        Refresh = "refresh",
        /// A refresh token was presented that no session has.
        RefreshFailed = "refresh_failed",
        /// A refresh token that had been replaced was presented again: the session was revoked.
        RefreshReuseDetected = "refresh_reuse_detected",
        /// The user's roles changed, and with them everything issued before ended.
        RoleChanged = "role_changed",
        /// A session was found to have expired, and ended for good.
        SessionExpired = "session_expired",
        /// A session was ended by its user from another one, or made room for a new one.
        SessionRevoked = "session_revoked",
        /// A sign-in failed.
        SignInFailed = "signin_failed",
        /// A sign-in opened a session.
        SignInSuccess = "signin_success",
        /// A user signed out.
        SignOut = "signout",
        /// A sign-up failed.
        SignUpFailed = "signup_failed",
        /// A user was created.
        SignUpSuccess = "signup_success",
    }
}

words! {
    /// More about what happened.
    AuditDetail {
        /// The account was changed or disabled while its password was being verified.
        AccountChanged = "account_changed",
        /// The account is disabled.
        AccountDisabled = "account_disabled",
        /// All sessions of the user.
        AllSessions = "all_sessions",
        /// The e-mail address has an account already.
        EmailTaken = "email_taken",
        /// The user has as many sessions as are allowed, so another one ended to make room.
        Evicted = "evicted",
        /// All sessions of the user but the one that asked.
        OtherSessions = "other_sessions",
        /// A value of the application's rows is in use already.
        ProfileTaken = "profile_taken",
        /// The lost answer to a refresh was given again, after the grace window.
        Recovered = "recovered",
        /// The request was to refresh a session.
        Refresh = "refresh",
        /// The answer to a refresh was given again within the grace window, to another address or user agent than the
        /// one that refreshed. Written once for each refresh.
        Repeated = "repeated",
        /// The request was to sign in.
        SignIn = "sign_in",
        /// The request was to sign up.
        SignUp = "sign_up",
        /// The user has no session of that id, or nobody has.
        UnknownSession = "unknown_session",
        /// No session has had the token.
        UnknownToken = "unknown_token",
        /// No account has the e-mail address.
        UnknownUser = "unknown_user",
        /// The password is wrong, or the account has none.
        WrongPassword = "wrong_password",
    }
}

impl AuditKind {
    /// The kinds of refusals, of which one event may stand for many.
    pub(crate) const COUNTED: [Self; 4] = [Self::CrossOrigin, Self::Forbidden, Self::RateLimited, Self::RefreshFailed];

    /// Returns whether one event of the kind may stand for several requests, by its
    /// [`count`](super::AuditEvent::count).
    pub fn is_counted(self) -> bool {
        Self::COUNTED.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        assert_eq!(AuditKind::from_word("refresh_reuse_detected"), Some(AuditKind::RefreshReuseDetected));
        assert_eq!(AuditKind::from_word("Refresh"), None);
        assert_eq!(AuditDetail::from_word(AuditDetail::Evicted.as_str()), Some(AuditDetail::Evicted));
    }
}
