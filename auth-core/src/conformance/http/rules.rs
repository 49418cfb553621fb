//! What is made of the list of all rules: tests, tables, one call for all.

#[macro_use]
mod list;

use std::fmt;

use futures_util::future::LocalBoxFuture;

use super::{Adapter, Site, World};

/// Makes a test of every rule of the [HTTP contract](crate::conformance::http).
///
/// The first argument makes a test of an async function, in whatever runtime the framework has; the second is the
/// path of an [`Adapter`](crate::conformance::http::Adapter), a value without fields. Each test is named by its rule,
/// in a module named by the rule's.
///
/// ```
/// mod app {
///     # use auth_core::conformance::http::{Adapter, Application, Server};
///     pub struct Axum;
///     # #[async_trait::async_trait(?Send)]
///     # impl Adapter for Axum {
///     #     async fn serve(&self, _app: &Application) -> Box<dyn Server> { std::process::abort() }
///     #     async fn serve_at_root(&self, _app: &Application) -> Box<dyn Server> { std::process::abort() }
///     # }
///     // impl auth_core::conformance::http::Adapter for Axum ..
/// }
///
/// auth_core::http_conformance_tests!(#[tokio::test] crate::app::Axum);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! http_conformance_tests {
    (#[$test:meta] $adapter:path) => {
        $crate::__http_rules!($crate::__http_tests, [$test][$adapter]);
    };
}

/// Makes the tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __http_tests {
    ([$test:meta] [$adapter:path] $($room:ident { world { $($world:ident)* } site { $($site:ident)* } })*) => {
        $(
            mod $room {
                $(
                    #[$test]
                    async fn $world() {
                        $crate::conformance::http::$room::$world(&$adapter).await;
                    }
                )*
                $(
                    #[$test]
                    async fn $site() {
                        let world = $crate::conformance::http::World::new(&$adapter).await;
                        $crate::conformance::http::$room::$site(&world).await;
                    }
                )*
            }
        )*
    };
}

/// Makes the tables.
macro_rules! tables {
    ($($room:ident { world { $($world:ident)* } site { $($site:ident)* } })*) => {
        /// Every rule that needs the application's clock or store.
        pub const RULES: &[Rule] = &[$($(Rule {
            name: concat!(stringify!($room), "::", stringify!($world)),
            hold: |adapter| Box::pin(super::$room::$world(adapter)),
        },)*)*];

        /// Every rule that needs nothing but a running application.
        pub const SITE_RULES: &[SiteRule] = &[$($(SiteRule {
            name: concat!(stringify!($room), "::", stringify!($site)),
            hold: |site| Box::pin(super::$room::$site(site)),
        },)*)*];
    };
}

__http_rules!(tables);

/// A rule about an application whose clock and store are in hand.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The path of its function in this module.
    pub name: &'static str,
    /// The function.
    pub hold: for<'a> fn(&'a dyn Adapter) -> LocalBoxFuture<'a, ()>,
}

/// A rule about an application that runs somewhere.
#[derive(Clone, Copy)]
pub struct SiteRule {
    /// The path of its function in this module.
    pub name: &'static str,
    /// The function.
    pub hold: for<'a> fn(&'a Site) -> LocalBoxFuture<'a, ()>,
}

/// Checks every rule, one after the other.
///
/// # Panics
///
/// At the first rule that the adapter breaks.
pub async fn run_all(adapter: &dyn Adapter) {
    for rule in RULES {
        (rule.hold)(adapter).await;
    }
    for rule in SITE_RULES {
        let world = World::new(adapter).await;
        (rule.hold)(&world).await;
    }
}

/// Checks every rule that needs nothing but a running application, such as a server at the other end of a socket.
///
/// # Panics
///
/// At the first rule that the application breaks.
pub async fn run_over_network(site: &Site) {
    for rule in SITE_RULES {
        (rule.hold)(site).await;
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

impl fmt::Debug for SiteRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SiteRule").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What is not in the list is not asked of anybody.
    #[test]
    fn every_rule_is_in_the_list() {
        let mut written = BTreeSet::new();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance/http");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let room = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.is_dir() || room == "rules" {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let rules = text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('));
            let is_rule = |rest: &str| matches!(rest, "adapter: &dyn Adapter) {" | "site: &Site) {");
            written.extend(rules.filter(|(_, rest)| is_rule(rest)).map(|(name, _)| format!("{room}::{name}")));
        }
        let listed = RULES.iter().map(|rule| rule.name).chain(SITE_RULES.iter().map(|rule| rule.name));
        assert_eq!(listed.map(str::to_owned).collect::<BTreeSet<_>>(), written);
    }
}
