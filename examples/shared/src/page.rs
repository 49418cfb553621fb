//! The web page: three files that are part of the binary, and the headers that they need.

/// A file of the page.
#[derive(Debug)]
pub struct File {
    /// Where it is served.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// What it says.
    pub text: &'static str,
}

/// The page and what it is made of.
pub static FILES: [File; 3] = [
    File { path: "/", content_type: "text/html; charset=utf-8", text: include_str!("../page/index.html") },
    File { path: "/page.css", content_type: "text/css; charset=utf-8", text: include_str!("../page/page.css") },
    File { path: "/page.js", content_type: "text/javascript; charset=utf-8", text: include_str!("../page/page.js") },
];

/// Headers for every answer, which keep a browser from doing more with a page than it was written to do.
pub const SECURITY_HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];
