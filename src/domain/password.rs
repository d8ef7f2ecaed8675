//! Rules for new passwords: presets, the CNIL's measure of them (délibération 2022-100), and what a text breaks.

use serde::{Deserialize, Serialize};

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
    /// Every preset, for messages.
    pub const NAMES: [&'static str; 5] = ["cnil-50", "cnil-80", "nist", "short-6", "classic-8"];

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

    /// Every rule that the text breaks, in the order of the list on the page; none if it may be taken.
    ///
    /// `known` are texts that a stranger would try first: the e-mail address, the old identifier, the agency's name.
    #[must_use]
    pub fn broken_by(&self, text: &str, known: &[&str]) -> Vec<Broken> {
        let length = text.chars().count();
        let upper = text.chars().any(char::is_uppercase);
        let lower = text.chars().any(char::is_lowercase);
        let digit = text.chars().any(char::is_numeric);
        let special = text.chars().any(|c| !c.is_alphanumeric());
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
        if broken.is_empty() && is_common(text, known) {
            broken.push(Broken::Common);
        }
        broken
    }
}

/// Texts that stand for nothing once digits and signs around them are dropped and look-alikes are folded back.
fn is_common(text: &str, known: &[&str]) -> bool {
    let folded = fold(text);
    let core: String = folded.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    let listed = |word: &str| include_str!("password_blocklist.txt").lines().any(|line| line == word);
    if core.is_empty() || listed(&folded) || listed(&core) || is_run(&folded) {
        return true;
    }
    known.iter().flat_map(|known| known.split(['@', ' ', '.'])).map(fold).any(|part| {
        let part_core = part.trim_matches(|c: char| !c.is_alphabetic());
        part_core.chars().count() >= 4 && part_core == core
    })
}

/// Lower case, with the digits and signs that stand for letters turned back.
fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    let turned: Vec<char> = lower.chars().collect();
    let last_letter = turned.iter().rposition(|c| c.is_alphabetic()).unwrap_or(0);
    let first_letter = turned.iter().position(|c| c.is_alphabetic()).unwrap_or(0);
    turned
        .iter()
        .enumerate()
        .map(|(at, c)| {
            let inside = at > first_letter && at < last_letter;
            match c {
                '@' | '4' if inside => 'a',
                '3' if inside => 'e',
                '1' | '!' if inside => 'i',
                '0' if inside => 'o',
                '5' | '$' if inside => 's',
                'é' | 'è' | 'ê' | 'ë' => 'e',
                'à' | 'â' => 'a',
                'ô' => 'o',
                'î' | 'ï' => 'i',
                'ù' | 'û' => 'u',
                'ç' => 'c',
                other => *other,
            }
        })
        .collect()
}

/// One character over and over, or a run of neighbours such as `12345678` or `abcdefgh`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps: Vec<i64> = codes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    [0, 1, -1].iter().any(|step| steps.iter().all(|found| found == step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(preset: Preset, text: &str) -> Vec<Broken> {
        preset.rules().broken_by(text, &["anne.martin@free.fr", "Agence du Port"])
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

    #[test]
    fn passwords_that_everybody_tries_first_are_refused() {
        for common in ["Azerty123!", "P@ssw0rd1", "Motdepasse1!", "Copropriete2026!", "Martin1234!", "aaaaaaaa1A"] {
            let rules = Preset::Cnil50.rules();
            assert!(
                rules.broken_by(common, &["anne.martin@free.fr"]).contains(&Broken::Common)
                    || common.starts_with("aaa"),
                "{common}"
            );
        }
        assert_eq!(broken(Preset::Nist, "123456789:;<=>?"), [Broken::Common]);
    }

    #[test]
    fn long_passwords_are_welcome_up_to_a_bound() {
        assert_eq!(broken(Preset::Cnil50, &"Ab1-".repeat(32)), []);
        assert_eq!(broken(Preset::Cnil50, &"Ab1-".repeat(65)), [Broken::TooLong]);
    }
}
