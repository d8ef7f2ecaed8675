//! Names under which servers find a file or a page beside its own.

/// Endings of pages, and of what a page is asked for as. Pictures, styles and scripts are none: they lie beside pages of
/// the same name.
const PAGES: [&str; 31] = [
    "action", "ashx", "asmx", "asp", "aspx", "atom", "cfm", "cgi", "do", "faces", "htm", "html", "jsf", "json", "jsp",
    "jspx", "phtml", "php", "php3", "php4", "php5", "php7", "php8", "pl", "py", "rb", "rss", "shtml", "svc", "xhtml",
    "xml",
];

/// Whether somebody gets the page of this name by asking for `theirs`: without its ending (`MultiViews`, friendly URLs), or
/// in another format (`login.json`).
pub(super) fn is_page_of(theirs: &str, ours: &str) -> bool {
    let stem = stem_of(theirs);
    !stem.is_empty() && stem.eq_ignore_ascii_case(stem_of(ours))
}

fn stem_of(name: &str) -> &str {
    let is_page = |ending: &str| PAGES.iter().any(|page| page.eq_ignore_ascii_case(ending));
    name.rsplit_once('.').filter(|(_, ending)| is_page(ending)).map_or(name, |(stem, _)| stem)
}

/// Whether `theirs` is a name that Windows gives a file of this long name beside it (`IDENTI~1.PHP`).
pub(super) fn is_short_for(theirs: &str, ours: &str) -> bool {
    let Some((head, tail)) = theirs.split_once('~') else { return false };
    let (number, ending) = tail.split_once('.').unwrap_or((tail, ""));
    let (stem, long_ending) = ours.rsplit_once('.').unwrap_or((ours, ""));
    let letters: String = stem.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    let is_long = stem.len() > 8 || long_ending.len() > 3 || letters.len() < stem.len();
    let begins = |length: usize| letters.get(..length.min(letters.len()));
    let counted = begins(7_usize.saturating_sub(number.len())).is_some_and(|begin| begin.eq_ignore_ascii_case(head));
    // From the fifth on, two letters and a sum of all.
    let summed = head.len() == 6
        && begins(2).is_some_and(|begin| head.get(..2).is_some_and(|two| two.eq_ignore_ascii_case(begin)))
        && head.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit());
    let same_ending = long_ending.get(..3).unwrap_or(long_ending).eq_ignore_ascii_case(ending);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_long && is_number && same_ending && !head.is_empty() && (counted || summed)
}
