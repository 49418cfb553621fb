//! A browser, driven by the WebDriver protocol (<https://www.w3.org/TR/webdriver2/>): JSON over HTTP, sent with curl.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Folder;

/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keeps the browser from calling home, and lets it run as root in a container.
const ARGUMENTS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
];

/// A headless Chromium with an empty profile, until it is dropped.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    folder: PathBuf,
}

impl Browser {
    pub(crate) fn start(folder: &Folder) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver").arg(format!("--port={port}")).stdout(Stdio::null()).spawn();
        let driver = driver.expect("chromedriver is installed");
        let mut browser =
            Self { driver, session: format!("http://127.0.0.1:{port}/session"), folder: folder.path().to_owned() };
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": ARGUMENTS}}}});
        let created = retry(|| browser.try_call("POST", "", &wanted)).expect("the driver opens a browser");
        let id = created.pointer("/sessionId").and_then(Value::as_str).expect("the session has an id");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    pub(crate) fn open(&self, url: &str) {
        self.call("POST", "/url", &json!({"url": url}));
    }

    pub(crate) fn reload(&self) {
        self.call("POST", "/refresh", &json!({}));
    }

    pub(crate) fn click(&self, selector: &str) {
        self.call("POST", &format!("/element/{}/click", self.find(selector)), &json!({}));
    }

    /// Types into a field, behind what is there.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.call("POST", &format!("/element/{}/value", self.find(selector)), &json!({"text": text}));
    }

    /// Types where the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let strokes = keys
            .chars()
            .flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]);
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>()});
        self.call("POST", "/actions", &json!({"actions": [keyboard]}));
    }

    /// Runs a script and returns its result as text.
    pub(crate) fn script(&self, script: &str) -> String {
        let result = self.call("POST", "/execute/sync", &json!({"script": script, "args": []}));
        result.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element that can be seen says something.
    pub(crate) fn wait_for(&self, selector: &str, text: &str) {
        let visible_text = || {
            let element = self.try_find(selector)?;
            let said = self.try_call("GET", &format!("/element/{element}/text"), &Value::Null)?;
            said.as_str().map(str::to_owned)
        };
        let seen = retry(|| visible_text().filter(|said| said.contains(text)));
        assert!(seen.is_some(), "{selector} does not say {text:?} but {:?}", visible_text());
    }

    fn find(&self, selector: &str) -> String {
        retry(|| self.try_find(selector)).unwrap_or_else(|| panic!("there is no {selector}"))
    }

    fn try_find(&self, selector: &str) -> Option<String> {
        let found = self.try_call("POST", "/element", &json!({"using": "css selector", "value": selector}))?;
        found.get(ELEMENT).and_then(Value::as_str).map(str::to_owned)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body).unwrap_or_else(|| panic!("{method} {path} with {body} failed"))
    }

    /// Sends a command; `None` when there is no answer, or one that reports an error.
    fn try_call(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--disable", "--fail", "-X", method, &format!("{}{path}", self.session)]);
        if !body.is_null() {
            curl.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
        }
        let output = curl.current_dir(&self.folder).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
        answer.get("value").cloned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.try_call("DELETE", "", &Value::Null);
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// Tries for ten seconds.
fn retry<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    (0..200).find_map(|_| {
        let result = attempt();
        if result.is_none() {
            thread::sleep(Duration::from_millis(50));
        }
        result
    })
}
