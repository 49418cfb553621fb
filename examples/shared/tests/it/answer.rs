//! What curl printed.

/// The status lines that curl's settings add after each body.
pub(crate) fn statuses(output: &str) -> Vec<&str> {
    output.lines().filter(|line| line.len() == 3 && line.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

/// The value of a field of text, where it stands first.
pub(crate) fn field<'a>(json: &'a str, name: &str) -> &'a str {
    fields(json, name).first().expect("the field is there")
}

/// The values of a field of text, wherever it stands.
pub(crate) fn fields<'a>(json: &'a str, name: &str) -> Vec<&'a str> {
    json.split(&format!("\"{name}\":\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}
