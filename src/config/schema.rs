//! Checks a file against the table of keys: unknown and missing keys, wrong types, numbers out of range.

use toml::de::{DeTable, DeValue};

use super::document::{Section, as_number};
use super::keys::{Fallback, Kind, Row, Rows};
use super::origins::ValueOrigin;
use super::problems::Wrong;

/// Notes everything in which the section is not as the table of keys says, and lists its values with their origins.
///
/// Layers of policy are checked but not listed: what counts is what they fold to.
pub(super) fn check<K>(section: &Section<'_, K>) -> Vec<ValueOrigin> {
    let mut origins = Vec::new();
    check_names(section);
    for row in section.rows {
        check_key(section, row, &mut origins);
    }
    origins
}

fn check_names<K>(section: &Section<'_, K>) {
    for (written, _) in section.table.into_iter().flat_map(DeTable::iter) {
        let name: &str = written.get_ref();
        if section.rows.iter().all(|row| row.name != name) {
            let wrong = Wrong::new("unknown key").hint(hint_for(name, section.rows));
            section.error_at(name, &written.span(), wrong);
        }
    }
}

/// What may have been meant by a name that nobody knows.
fn hint_for(name: &str, rows: Rows) -> String {
    let near = rows.iter().map(|row| (distance(name, row.name), row.name)).min();
    match near {
        Some((slips, near)) if slips <= 2.max(name.len() / 4) => format!("did you mean `{near}`?"),
        _ => format!("known here: {}", rows.iter().map(|row| row.name).collect::<Vec<_>>().join(", ")),
    }
}

fn check_key<K>(section: &Section<'_, K>, row: &'static Row, origins: &mut Vec<ValueOrigin>) {
    let written = section.written(row.name);
    if let Some(value) = written {
        check_value(section, row, value);
    } else if row.fallback == Fallback::Required && !matches!(row.kind, Kind::Table(_)) {
        let wrong = Wrong::new(format!("missing; expected {}", expected(row.kind)));
        section.error(row, wrong.hint(row.means));
    }
    match row.kind {
        Kind::Table(rows) => origins.extend(section.table::<()>(row, rows).iter().flat_map(check)),
        Kind::Tables(rows) => section.tables::<()>(row, rows).iter().for_each(|table| drop(check(table))),
        Kind::Layer(rows) => section.table::<()>(row, rows).iter().for_each(|layer| drop(check(layer))),
        Kind::Layers(rows) => section.named_tables::<()>(row, rows).iter().for_each(|(_, layer)| drop(check(layer))),
        _ => {}
    }
    if !matches!(row.kind, Kind::Table(_) | Kind::Layer(_) | Kind::Layers(_))
        && let Some(value) = section.value(row)
    {
        origins.push(ValueOrigin {
            agency: None,
            key: section.dotted(row.name),
            value: if matches!(row.kind, Kind::Hidden) { "(secret)".to_owned() } else { shown(&value) },
            from: section.source_of(row),
        });
    }
}

fn check_value<K>(section: &Section<'_, K>, row: &'static Row, value: &DeValue<'_>) {
    let tell = |found: &DeValue<'_>| {
        Wrong::new(format!(
            "expected {}, found {}",
            expected(row.kind),
            described(found, matches!(row.kind, Kind::Hidden))
        ))
    };
    let is_text = |item: &DeValue<'_>| item.as_str().is_some();
    let in_range = |item: &DeValue<'_>, from, to| as_number(item).is_some_and(|number| (from..=to).contains(&number));
    match row.kind {
        Kind::Texts | Kind::Numbers(..) | Kind::Tables(_) => {
            let Some(items) = value.as_array() else { return section.error(row, tell(value)) };
            for item in items {
                let fits = match row.kind {
                    Kind::Numbers(from, to) => in_range(item.get_ref(), from, to),
                    Kind::Tables(_) => item.get_ref().is_table(),
                    _ => is_text(item.get_ref()),
                };
                if !fits {
                    section.error_at(row.name, &item.span(), tell(item.get_ref()));
                }
            }
        }
        Kind::Fields | Kind::Layers(_) => {
            let Some(table) = value.as_table() else { return section.error(row, tell(value)) };
            let fits =
                |item: &DeValue<'_>| if matches!(row.kind, Kind::Fields) { is_text(item) } else { item.is_table() };
            for (_, item) in table.iter().filter(|(_, item)| !fits(item.get_ref())) {
                section.error_at(row.name, &item.span(), tell(item.get_ref()));
            }
        }
        kind => {
            let fits = match kind {
                Kind::Number(from, to) => in_range(value, from, to),
                Kind::Flag => value.is_bool(),
                Kind::Choice(choices) => value.as_str().is_some_and(|text| choices().contains(&text)),
                Kind::Table(_) | Kind::Layer(_) => value.is_table(),
                _ => is_text(value),
            };
            if !fits {
                section.error(row, with_near_choice(tell(value), kind, value));
            }
        }
    }
}

fn with_near_choice(wrong: Wrong, kind: Kind, value: &DeValue<'_>) -> Wrong {
    let (Kind::Choice(choices), Some(text)) = (kind, value.as_str()) else { return wrong };
    match choices().iter().map(|choice| (distance(text, choice), choice)).min() {
        Some((slips, near)) if slips <= 2 => wrong.hint(format!("did you mean \"{near}\"?")),
        _ => wrong,
    }
}

/// The form of a value, in words.
pub(super) fn expected(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Hidden => "a text in quotes".to_owned(),
        Kind::Number(from, to) => format!("a number from {from} to {to}"),
        Kind::Flag => "true or false".to_owned(),
        Kind::Choice(choices) => {
            let quoted: Vec<String> = choices().iter().map(|choice| format!("\"{choice}\"")).collect();
            format!("one of {}", quoted.join(", "))
        }
        Kind::Texts => "a list of texts, [\"…\"]".to_owned(),
        Kind::Numbers(from, to) => format!("a list of numbers from {from} to {to}"),
        Kind::Fields => "a table of texts, { name = \"…\" }".to_owned(),
        Kind::Table(_) | Kind::Layer(_) => "a table".to_owned(),
        Kind::Tables(_) => "a list of tables".to_owned(),
        Kind::Layers(_) => "a table for each client".to_owned(),
    }
}

fn described(value: &DeValue<'_>, hidden: bool) -> String {
    match value {
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) if !hidden => shown(value),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
        _ => format!("a value of type {}", value.type_str()),
    }
}

/// A value as it would be written.
pub(super) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => toml::Value::String(text.clone().into_owned()).to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(items) => {
            format!("[{}]", items.iter().map(|item| shown(item.get_ref())).collect::<Vec<_>>().join(", "))
        }
        DeValue::Table(table) => {
            let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                format!("{key} = {}", shown(value.get_ref()))
            };
            format!("{{ {} }}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Slips of the finger between two words: letters too many, missing or wrong, and neighbours swapped.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let wrong = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut least = wrong.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
