//! Rules that refuse words in code: one table each, and one search for all.

use super::Finding;
use super::tree::{File, Tree};

/// Words that the code of some files must not hold.
struct Ban {
    words: &'static [&'static str],
    files: fn(&File) -> bool,
    tests: Tests,
    /// What to do instead; `{}` stands for the word.
    advice: &'static str,
}

/// Whether a ban is for tests too.
enum Tests {
    Exempt,
    Included,
}

const LAYERS: &[Ban] = &[
    Ban {
        words: &[
            "sqlx",
            "MemoryStore",
            "MySqlStore",
            "PostgresStore",
            "SqliteStore",
            "SqlxStore",
            "dyn Store",
            ".find_session(",
        ],
        files: File::is_adapter,
        tests: Tests::Exempt,
        advice: "ask `Auth` instead of naming `{}`: an adapter knows no store, or it could skip a check",
    },
    Ban {
        words: &["cookie::", "CookieJar", ".cookie(", ".cookie_raw(", ".cookies(", ".cookies_raw("],
        files: File::is_adapter,
        tests: Tests::Exempt,
        advice: "hand the headers to auth-core instead of using `{}`: cookies are read in one place, by its rules",
    },
    Ban {
        words: &["ConnectionInfo", ".connection_info(", ".realip_remote_addr("],
        files: File::is_adapter,
        tests: Tests::Exempt,
        advice: "hand over the socket's address instead of `{}`: whom to believe is decided in `client_ip.rs`",
    },
    Ban {
        words: &["actix", "actix_web", "axum", "sqlx", "tokio", "auth_axum", "auth_actix", "auth_sqlx"],
        files: File::is_core,
        tests: Tests::Exempt,
        advice: "move this to an adapter or a store: auth-core does not know `{}`",
    },
];

const HABITS: &[Ban] = &[
    Ban {
        words: &["let _ =", "let _:"],
        files: |_| true,
        tests: Tests::Exempt,
        advice: "handle the result, or `drop` a value that is no result, instead of `{}`",
    },
    Ban {
        words: &["#[allow(", "#![allow("],
        files: |_| true,
        tests: Tests::Included,
        advice: "write `expect(.., reason = \"..\")` instead of `{}`: it says why, and when it is needed no longer",
    },
    Ban {
        words: &["todo!", "unimplemented!", "dbg!"],
        files: |_| true,
        tests: Tests::Included,
        advice: "finish this instead of leaving `{}`",
    },
    Ban {
        words: &["#[ignore]", "#[ignore ="],
        files: |_| true,
        tests: Tests::Included,
        advice: "let the test run, or delete it: an ignored one proves nothing",
    },
    Ban {
        words: &["unsafe"],
        files: |_| true,
        tests: Tests::Included,
        advice: "do without `{}`: this project has none",
    },
];

const ROOMS: &[Ban] = &[
    Ban {
        words: &["Instant::now", "SystemTime::now", "Local::now", "Utc::now"],
        files: |file| file.is_library() && file.path != "auth-core/src/clock.rs",
        tests: Tests::Exempt,
        advice: "take the time from `Clock` instead of `{}`, so that tests can hold it still",
    },
    Ban {
        words: &["getrandom", "rand::", "OsRng", "thread_rng"],
        files: |file| file.is_library() && file.path != "auth-core/src/secret.rs",
        tests: Tests::Exempt,
        advice: "take randomness from `secret.rs` instead of `{}`: there is one source of it",
    },
    Ban {
        words: &["Uuid::new_v4", "Uuid::now_v7"],
        files: |file| file.is_library() && file.path != "auth-core/src/id.rs",
        tests: Tests::Exempt,
        advice: "make ids in `id.rs` instead of by `{}`",
    },
];

/// Refuses code in a layer that must not know what it names.
pub(crate) fn layers(tree: &Tree) -> Vec<Finding> {
    search(tree, LAYERS)
}

/// Refuses what no file of this project holds.
pub(crate) fn habits(tree: &Tree) -> Vec<Finding> {
    search(tree, HABITS)
}

/// Refuses time, randomness and random ids from anywhere but their rooms.
pub(crate) fn rooms(tree: &Tree) -> Vec<Finding> {
    search(tree, ROOMS)
}

fn search(tree: &Tree, bans: &[Ban]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for ban in bans.iter().filter(|ban| (ban.files)(file)) {
            let lines: Vec<_> = match ban.tests {
                Tests::Exempt => file.shipped().collect(),
                Tests::Included => file.numbered().collect(),
            };
            for (number, line) in lines {
                for word in ban.words.iter().filter(|word| holds(&line.code, word)) {
                    findings.push(Finding::new(&file.path, number, ban.advice.replace("{}", word)));
                }
            }
        }
    }
    findings
}

/// Returns whether `code` holds `word`, and not as a part of a longer name.
fn holds(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|after| after.chars().next());
        !continues(before, word.chars().next()) && !continues(word.chars().next_back(), after)
    })
}

/// Returns whether two neighbours belong to one name.
fn continues(left: Option<char>, right: Option<char>) -> bool {
    let of_a_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    of_a_name(left) && of_a_name(right)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn an_adapter_knows_no_store() {
        let path = "auth-axum/src/extract.rs";
        assert_lines(
            layers,
            path,
            "use auth_sqlx::SqliteStore;\nfn f(s: &dyn Store) { s.find_session(id); }",
            &[1, 2, 2],
        );
        assert_lines(layers, path, "use axum_extra::extract::CookieJar;\ncookie::Cookie::parse(x);", &[1, 2]);
        let actix = "auth-actix/src/request.rs";
        assert_lines(layers, actix, "use auth_sqlx::SqliteStore;\nrequest.cookie(\"access\");", &[1, 2]);
        assert_clean(layers, path, "/// Works with `SqliteStore`.\nlet a = \"sqlx\"; auth.authenticate(credential);");
        assert_clean(layers, "auth-sqlx/src/store.rs", "use sqlx::Database;");
        assert_clean(layers, "auth-axum/tests/it/main.rs", "use auth_sqlx::SqliteStore;");
    }

    #[test]
    fn an_adapter_believes_no_header_about_addresses() {
        let path = "auth-actix/src/request.rs";
        assert_lines(layers, path, "request.connection_info().host();\nf(c: ConnectionInfo) {}", &[1, 2]);
        assert_clean(layers, path, "let peer = request.peer_addr(); // not ConnectionInfo");
        assert_clean(layers, "auth-axum/src/request.rs", "parts.extensions.get::<ConnectInfo<SocketAddr>>()");
    }

    #[test]
    fn the_core_knows_no_framework_and_no_runtime() {
        assert_lines(layers, "auth-core/src/auth.rs", "use tokio::time;\nimpl From<axum::Error> for E {}", &[1, 2]);
        assert_clean(
            layers,
            "auth-core/src/auth.rs",
            "//! Runs on tokio.\n#[cfg(test)]\nmod tests {\n#[tokio::test]\n}",
        );
    }

    #[test]
    fn results_are_not_thrown_away() {
        assert_lines(habits, "a/src/b.rs", "let _ = send();\nlet _unused = 1;", &[1]);
        assert_clean(habits, "a/tests/it/b.rs", "let _ = send();");
    }

    #[test]
    fn lints_are_expected_and_not_allowed() {
        assert_lines(habits, "a/src/b.rs", "#[allow(dead_code)]\n#![allow(x)]", &[1, 2]);
        assert_clean(habits, "a/src/b.rs", "#[expect(dead_code, reason = \"..\")]");
    }

    #[test]
    fn nothing_is_left_unfinished() {
        assert_lines(habits, "a/src/b.rs", "todo!()\nunimplemented!()\ndbg!(x)\n#[ignore]", &[1, 2, 3, 4]);
        assert_lines(habits, "a/tests/b.rs", "#[ignore = \"slow\"]\nunsafe { x() }", &[1, 2]);
        assert_clean(habits, "a/src/b.rs", "// todo!() and unsafe\nlet unsafe_code = \"dbg!()\";");
    }

    #[test]
    fn clocks_and_randomness_stay_in_their_rooms() {
        let text = "Instant::now();\ngetrandom::fill(&mut x);\nUuid::now_v7();";
        assert_lines(rooms, "auth-core/src/auth.rs", text, &[1, 2, 3]);
        assert_lines(rooms, "auth-core/src/clock.rs", text, &[2, 3]);
        assert_lines(rooms, "auth-core/src/secret.rs", text, &[1, 3]);
        assert_lines(rooms, "auth-core/src/id.rs", text, &[1, 2]);
        assert_clean(rooms, "auth-core/tests/it/main.rs", text);
        assert_clean(rooms, "auth-core/src/auth.rs", "self.clock.now(); operand::x();");
    }
}
