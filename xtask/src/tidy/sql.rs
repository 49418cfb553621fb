//! Rules about SQL: where it may stand, and how it is never made.

use super::Finding;
use super::tree::{File, Tree};

const FORMATTERS: &[&str] = &["format!(", "format_args!(", "write!(", "writeln!("];

/// Refuses SQL made from a format string, which is one value away from an injection.
pub(crate) fn formatted_sql(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.shipped() {
            let mut starts = FORMATTERS.iter().filter_map(|formatter| line.code.split_once(formatter));
            if starts.any(|(before, _)| is_sql(&call(file, number, before.chars().count()))) {
                let advice = "write the SQL as a constant and bind its values, instead of formatting it";
                findings.push(Finding::new(&file.path, number, advice));
            }
        }
    }
    findings
}

/// Refuses SQL in an adapter.
pub(crate) fn adapter_sql(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.is_adapter()) {
        for (number, _) in file.shipped().filter(|(_, line)| is_sql(&line.text)) {
            findings.push(Finding::new(&file.path, number, "move this SQL to the store: an adapter knows none"));
        }
    }
    findings
}

/// Returns the text of the call that begins in line `number` after `skipped` characters, up to its last parenthesis.
fn call(file: &File, number: usize, skipped: usize) -> String {
    let lines = file.lines.iter().skip(number - 1);
    // Both views of a line have the same length; a line's end separates words as a blank does.
    let chars = lines.flat_map(|line| line.code.chars().zip(line.text.chars()).chain([(' ', ' ')]));
    let mut text = String::new();
    let mut depth = 0_usize;
    for (code, shown) in chars.skip(skipped) {
        text.push(shown);
        match code {
            '(' => depth += 1,
            ')' if depth <= 1 => break,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// Returns whether a string in `text` is SQL. `DELETE` or `UPDATE` alone is not: the one is a method of HTTP too, the
/// other an ordinary word.
fn is_sql(text: &str) -> bool {
    let follows = |first: &str, second: &str| text.split_once(first).is_some_and(|(_, after)| after.contains(second));
    follows("SELECT ", "FROM ")
        || follows("UPDATE ", " SET ")
        || text.contains("INSERT INTO ")
        || text.contains("DELETE FROM ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_clean, assert_lines};
    use super::*;

    #[test]
    fn sql_is_never_formatted() {
        let path = "auth-sqlx/src/user.rs";
        assert_lines(formatted_sql, path, "query(&format!(\"SELECT * FROM {table}\"));", &[1]);
        assert_lines(formatted_sql, path, "write!(\n    sql,\n    \"UPDATE a SET b = {c}\",\n)?;", &[1]);
        assert_clean(formatted_sql, path, "let a = format!(\"{b}\");\nlet c = \"DELETE FROM a WHERE b = ?\";");
        assert_clean(formatted_sql, path, "format!(\"DELETE {path}\"); // DELETE FROM");
        assert_clean(formatted_sql, path, "[\n    format!(\"{a} ({b}\"),\n    \"DELETE FROM c\",\n]");
        assert_clean(formatted_sql, "auth-sqlx/tests/it/main.rs", "format!(\"DELETE FROM {table}\")");
    }

    #[test]
    fn an_adapter_holds_no_sql() {
        for path in ["auth-actix/src/lib.rs", "auth-axum/src/lib.rs"] {
            assert_lines(adapter_sql, path, "f(\"SELECT id FROM auth_users\");", &[1]);
        }
        assert_clean(adapter_sql, "auth-axum/src/lib.rs", "// SELECT id FROM auth_users\nf(\"SELECT\");");
        assert_clean(adapter_sql, "auth-sqlx/src/user.rs", "f(\"SELECT id FROM auth_users\");");
    }
}
