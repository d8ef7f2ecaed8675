//! The brand's colour as a style sheet: pages carry no inline style, the content security policy forbids it (SEC-237).

use crate::domain::colour::Colour;

const DEFAULT: Colour = Colour { red: 0x1f, green: 0x4e, blue: 0x79 };

/// The custom properties that `vestibule.css` uses. What is not `#rrggbb` or `rrggbb` gives the default colour, so
/// that nothing from the URL ever reaches the style sheet as text.
pub(super) fn css(colour: &str) -> String {
    let colour = Colour::parse(colour).unwrap_or(DEFAULT);
    let ink = if colour.contrast_with_white() >= Colour::LEAST_CONTRAST { "#ffffff" } else { "#1b1b1b" };
    format!(
        ":root {{\n  --brand: {};\n  --brand-deep: {};\n  --brand-ink: {ink};\n  --brand-text: {};\n}}\n",
        colour.hex(),
        colour.readable().darker(80).hex(),
        colour.readable().hex(),
    )
}

/// The colour as it stands in the URL of the style sheet.
pub(super) fn parameter(colour: &str) -> String {
    Colour::parse(colour).unwrap_or(DEFAULT).hex().trim_start_matches('#').to_owned()
}

/// The picture that stands in for a logo: letters on the colour. What is no letter or digit is left out.
pub(super) fn mark(colour: &str, letters: &str) -> String {
    let colour = Colour::parse(colour).unwrap_or(DEFAULT);
    let letters: String = letters.chars().filter(|c| c.is_alphanumeric()).take(2).collect();
    let ink = if colour.contrast_with_white() >= Colour::LEAST_CONTRAST { "#ffffff" } else { "#1b1b1b" };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\" width=\"48\" height=\"48\">\
         <rect width=\"48\" height=\"48\" rx=\"8\" fill=\"{}\"/>\
         <text x=\"24\" y=\"31\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"20\" \
         font-weight=\"700\" fill=\"{ink}\">{letters}</text></svg>",
        colour.hex(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_url_reaches_the_style_sheet_as_text() {
        assert_eq!(css("red;}body{display:none"), css("#1f4e79"));
        assert_eq!(css("1f4e79"), css("#1F4E79"));
        assert_eq!(parameter("#1F4E79"), "1f4e79");
    }

    #[test]
    fn sec_072_a_mark_holds_letters_and_a_colour_and_nothing_else_of_its_address() {
        assert!(mark("1f4e79", "CV").contains(">CV</text>"));
        assert_eq!(mark("\"/><script>", "<script>"), mark("1f4e79", "sc"));
        assert_eq!(mark("#ffcc00", "É&").matches('É').count(), 1);
    }

    #[test]
    fn a_light_colour_gets_dark_ink_and_a_readable_text_colour() {
        assert!(css("#ffcc00").contains("--brand-ink: #1b1b1b"));
        assert!(css("#1f4e79").contains("--brand-ink: #ffffff"));
    }
}
