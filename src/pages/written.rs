//! Times as residents read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::language::Language;

/// A time on the clocks of Paris.
#[must_use]
pub fn written(at: Timestamp, language: Language) -> String {
    let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
    let format = match language {
        Language::Fr => "%d/%m/%Y à %H:%M",
        Language::En => "%Y-%m-%d, %H:%M",
    };
    at.to_zoned(zone).strftime(format).to_string()
}

/// The day of a time.
#[must_use]
pub fn written_day(at: Timestamp, language: Language) -> String {
    let whole = written(at, language);
    whole.split([',', ' ']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_on_the_clocks_of_paris() {
        let at: Timestamp = "2026-07-14T22:30:00Z".parse().expect("a time");
        assert_eq!(written(at, Language::Fr), "15/07/2026 à 00:30");
        assert_eq!(written_day(at, Language::Fr), "15/07/2026");
    }
}
