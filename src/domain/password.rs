//! Rules for new passwords: presets, the CNIL's measure of them (délibération 2022-100), and what a text breaks.

mod guessable;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory as Category, GeneralCategoryGroup as Group, UnicodeGeneralCategory as _};

pub use guessable::Known;

use super::secret::Secret;

/// A password's Argon2id hash as a PHC string; never the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string that a hasher made or the store kept.
    #[must_use]
    pub fn phc(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// The longest password that is taken, in characters (SEC-202 wants at least 64; a bound keeps hashing bounded).
pub const MAX_LENGTH: usize = 256;

/// A password as it is kept: the same text, however a keyboard composes it (NFKC; SEC-204, NIST SP 800-63B-4 §3.1.1.2),
/// without what nobody sees: whoever pastes it along with a new password could never type that again.
#[must_use]
pub fn normalised(typed: &Secret) -> Secret {
    Secret::new(super::text::visible(typed.expose()).nfkc().collect::<String>())
}

/// What a typed password may have been kept as, the likeliest first and never more than three: normalised, as typed (so
/// it was kept once), and without the blanks that came along when it was pasted.
#[must_use]
pub fn readings(typed: &Secret) -> Vec<Secret> {
    let first = normalised(typed);
    let bare = Secret::new(first.expose().trim());
    let mut readings = vec![first];
    for other in [typed.clone(), bare] {
        if readings.iter().all(|reading| reading.expose() != other.expose()) {
            readings.push(other);
        }
    }
    readings
}

/// Whether two entries are the same password.
#[must_use]
pub fn is_same(one: &Secret, other: &Secret) -> bool {
    normalised(one).matches(&normalised(other))
}

/// What a new password must be.
#[expect(clippy::struct_excessive_bools, reason = "four kinds of characters, each required or not: a list of rules")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRules {
    /// Least number of characters.
    pub length: u32,
    /// Capital letters are required.
    pub upper: bool,
    /// Small letters are required.
    pub lower: bool,
    /// Digits are required.
    pub digit: bool,
    /// Characters that are neither letter nor digit are required.
    pub special: bool,
    /// Least number of the four kinds.
    pub kinds: u32,
}

/// Rules by name, for an agency's file (f12). Named by the way they work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 8 characters of 3 of 4 kinds, with throttling (CNIL 2022-100, case 2).
    #[default]
    #[serde(rename = "cnil-50")]
    Cnil50,
    /// 12 characters of all 4 kinds (CNIL 2022-100, case 1).
    #[serde(rename = "cnil-80")]
    Cnil80,
    /// 15 characters of any kind, blocklist (NIST SP 800-63B-4 §3.1.1.2, password as the only factor).
    Nist,
    /// 6 characters with capital, small and special ones (000); below the CNIL's floor.
    #[serde(rename = "short-6")]
    Short6,
    /// 8 characters with capital and small letters and digits (004).
    #[serde(rename = "classic-8")]
    Classic8,
}

impl Preset {
    /// Its rules.
    #[must_use]
    pub const fn rules(self) -> PasswordRules {
        let none = PasswordRules { length: 8, upper: false, lower: false, digit: false, special: false, kinds: 0 };
        match self {
            Self::Cnil50 => PasswordRules { kinds: 3, ..none },
            Self::Cnil80 => PasswordRules { length: 12, kinds: 4, ..none },
            Self::Nist => PasswordRules { length: 15, ..none },
            Self::Short6 => PasswordRules { length: 6, upper: true, lower: true, special: true, ..none },
            Self::Classic8 => PasswordRules { upper: true, lower: true, digit: true, ..none },
        }
    }
}

/// A rule that a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Fewer characters than this.
    TooShort(u32),
    /// More characters than [`MAX_LENGTH`].
    TooLong,
    /// No capital letter.
    NoUpper,
    /// No small letter.
    NoLower,
    /// No digit.
    NoDigit,
    /// No special character.
    NoSpecial,
    /// Fewer than this many of the four kinds.
    TooFewKinds(u32),
    /// Among the passwords that everybody tries first, or made of what everybody knows (SEC-205).
    Common,
    /// Made of the person's own name, identifier or address.
    Personal,
    /// The password that the extranet took.
    Old,
    /// The present one.
    Unchanged,
}

/// The CNIL's floor with throttling (case 2), bits.
pub const FLOOR_BITS: f64 = 50.0;

impl PasswordRules {
    /// The least guessing work that the rules promise, in bits: characters times log2 of the alphabet (CNIL 2022-100).
    ///
    /// Three kinds or more make the CNIL's alphabet of 99 characters: who guesses does not know which kinds were taken.
    /// Below that, people take small letters, and what the rules name is added.
    #[must_use]
    pub fn least_bits(&self) -> f64 {
        let named = [(self.upper, 26.0), (self.digit, 10.0), (self.special, 37.0)];
        let named_count = 1 + named.iter().map(|(required, _)| u32::from(*required)).sum::<u32>();
        let alphabet = if named_count.max(self.kinds) >= 3 {
            99.0
        } else {
            26.0 + named.iter().filter(|(required, _)| *required).map(|(_, size)| size).sum::<f64>()
        };
        f64::from(self.length) * f64::log2(alphabet)
    }

    /// The stricter of both, rule by rule: for a person at several agencies.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            length: self.length.max(other.length),
            upper: self.upper || other.upper,
            lower: self.lower || other.lower,
            digit: self.digit || other.digit,
            special: self.special || other.special,
            kinds: self.kinds.max(other.kinds),
        }
    }

    /// Every rule that a password breaks, in the order of the list on the page; none if it may be taken. Characters are
    /// counted and told apart as the page's script does.
    #[must_use]
    pub fn broken_by(&self, password: &Secret, known: &Known<'_>) -> Vec<Broken> {
        let password = normalised(password);
        let text = password.expose();
        let length = text.chars().count();
        let has = |category: Category| text.chars().any(|c| c.general_category() == category);
        let (upper, lower) = (has(Category::UppercaseLetter), has(Category::LowercaseLetter));
        let digit = has(Category::DecimalNumber);
        let special = text.chars().any(is_special);
        let kinds = [upper, lower, digit, special].into_iter().map(u32::from).sum::<u32>();
        let mut broken = Vec::new();
        if length < usize::try_from(self.length).unwrap_or(usize::MAX) {
            broken.push(Broken::TooShort(self.length));
        }
        if length > MAX_LENGTH {
            broken.push(Broken::TooLong);
        }
        for (missing, rule) in [
            (self.upper && !upper, Broken::NoUpper),
            (self.lower && !lower, Broken::NoLower),
            (self.digit && !digit, Broken::NoDigit),
            (self.special && !special, Broken::NoSpecial),
            (kinds < self.kinds, Broken::TooFewKinds(self.kinds)),
        ] {
            if missing {
                broken.push(rule);
            }
        }
        if broken.is_empty() {
            broken.extend(guessable::judge(text, known));
        }
        broken
    }
}

/// Neither letter, nor mark on one, nor number.
fn is_special(c: char) -> bool {
    !matches!(c.general_category_group(), Group::Letter | Group::Mark | Group::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(preset: Preset, text: &str) -> Vec<Broken> {
        let known = Known { own: vec!["anne.martin@free.fr"], agency: vec!["Agence du Port"] };
        preset.rules().broken_by(&Secret::new(text), &known)
    }

    #[test]
    fn f12_the_cnils_examples_pass_and_what_lies_below_does_not() {
        assert_eq!(broken(Preset::Cnil80, "Tr4in!Bleu&9"), []);
        assert_eq!(broken(Preset::Cnil80, "Tr4in!Bleu9"), [Broken::TooShort(12)]);
        assert_eq!(broken(Preset::Cnil50, "Vert-789"), []);
        assert_eq!(broken(Preset::Cnil50, "vert789"), [Broken::TooShort(8), Broken::TooFewKinds(3)]);
        assert_eq!(broken(Preset::Nist, "le chat dort sur le toit"), []);
        assert_eq!(broken(Preset::Classic8, "chatnoir"), [Broken::NoUpper, Broken::NoDigit]);
    }

    #[test]
    fn the_measure_of_the_presets_is_the_cnils() {
        let bits = |preset: Preset| preset.rules().least_bits();
        assert!((bits(Preset::Short6) - 39.0).abs() < 1.0, "{}", bits(Preset::Short6));
        assert!(bits(Preset::Short6) < FLOOR_BITS);
        assert!(bits(Preset::Cnil50) >= FLOOR_BITS && bits(Preset::Classic8) >= FLOOR_BITS);
        assert!(bits(Preset::Nist) >= FLOOR_BITS && bits(Preset::Cnil80) >= 79.0);
    }

    /// The same table is judged by the script of the pages, in a browser (`tests/journeys/criteria.rs`).
    #[test]
    fn review_b25_characters_are_told_apart_by_what_unicode_says_of_them() {
        let of_each = PasswordRules { length: 3, upper: true, lower: true, digit: true, special: true, kinds: 4 };
        let missing = |text: &str| {
            let broken = of_each.broken_by(&Secret::new(text), &Known::default());
            [
                Broken::TooShort(3),
                Broken::NoUpper,
                Broken::NoLower,
                Broken::NoDigit,
                Broken::NoSpecial,
                Broken::TooFewKinds(4),
            ]
            .map(|rule| if broken.contains(&rule) { '-' } else { '+' })
            .iter()
            .collect::<String>()
        };
        for (text, met) in include_str!("password/characters.txt").lines().filter_map(|line| line.split_once('\t')) {
            assert_eq!(missing(text), met, "{text:?}");
        }
    }

    #[test]
    fn sec_204_a_password_is_the_same_however_a_keyboard_composes_it() {
        let read = |text: &str| readings(&Secret::new(text)).iter().map(|r| r.expose().to_owned()).collect::<Vec<_>>();
        assert_eq!(read("Vert-789"), ["Vert-789"]);
        assert_eq!(read("E\u{301}te\u{301}"), ["Été", "E\u{301}te\u{301}"]);
        assert_eq!(read("Été "), ["Été ", "Été"]);
        assert_eq!(read("\u{a0}E\u{301}té"), [" Été", "\u{a0}E\u{301}té", "Été"]);
        for pasted in ["Été\u{200b}", "\u{feff}Été", "\u{200e} Été\u{a0}\u{ad}", "Été\u{2060}\r\n"] {
            assert!(read(pasted).iter().any(|read| read == "Été"), "{pasted:?}");
        }
        assert_eq!(read("É\u{200b}t\u{ad}e\u{301}"), ["Été", "É\u{200b}t\u{ad}e\u{301}"], "also as it was kept once");
        for new in ["Été\u{200b}", "\u{feff}Été", "É\u{2060}té", "Été\u{fe0f}"] {
            assert!(is_same(&Secret::new(new), &Secret::new("Été")), "no new one: {new:?}");
        }
        assert!(is_same(&Secret::new("a\u{a0}é"), &Secret::new("a e\u{301}")));
        assert!(!is_same(&Secret::new("a"), &Secret::new("a ")), "blanks are part of a password that is chosen");
    }

    #[test]
    fn long_passwords_are_welcome_up_to_a_bound() {
        assert_eq!(broken(Preset::Cnil50, &"Ab1-".repeat(32)), []);
        assert_eq!(broken(Preset::Cnil50, &"Ab1-".repeat(65)), [Broken::TooLong]);
        assert_eq!(broken(Preset::Cnil50, &"E\u{301}1-".repeat(80)), [], "counted as it is kept");
    }
}
