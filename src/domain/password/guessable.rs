//! Which passwords are guessed at once: what everybody tries first, and what is known of the person (SEC-205).
//!
//! A word does not condemn a longer password. One is guessed where there is nothing in it but such words, and additions
//! that everybody makes: a year, a row of digits, a sign or two.

use super::Broken;
use crate::domain::text::folded;

static LISTED: &str = include_str!("../password_blocklist.txt");
/// Neighbours on the keyboards, row by row.
const KEYBOARDS: [&str; 2] = ["azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm"];
/// Shorter parts of a name or of an address are found in many words.
const SHORTEST: usize = 3;
/// Signs, or digits of no meaning, that somebody adds without making a password of it.
const ADDED: usize = 3;

/// What a stranger knows, or finds out, before the first guess.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// Of the person: names, addresses, identifiers.
    pub own: Vec<&'a str>,
    /// Of the agency: its name and codes.
    pub agency: Vec<&'a str>,
}

/// Why a password would be guessed at once, if it would.
pub(super) fn judge(text: &str, known: &Known<'_>) -> Option<Broken> {
    [text.to_owned(), letters_meant(text)].iter().find_map(|text| {
        if is_known(text, &known.own, &known.agency) && !is_known(text, &[], &known.agency) {
            return Some(Broken::Personal);
        }
        is_known(text, &[], &known.agency).then_some(Broken::Common)
    })
}

/// Whether there is nothing in it but what is known.
fn is_known(text: &str, own: &[&str], agency: &[&str]) -> bool {
    let whole = folded(text);
    if is_word(&whole, &[]) || is_row(text) {
        return true;
    }
    let names: Vec<String> = own.iter().chain(agency).map(|known| folded(known)).filter(|n| is_long(n)).collect();
    let words: Vec<String> = own.iter().chain(agency).flat_map(|known| words(known)).collect();
    let is_made = |text: &str| only_words(text, &words) && only_additions(text);
    is_made(text)
        || is_made(&whole)
        || names.iter().any(|name| whole.contains(name) && is_made(&whole.replace(name, " ")))
}

fn is_long(word: &str) -> bool {
    word.chars().count() >= SHORTEST
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(folded)
}

/// Whether every word is known, or made of known ones without anything between them; a letter or two beside them are
/// additions.
fn only_words(text: &str, known: &[String]) -> bool {
    let (letters, words): (Vec<String>, Vec<String>) = words(text).partition(|word| word.chars().count() == 1);
    letters.len() <= ADDED && words.iter().all(|word| known.contains(word) || is_made_of_words(word, known))
}

fn is_made_of_words(word: &str, known: &[String]) -> bool {
    let mut reached = vec![0];
    for end in word.char_indices().map(|(at, c)| at + c.len_utf8()) {
        if reached.iter().any(|start| is_word(&word[*start..end], known)) {
            reached.push(end);
        }
    }
    reached.contains(&word.len())
}

fn is_word(word: &str, known: &[String]) -> bool {
    let is_near = || word.len() > SHORTEST && KEYBOARDS.iter().any(|keys| keys.contains(word));
    known.iter().any(|known| known == word && is_long(word))
        || LISTED.lines().any(|line| line == word)
        || is_row(word)
        || is_near()
}

/// Whether what stands beside the words is what everybody adds.
fn only_additions(text: &str) -> bool {
    let digits = text.split(|c: char| !c.is_numeric()).filter(|digits| !is_row(digits) && !is_year(digits));
    let signs: String = text.chars().filter(|c| !c.is_alphanumeric()).collect();
    digits.map(|digits| digits.chars().count()).sum::<usize>() <= ADDED
        && (signs.chars().count() <= ADDED || is_row(&signs))
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// One character over and over, or a run of neighbours such as `12345678` or `abcdefgh`.
fn is_row(text: &str) -> bool {
    if !is_long(text) {
        return false;
    }
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps: Vec<i64> = codes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    [0, 1, -1].iter().any(|step| steps.iter().all(|found| found == step))
}

/// With the digits and signs between letters that stand for letters turned back.
fn letters_meant(text: &str) -> String {
    let first = text.find(char::is_alphabetic).unwrap_or(0);
    let last = text.rfind(char::is_alphabetic).unwrap_or(0);
    let meant = |(at, c): (usize, char)| match c {
        _ if at <= first || at >= last => c,
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        other => other,
    };
    text.char_indices().map(meant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Option<Broken> {
        let own = vec!["Loïc Le Kervella", "loic.kervella@orange.example", "C10023", "loic.kervella"];
        judge(text, &Known { own, agency: vec!["Agence des Tilleuls", "SPI31", "01"] })
    }

    #[test]
    fn sec_205_what_everybody_tries_first_is_too_common() {
        for text in [
            "Azerty123!",
            "P@ssw0rd1",
            "Motdepasse1!",
            "Mot de passe 1",
            "Copropriete2026!",
            "Copropriété 2026",
            "aaaaaaaa1A",
            "MonCompte!",
            "moncompte",
            "copropriete2026",
            "Sole!l",
            "S0leil-2026",
            "soleil soleil",
            "Bonjour-Soleil-1!",
            "BonjourSoleil2026",
            "Azertyuiop!1",
            "Qsdfghjk12",
            "12345678",
            "87654321",
            "00000000!",
            "123456789:;<=>?",
            "Tilleuls2026!",
            "agence.des.tilleuls",
            "SPI31-2026",
            "Spi31spi31!",
            "Jetaime1234",
            "ＡＺＥＲＴＹ1!",
            "Été-2026",
            "Agence-12",
        ] {
            assert_eq!(judged(text), Some(Broken::Common), "{text}");
        }
    }

    #[test]
    fn review_residents_11_ones_own_name_identifier_or_address_is_no_password() {
        for text in [
            "Loic.kervella1",
            "Kervella-2026",
            "LoicKervella!",
            "kervella loic",
            "K3rvella!1",
            "Loïc-2026!",
            "C10023-c10023",
            "c10023!",
            "Loic.Kervella@orange.example",
            "loic.kervella@orange.example1!",
            "Kervella-Soleil-2026",
            "Tilleuls-Kervella1",
            "LE KERVELLA 12",
            "L0ic.Kervella",
        ] {
            assert_eq!(judged(text), Some(Broken::Personal), "{text}");
        }
    }

    #[test]
    fn a_known_word_inside_a_longer_password_does_not_condemn_it() {
        for text in [
            "Soleil-48213907",
            "Soleil-couchant-7",
            "Mon cheval préfère la pluie",
            "Kervella-Plougastel-29",
            "Sole!l-de-Brest",
            "Azerty-Vx7-plage",
            "C10023-Grue-bleue",
            "Copropriete2026-mouette",
            "Grue-bleue-42",
            "482913750284617",
            "😀🚲🌧🍐🥖🧦🪐🐌",
            "Tr4in!Bleu&9",
            "Vert-789",
            "soleil!?#&%=",
            "ж9-яблоко",
            // Letters that stand alone make no word, and two make none of the name.
            "a1b2c3d!",
            "Lelelele-9",
            "lelelele",
        ] {
            assert_eq!(judged(text), None, "{text}");
        }
    }
}
