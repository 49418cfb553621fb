//! The rule about names: one spelling for one thing.

use super::Finding;
use super::tree::Tree;

/// What is not said here, and what is said instead.
const SPELLINGS: &[(&str, &str)] = &[
    ("login", "sign_in"),
    ("logon", "sign_in"),
    ("logout", "sign_out"),
    ("signin", "sign_in"),
    ("signout", "sign_out"),
    ("signup", "sign_up"),
];

/// The table of endpoints, which has `login` and `logout` as aliases in the paths.
const ALIASES: &str = "auth-core/src/http/endpoint.rs";

/// Refuses names in the libraries that spell a term of this project differently.
///
/// Names are looked at part by part, so that `SigningKeys` is not taken for `signin`. Strings are not looked at: paths
/// and wire names say `signin`.
pub(crate) fn vocabulary(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.is_library() && file.path != ALIASES) {
        for (number, line) in file.shipped() {
            for name in line.code.split(|c: char| !c.is_alphanumeric() && c != '_') {
                if let Some(spelling) = parts(name).iter().find_map(|part| spelling(part)) {
                    let advice = format!("spell `{name}` with `{spelling}`, as everywhere else");
                    findings.push(Finding::new(&file.path, number, advice));
                }
            }
        }
    }
    findings
}

fn spelling(part: &str) -> Option<&'static str> {
    SPELLINGS.iter().find(|(refused, _)| *refused == part).map(|(_, spelling)| *spelling)
}

/// Cuts `snake_case` and `CamelCase` names into their words, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && after_small) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c != '_') {
            part.extend(c.to_lowercase());
        }
        after_small = c.is_lowercase();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn a_term_has_one_spelling() {
        let path = "auth-core/src/auth.rs";
        assert_lines(vocabulary, path, "fn login_user() {}\nstruct SignupRequest;\nconst SIGNIN: u8 = 1;", &[1, 2, 3]);
        assert_clean(vocabulary, path, "fn sign_in(keys: SigningKeys) -> SignInOutcome { assigning() }");
        assert_clean(vocabulary, path, "/// Also called login.\n#[serde(rename = \"signin_failed\")]\nSignInFailed,");
    }

    #[test]
    fn aliases_examples_and_tests_are_free() {
        let text = "fn login() {}";
        assert_clean(vocabulary, "auth-core/src/http/endpoint.rs", text);
        assert_clean(vocabulary, "auth-core/tests/it/main.rs", text);
        assert_clean(vocabulary, "examples/example-axum/src/main.rs", text);
    }
}
