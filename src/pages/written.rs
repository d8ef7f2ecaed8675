//! Times as residents read them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Serialize;

use crate::domain::language::Language;

/// A time on the clocks of Paris.
#[must_use]
pub fn written(at: Timestamp, language: Language) -> String {
    let at = in_paris(at);
    match language {
        Language::Fr => format!("{} à {} h {:02}", day(&at, language), at.hour(), at.minute()),
        Language::En => format!("{} at {}", day(&at, language), at.strftime("%H:%M")),
    }
}

/// The day of a time.
#[must_use]
pub fn written_day(at: Timestamp, language: Language) -> String {
    day(&in_paris(at), language)
}

fn in_paris(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC))
}

/// « 1er novembre 2026 », as people write it.
fn day(at: &Zoned, language: Language) -> String {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let month = usize::try_from(at.month()).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (language, month) {
        (Language::Fr, Some(month)) => {
            let first = if at.day() == 1 { "er" } else { "" };
            format!("{}{first} {month} {}", at.day(), at.year())
        }
        _ => at.strftime("%-d %B %Y").to_string(),
    }
}

/// How long ago somebody was somewhere, in words: a key of `pages/locales` and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ago {
    /// `visit-<name>`: `today`, `yesterday`, `days`, `weeks`, `months` or `years`.
    pub name: &'static str,
    /// How many of them.
    pub number: i64,
}

impl Ago {
    /// By the days of Paris; what is later than now was today.
    #[must_use]
    pub fn of(at: Timestamp, now: Timestamp) -> Self {
        let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let day = |time: Timestamp| time.to_zoned(zone.clone()).date();
        let days = i64::from((day(now) - day(at)).get_days());
        let (name, number) = match days {
            ..=0 => ("today", 0),
            1 => ("yesterday", 1),
            2..=13 => ("days", days),
            14..=59 => ("weeks", days / 7),
            60..=729 => ("months", days / 30),
            _ => ("years", days / 365),
        };
        Self { name, number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_on_the_clocks_of_paris() {
        let at: Timestamp = "2026-07-14T22:30:00Z".parse().expect("a time");
        assert_eq!(written(at, Language::Fr), "15 juillet 2026 à 0 h 30");
        assert_eq!(written(at, Language::En), "15 July 2026 at 00:30");
        assert_eq!(written_day(at, Language::Fr), "15 juillet 2026");
        let first: Timestamp = "2027-01-01T08:05:00Z".parse().expect("a time");
        assert_eq!(written(first, Language::Fr), "1er janvier 2027 à 9 h 05");
    }

    #[test]
    fn b17_a_last_visit_is_said_in_words() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let now = at("2026-07-15T08:00:00Z");
        for (visited, name, number) in [
            ("2026-07-15T09:00:00Z", "today", 0),
            ("2026-07-14T22:30:00Z", "today", 0),
            ("2026-07-14T21:30:00Z", "yesterday", 1),
            ("2026-07-13T08:00:00Z", "days", 2),
            ("2026-07-02T08:00:00Z", "days", 13),
            ("2026-07-01T08:00:00Z", "weeks", 2),
            ("2026-05-17T08:00:00Z", "weeks", 8),
            ("2026-05-16T08:00:00Z", "months", 2),
            ("2025-07-15T08:00:00Z", "months", 12),
            ("2024-07-15T08:00:00Z", "years", 2),
        ] {
            assert_eq!(Ago::of(at(visited), now), Ago { name, number }, "{visited}");
        }
    }
}
