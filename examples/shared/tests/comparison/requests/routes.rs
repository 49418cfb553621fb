//! Every path with every method, by everybody.

use auth_core::{Auth, MemoryStore, SigningKeys, Transport};

use super::{Request, bearer};

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"];

/// Paths beside those of core's table, whether there is something or not.
const PATHS: [&str; 14] = [
    "/",
    "/page.css",
    "/page.js",
    "/private",
    "/claims",
    "/admin",
    "/nothing",
    "/auth",
    "/auth/",
    "/auth/nothing",
    "/api",
    "/api/auth",
    "/api/auth/",
    "/api/auth/nothing/at/all",
];

pub(super) fn all(user: &str, admin: &str) -> Vec<Request> {
    let mounts = ["/auth", "/api/auth"].into_iter();
    let auth = Auth::builder(MemoryStore::new(), SigningKeys::ephemeral().unwrap()).build().unwrap();
    let paths: Vec<_> = auth.http().routes(&Transport::Bearer.into()).map(|route| route.path).collect();
    let table = mounts.flat_map(|mount| paths.iter().map(move |path| format!("{mount}{}", path.replace("{id}", "x"))));
    let mut requests = Vec::new();
    for path in PATHS.into_iter().map(str::to_owned).chain(table) {
        let everybody = [("nobody", String::new()), ("a user", bearer(user)), ("an administrator", bearer(admin))];
        // Who signs out here is gone for the requests that come after.
        let some = if path.ends_with("out") { 1 } else { everybody.len() };
        for (who, credential) in &everybody[..some] {
            requests.extend(METHODS.map(|method| {
                let title = format!("{method} {path} by {who}");
                Request::of(title, format!("{method} {path} HTTP/1.1"), credential, "")
            }));
        }
    }
    requests
}
