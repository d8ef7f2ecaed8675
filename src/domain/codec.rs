//! Small text rules that several domain types share.

/// Whether a text holds a control character, which no field of ours may.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Hides most of a text: the first two and the last character stay (`d·····d`), short ones hide whole.
#[must_use]
pub fn masked(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    match characters.as_slice() {
        [first, second, middle @ .., last] if !middle.is_empty() => {
            format!("{first}{second}{}{last}", "•".repeat(middle.len()))
        }
        _ => "•".repeat(characters.len()),
    }
}

/// Lower case, without accents and blanks: as forgiving as the databases behind old extranets, so that no spelling that
/// one of them takes for the same has a counter of its own (SEC-050).
#[must_use]
pub fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !('\u{300}'..='\u{36f}').contains(c))
        .map(|c| match c {
            'à'..='å' => 'a',
            'ç' => 'c',
            'è'..='ë' => 'e',
            'ì'..='ï' => 'i',
            'ñ' => 'n',
            'ò'..='ö' => 'o',
            'ù'..='ü' => 'u',
            'ý' | 'ÿ' => 'y',
            other => other,
        })
        .collect()
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A fresh one, by chance.
            #[must_use]
            pub fn random(dice: &dyn crate::domain::secret::Dice) -> Self {
                Self(crate::domain::secret::random_id(dice))
            }

            /// Reads one back from the store.
            #[must_use]
            pub fn stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// As it is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(crate) use identifier;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_050_a_spelling_that_an_old_database_takes_for_the_same_is_the_same() {
        assert_eq!(folded(" Dürànd "), "durand");
        assert_eq!(folded("du\u{301} rand"), "durand");
    }

    #[test]
    fn a_masked_identifier_shows_its_ends_only() {
        assert_eq!(masked("durand"), "du•••d");
        assert_eq!(masked("ab"), "••");
    }
}
