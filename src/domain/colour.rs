//! Colours, and whether they can be read on white.

/// A colour of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Colour {
    /// What text needs to be read (WCAG 2.2, 1.4.3).
    pub const LEAST_CONTRAST: f64 = 4.5;

    /// `#rrggbb`, or the same without its sign.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |from: usize| u8::from_str_radix(digits.get(from..from + 2)?, 16).ok();
        Some(Self { red: part(0)?, green: part(2)?, blue: part(4)? })
    }

    /// `#rrggbb`.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// With this share of its light.
    #[must_use]
    pub fn darker(self, percent: u16) -> Self {
        let part = |value: u8| u8::try_from(u16::from(value) * percent / 100).unwrap_or(value);
        Self { red: part(self.red), green: part(self.green), blue: part(self.blue) }
    }

    /// The colour, darkened until text in it can be read on white (4.5 is asked) and on the page's ground.
    #[must_use]
    pub fn readable(self) -> Self {
        let mut colour = self;
        while colour.contrast_with_white() < 5.2 {
            colour = colour.darker(90);
        }
        colour
    }

    /// The contrast ratio with white (WCAG 2.2, "relative luminance").
    #[must_use]
    pub fn contrast_with_white(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        1.05 / (0.2126 * part(self.red) + 0.7152 * part(self.green) + 0.0722 * part(self.blue) + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_colour_is_darkened_until_it_can_be_read() {
        let light = Colour::parse("#ffcc00").expect("a colour");
        assert!(light.contrast_with_white() < Colour::LEAST_CONTRAST);
        assert!(light.readable().contrast_with_white() >= 5.2);
        assert_eq!(Colour::parse("1F4F8B").map(Colour::hex), Some("#1f4f8b".to_owned()));
        for wrong in ["", "red", "#12345", "#12345g", "##12345", "#é2345"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }
}
