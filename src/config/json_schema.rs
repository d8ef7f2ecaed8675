//! JSON schemas of both kinds of file, for editors that complete and check TOML while it is written.

use serde_json::{Map, Value, json};

use super::keys::{Agency, Fallback, Gateway, Keys as _, Kind, Row, Rows};

/// Which file a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFile {
    /// `vestibule.toml`.
    Gateway,
    /// An agency's file.
    Agency,
}

/// The schema of a file (JSON Schema, draft 7), from the table of keys.
#[must_use]
pub fn json_schema(file: ConfigFile) -> Value {
    let (title, rows) = match file {
        ConfigFile::Gateway => ("vestibule.toml", Gateway::ROWS),
        ConfigFile::Agency => ("An agency's file", Agency::ROWS),
    };
    let mut schema = table(rows);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(title);
    schema
}

fn table(rows: Rows) -> Value {
    let properties: Map<String, Value> = rows.iter().map(|row| (row.name.to_owned(), property(row))).collect();
    let required: Vec<&str> =
        rows.iter().filter(|row| row.fallback == Fallback::Required).map(|row| row.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(row: &Row) -> Value {
    let mut property = match row.kind {
        Kind::Text | Kind::Hidden => json!({ "type": "string" }),
        Kind::Number(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Choice(choices) => json!({ "enum": choices() }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Numbers(from, to) => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": from, "maximum": to } })
        }
        Kind::Fields => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Table(rows) | Kind::Layer(rows) => table(rows),
        Kind::Tables(rows) => json!({ "type": "array", "items": table(rows) }),
        Kind::Layers(rows) => json!({ "type": "object", "additionalProperties": table(rows) }),
    };
    property["description"] = json!(row.means);
    property
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "UPDATE_DOCS=1 writes the schemas instead of comparing them")]
    fn e01_the_published_schemas_are_what_the_table_of_keys_says() {
        for (file, name) in [(ConfigFile::Gateway, "vestibule"), (ConfigFile::Agency, "agency")] {
            let path = format!("{}/config/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let schema = format!("{:#}\n", json_schema(file));
            if std::env::var_os("UPDATE_DOCS").is_some() {
                std::fs::write(&path, &schema).expect("the schema can be written");
            }
            let written = std::fs::read_to_string(&path).expect("config/schema");
            assert!(written == schema, "run: UPDATE_DOCS=1 cargo test --lib config::");
        }
    }
}
