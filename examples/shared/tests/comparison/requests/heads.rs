//! Request lines and headers in every shape.

use super::Request;

const LINES: [&str; 21] = [
    "GET /private HTTP/1.0",
    "GET /private HTTP/1.2",
    "GET /private HTTP/2.0",
    "GET /private HTTP/3",
    "GET /private http/1.1",
    "GET /private",
    "GET  /private HTTP/1.1",
    "GET /private  HTTP/1.1",
    " GET /private HTTP/1.1",
    "GET /private HTTP/1.1 ",
    "GET\t/private\tHTTP/1.1",
    "GET /private HTTP/1.1\r",
    "\r\nGET /private HTTP/1.1",
    "\r\n\r\nGET /private HTTP/1.1",
    "\nGET /private HTTP/1.1",
    "G\u{e9}T /private HTTP/1.1",
    "G@T /private HTTP/1.1",
    "PRI * HTTP/2.0",
    "/private",
    "GET",
    "",
];

const HOSTS: [&str; 10] = [
    "",
    "host:\r\n",
    "host: evil.test\r\n",
    "host: a b\r\n",
    "host: app.test:x\r\n",
    "host: app.test,evil.test\r\n",
    "host: [::1\r\n",
    "host: \u{e9}\r\n",
    "host: app.test\r\nhost: app.test\r\n",
    "host: app.test\r\nhost: evil.test\r\n",
];

const HEADERS: [(&str, &[u8]); 30] = [
    ("a space before the colon", b"x : y\r\n"),
    ("no colon", b"nothing\r\n"),
    ("no name", b": y\r\n"),
    ("no value", b"x:\r\n"),
    ("a name in capitals", b"X-Y: z\r\n"),
    ("an underscore", b"x_y: z\r\n"),
    ("a name that is no token", b"x(y): z\r\n"),
    ("a name that is no text", b"\xff: z\r\n"),
    ("a folded line", b"x: y\r\n z\r\n"),
    ("a NUL", b"x: y\0z\r\n"),
    ("a control character", b"x: y\x01z\r\n"),
    ("a DEL", b"x: y\x7fz\r\n"),
    ("a carriage return", b"x: y\rz\r\n"),
    ("a line feed", b"x: y\nz: a\r\n"),
    ("high bytes", b"x: \xff\xfe\r\n"),
    ("tabs", b"x:\ty\t\r\n"),
    ("a cookie", b"cookie: theme=dark\r\n"),
    ("a cookie that is no text", b"cookie: a=\xff\r\n"),
    ("cookies in two lines", b"cookie: a=b\r\ncookie: c=d\r\n"),
    ("another origin", b"origin: https://evil.test\r\n"),
    ("another token", b"authorization: Bearer x\r\n"),
    ("a range", b"range: bytes=0-1\r\n"),
    ("what it accepts", b"accept: image/png\r\naccept-encoding: gzip, br\r\n"),
    ("a condition", b"if-none-match: *\r\nif-modified-since: Sat, 01 Jan 2050 00:00:00 GMT\r\n"),
    ("another method", b"x-http-method-override: DELETE\r\n"),
    ("a forwarded address", b"x-forwarded-for: 192.0.2.1\r\nforwarded: for=192.0.2.1\r\n"),
    ("an upgrade to WebSocket", b"connection: upgrade\r\nupgrade: websocket\r\n"),
    ("an upgrade to HTTP/2", b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"),
    ("an expectation", b"expect: 100-continue\r\n"),
    ("an unknown expectation", b"expect: 200-ok\r\n"),
];

pub(super) fn all(user: &str) -> Vec<Request> {
    let mut requests: Vec<_> = LINES.map(|line| Request::of(format!("the line {line:?}"), line, user, "")).into();
    requests.push(Request::new(
        "lines that end in a line feed",
        format!("GET /private HTTP/1.1\nhost: app.test\nconnection: close\n{}\n\n", user.trim_end()),
    ));
    for host in HOSTS {
        requests.extend(["1.0", "1.1"].map(|version| {
            let head = format!("GET /private HTTP/{version}\r\n{host}connection: close\r\n{user}\r\n");
            Request::new(format!("HTTP/{version} with {host:?}"), head)
        }));
    }
    let mut headers: Vec<_> = HEADERS.map(|(shown, lines)| (shown.to_owned(), lines.to_vec())).into();
    for count in [90, 95, 100, 200] {
        headers.push((format!("{count} more lines"), b"x: y\r\n".repeat(count)));
    }
    for size in [16, 100, 500] {
        headers.push((format!("a line of {size} KiB"), format!("x: {}\r\n", "y".repeat(size << 10)).into_bytes()));
    }
    for (shown, lines) in headers {
        let lines = [user.as_bytes(), &lines].concat();
        requests.extend(
            ["/", "/private", "/auth/me"].map(|path| {
                Request::of(format!("GET {path} with {shown}"), format!("GET {path} HTTP/1.1"), &lines, "")
            }),
        );
    }
    requests
}
