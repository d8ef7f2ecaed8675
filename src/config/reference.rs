//! `docs/configuration.md`, printed from the table of keys.

use std::fmt::Write as _;

use super::keys::{Agency, Fallback, Gateway, Keys as _, Kind, Policy, Row, Rows, Rule};
use super::schema::expected;

const INTRODUCTION: &str = "\
# Configuration

Generated from the table of keys in `src/config/keys.rs`; a test compares it. After a change there:
`UPDATE_DOCS=1 cargo test --lib config::`.

`vestibule check` tells every problem of every file at once, with file, line and key, and prints each value with its
origin. Samples with comments: `config/vestibule.toml`, `config/agencies/`, `config/examples/` (real applications, and four ways
to lead residents: `link`, `merge`, `code`, `lockout`). Editors that know TOML complete and check both kinds of file by
`config/schema/`; the first line of the samples says so.

- Every file is TOML. Unknown keys are errors.
- A relative path is relative to the folder of the file that it stands in.
- Secrets come from files (`…_file`) or environment variables (`…_env`). A secret's file should have the mode 0640 or
  less: if others on the machine can open it, the gateway does not start; a wider group, or a portal on `localhost`, is
  a warning. Container platforms mount secrets for everybody by default: set their mode (`defaultMode: 0440`).
- Pages of an extranet are paths with their query. Letters beyond ASCII may be written as they are read, which means UTF-8,
  or escaped (`/index.php/Sp%C3%A9cial:Connexion`).
- Public URLs are https. http is taken on `localhost`, `*.localhost` and `127.0.0.1` only.
";

/// The reference of all keys, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    section(&mut text, "## `vestibule.toml`", "", Gateway::ROWS);
    section(&mut text, "## An agency's file, `agencies/*.toml`", "", Agency::ROWS);
    text.push_str(
        "\n## Policy\n\nThe keys of `[policy]` and `[clients.X]` in `vestibule.toml` and of `[policy]` in an agency's file. \
         Later layers win: default, `[policy]`, `[clients.X]`, the agency's own.\n\n",
    );
    table(&mut text, Policy::ROWS);
    text.push_str(
        "\n## Rules\n\nRules on the answer to a posted login form, each with exactly one of these keys: \
         `success = [{ redirect = \"/accueil.php\" }, { cookie = \"sid\" }]`. An answer that no rule fits is never taken \
         for a success.\n\n",
    );
    table(&mut text, Rule::ROWS);
    text
}

/// A table of keys, then those of the tables in it.
fn section(text: &mut String, heading: &str, path: &str, rows: Rows) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{heading}\n\n");
    table(text, rows);
    for Row { name, kind, means, .. } in rows {
        let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
        match *kind {
            Kind::Table(rows) => section(text, &format!("### `[{path}]`\n\n{means}"), &path, rows),
            Kind::Tables(rows) if !std::ptr::eq(rows, Rule::ROWS) => {
                section(text, &format!("### `[[{path}]]`\n\n{means}"), &path, rows);
            }
            _ => {}
        }
    }
}

fn table(text: &mut String, rows: Rows) {
    text.push_str("| Key | Form | Default | Meaning |\n|---|---|---|---|\n");
    for Row { name, kind, fallback, means } in rows {
        let default = match (fallback, kind) {
            (Fallback::Required, _) => "required".to_owned(),
            (Fallback::Nothing, _) | (Fallback::Is(_), Kind::Table(_)) => String::new(),
            (Fallback::Is(default), _) => format!("`{}`", default.replace('\'', "\"")),
        };
        let _ = writeln!(text, "| `{}` | {} | {default} | {} |", name, expected(*kind), means);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS=1 writes the page instead of comparing it")]
    fn e01_the_configuration_page_is_what_the_table_of_keys_says() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(page, reference()).expect("the page can be written");
        }
        let written = std::fs::read_to_string(page).expect("docs/configuration.md");
        assert!(written == reference(), "run: UPDATE_DOCS=1 cargo test --lib config::");
    }
}
