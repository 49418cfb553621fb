//! The page in a real browser: sign-up, reload, sign-out and sign-in by keyboard, in Chromium.

#[path = "../it/server.rs"]
mod server;
mod webdriver;

use self::server::{Folder, Server};
use self::webdriver::Browser;

const ENTER: &str = "\u{E007}";
const TAB: &str = "\u{E004}";

#[test]
fn a_person_signs_up_and_comes_back_by_keyboard_alone() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let browser = Browser::start(&folder);

    browser.open(&format!("http://localhost:{}/#sign-up", server.port));
    browser.write("#up-name", "Ada Lovelace");
    browser.write("#up-email", "ada@example.com");
    browser.write("#up-password", "short");
    browser.write("#up-languages", "Ada, Rust");
    browser.press(ENTER);
    browser.wait_for("#up-password-error", "at least 8 characters");
    browser.write("#up-password", " no longer");
    browser.press(ENTER);
    browser.wait_for("#user", "ada@example.com");
    browser.wait_for("#user", "Ada, Rust");
    browser.wait_for("#devices", "This device");

    browser.reload();
    browser.wait_for("#user", "Ada Lovelace");
    browser.click("[data-path='/private']");
    browser.wait_for("#guarded-answer", "hello ");
    assert_eq!(browser.script("return document.cookie"), "", "no script sees the cookies");

    browser.click("[data-scope='all']");
    browser.wait_for("#sign-in", "Sign in");
    browser.write("#in-email", "ada@example.com");
    browser.press(TAB);
    browser.press("short no longer");
    browser.press(ENTER);
    browser.wait_for("#user", "ada@example.com");

    assert_eq!(browser.script("return location.search"), "", "nothing of it is in the address");
    let stranger = folder.sh(&format!("curl http://localhost:{}/auth/me", server.port));
    assert!(stranger.ends_with("401\n"), "{stranger}");
    let log = server.log();
    assert!(log.contains("signup_success") && log.contains("signin_success") && log.contains("all_sessions"), "{log}");
    drop(browser);
    assert!(server.stop().success());
}
