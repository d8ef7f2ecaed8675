//! How texts are compared and shown: the rules that several domain types share (decisions of text, SEC-050).

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

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

/// An identifier, an address or a code as it was meant: letters composed with their accents (NFC), without the signs that
/// nobody sees and the blanks around it, which come along when it is copied from a letter, a PDF or a web page. A blank
/// within is the one that keyboards have.
#[must_use]
pub fn tidy(text: &str) -> String {
    let typed = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
    let visible: String = visible(text).map(typed).nfc().collect();
    visible.trim().to_owned()
}

/// A text without the signs that nobody sees.
pub fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_invisible(*c))
}

/// The strong fold: without case, accents, blanks and invisible signs, with one spelling for letters that are one (wide
/// ones, ligatures, `ß` and `ss`), and one dash. As forgiving as the databases behind old extranets, so that no spelling
/// that one of them takes for the same is another person's, or has a counter of its own (SEC-050).
#[must_use]
pub fn folded(text: &str) -> String {
    text.nfkd()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c) && !is_mark(*c))
        // By way of the upper case, where what has no capital of its own is written out (`ß` is `SS`).
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .flat_map(|c| {
            let spelled = spelled_out(c);
            spelled.chars().chain(spelled.is_empty().then_some(c))
        })
        .collect()
}

/// Signs that take no room and change no meaning (Unicode's `Default_Ignorable_Code_Point`): of format, joiners,
/// directions, variants, what is kept free for more of them, and letters that are blank.
fn is_invisible(c: char) -> bool {
    c.general_category() == GeneralCategory::Format
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2065}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_mark(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Mark
}

/// Letters and signs that no form of Unicode takes apart, and databases do, or turn into the nearest one that their own
/// alphabet has (Windows-1252, "best fit").
fn spelled_out(c: char) -> &'static str {
    match c {
        'œ' => "oe",
        'æ' => "ae",
        'α' => "a",
        'ƀ' => "b",
        'đ' | 'ð' | 'ɖ' | 'δ' => "d",
        '℮' | 'ε' => "e",
        'ƒ' | 'φ' => "f",
        'ǥ' | 'ɡ' | 'γ' => "g",
        'ħ' => "h",
        'ı' | 'ɨ' => "i",
        'ł' | 'ƚ' => "l",
        '∩' => "n",
        'ø' | 'ɵ' | 'ω' => "o",
        'π' => "p",
        'σ' => "s",
        'ŧ' | 'ƫ' | 'ʈ' | 'θ' | 'τ' => "t",
        '√' => "v",
        'ƶ' => "z",
        '∞' => "8",
        '−' => "-",
        '‘' | '’' | 'ʼ' | 'ʹ' | 'ˈ' | '′' => "'",
        _ if c.general_category() == GeneralCategory::DashPunctuation => "-",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_050_att_25_a_spelling_that_an_old_database_takes_for_the_same_is_the_same() {
        let same = [
            (
                "durand",
                vec![
                    " Dürànd ",
                    "du\u{301} rand",
                    "DURAND",
                    "ｄｕｒａｎｄ",
                    "du\u{ad}rand",
                    "durand\u{200b}",
                    "𝐝urand",
                ],
            ),
            (
                "strass-alice",
                vec!["straß-alice", "STRAẞ-ALICE", "ﬆrass‑alice", "stra\u{17f}\u{17f}–alice", "strass-\u{2060}alice"],
            ),
            ("coeur", vec!["cœur", "CŒUR", "cœu\u{fe0f}r"]),
            ("istanbul", vec!["İstanbul", "ıstanbul", "ISTANBUL"]),
            ("d'arc", vec!["d’arc", "D'Arc", "d′arc"]),
            // The nearest letters of Windows-1252, where a database has no others.
            ("dante", vec!["δante", "dαnτε", "DA∩TE", "danŧ℮", "Đante"]),
            ("fig-18", vec!["ƒig-1∞", "φɨǥ-18", "Ƒig−18"]),
            // Blank, or to be ignored though nothing stands there yet.
            ("durand", vec!["du\u{2800}rand", "durand\u{2065}", "\u{fff3}durand"]),
            // A mark whose capital is a letter.
            ("o", vec!["ω", "ῳ", "ω\u{345}", "ῼ", "Ω"]),
        ];
        for (plain, spellings) in same {
            for spelling in spellings {
                assert_eq!(folded(spelling), plain, "{spelling:?}");
            }
        }
        assert_ne!(folded("durand1"), folded("durand2"));
    }

    #[test]
    fn what_is_folded_once_is_folded() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let once = folded(c.encode_utf8(&mut [0; 4]));
            assert_eq!(folded(&once), once, "{:x}", u32::from(c));
        }
    }

    #[test]
    fn what_nobody_sees_is_taken_off_and_letters_are_composed() {
        for (pasted, meant) in [
            (" anne@exemple.fr\u{a0}", "anne@exemple.fr"),
            ("\u{feff}\u{200b}an\u{ad}ne@exemple.fr\u{200e}", "anne@exemple.fr"),
            ("\u{200b} durand \u{2060}", "durand"),
            ("Re\u{301}mi", "Rémi"),
            ("Jean  Paul", "Jean  Paul"),
            ("Jean\u{a0}Paul\u{202f}Henri\u{3000}Guy", "Jean Paul Henri Guy"),
            ("\u{2800}du\u{2065}rand\u{fff8}\u{2029}", "durand"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(tidy(pasted), meant);
        }
    }

    #[test]
    fn a_masked_identifier_shows_its_ends_only() {
        assert_eq!(masked("durand"), "du•••d");
        assert_eq!(masked("ab"), "••");
    }
}
