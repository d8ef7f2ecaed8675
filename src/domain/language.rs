//! The languages of the residents' screens and letters.

use serde::{Deserialize, Serialize};

/// French first: it is the fallback wherever nothing else is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Français.
    #[default]
    Fr,
    /// English.
    En,
}

impl Language {
    /// Every language, in the order of the language picker.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// The code used in `lang="…"`, in the language cookie and in the names of translation files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// Reads a language code such as `fr`, `fr-FR` or `EN`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let primary = text.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The first language of an `Accept-Language` header that we speak (RFC 9110 §12.5.4), by weight.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::parse) else { continue };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_we_speak_wins() {
        assert_eq!(Language::from_accept_language("de, en;q=0.8, fr;q=0.9"), Some(Language::Fr));
        assert_eq!(Language::from_accept_language("en-GB,en;q=0.9"), Some(Language::En));
        assert_eq!(Language::from_accept_language("de, fr;q=0"), None);
    }
}
