//! Known devices: browsers on which somebody has signed in before, and which no stranger's guesses lock (f02).

use super::lockout::LockoutPolicy;

/// What a device's browser says it is, as far as its owner knows it again by that; nothing else of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Which browser.
    pub family: Family,
    /// On what.
    pub system: System,
}

/// Browsers by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// Chrome, and what calls itself so only.
    Chrome,
    /// Edge.
    Edge,
    /// Firefox.
    Firefox,
    /// Opera.
    Opera,
    /// Safari.
    Safari,
    /// Samsung Internet.
    Samsung,
    /// Any other.
    #[default]
    Other,
}

/// What browsers run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum System {
    /// A telephone or tablet with Android.
    Android,
    /// An iPad; those that ask for pages as a computer does are taken for a Mac.
    Ipad,
    /// An iPhone.
    Iphone,
    /// A computer with Linux.
    Linux,
    /// A Mac.
    Mac,
    /// A computer with Windows.
    Windows,
    /// Any other.
    #[default]
    Other,
}

impl Look {
    /// Reads the text by which a browser names itself. Browsers name each other, too: the most particular word counts.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let first = |words: &[&str]| words.iter().any(|word| user_agent.contains(word));
        let family = if first(&["Edg"]) {
            Family::Edge
        } else if first(&["OPR/", "OPiOS", "OPT/"]) {
            Family::Opera
        } else if first(&["SamsungBrowser"]) {
            Family::Samsung
        } else if first(&["Firefox/", "FxiOS"]) {
            Family::Firefox
        } else if first(&["Chrome/", "CriOS", "Chromium"]) {
            Family::Chrome
        } else if first(&["Safari/"]) {
            Family::Safari
        } else {
            Family::Other
        };
        let system = if first(&["iPhone"]) {
            System::Iphone
        } else if first(&["iPad"]) {
            System::Ipad
        } else if first(&["Android"]) {
            System::Android
        } else if first(&["Windows"]) {
            System::Windows
        } else if first(&["Macintosh", "Mac OS X"]) {
            System::Mac
        } else if first(&["Linux", "CrOS"]) {
            System::Linux
        } else {
            System::Other
        };
        Self { family, system }
    }

    /// As stored: two words.
    #[must_use]
    pub fn name(self) -> String {
        format!("{} {}", self.family.name(), self.system.name())
    }

    /// Reads back what [`Look::name`] wrote; of what it does not know, nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (family, system) = text.split_once(' ').unwrap_or_default();
        Self {
            family: Family::ALL.into_iter().find(|known| known.name() == family).unwrap_or_default(),
            system: System::ALL.into_iter().find(|known| known.name() == system).unwrap_or_default(),
        }
    }
}

impl Family {
    const ALL: [Self; 7] =
        [Self::Chrome, Self::Edge, Self::Firefox, Self::Opera, Self::Safari, Self::Samsung, Self::Other];

    /// As stored, and the end of its key in `pages/locales`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Edge => "edge",
            Self::Firefox => "firefox",
            Self::Opera => "opera",
            Self::Safari => "safari",
            Self::Samsung => "samsung",
            Self::Other => "other",
        }
    }
}

impl System {
    const ALL: [Self; 7] =
        [Self::Android, Self::Ipad, Self::Iphone, Self::Linux, Self::Mac, Self::Windows, Self::Other];

    /// As stored, and the end of its key in `pages/locales`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ipad => "ipad",
            Self::Iphone => "iphone",
            Self::Linux => "linux",
            Self::Mac => "mac",
            Self::Windows => "windows",
            Self::Other => "other",
        }
    }
}

/// A person is known on a device for so many days after the last sign-in there: as long as its cookie lives.
pub const KNOWN_DAYS: u16 = 180;

/// So many persons are known on one device: a family, or the computer of a residence's hall. The oldest goes.
pub const PERSONS: u8 = 10;

/// Failures on one device at all persons whom it knows together; those at each of them are slowed by the person's policy
/// beside that.
pub const LOCKOUT: LockoutPolicy = LockoutPolicy {
    free_failures: 25,
    first_delay_s: 90,
    longest_delay_s: 4 * 3600,
    daily_failures: 25,
    calm_s: 24 * 3600,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_a_browser_is_known_by_the_name_that_its_owner_gives_it() {
        const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (said, is) in [
            (format!("{WINDOWS} {WEBKIT} Chrome/126.0 Safari/537.36"), "chrome windows"),
            (format!("{WINDOWS} {WEBKIT} Chrome/126.0 Safari/537.36 Edg/126.0"), "edge windows"),
            (format!("{WINDOWS} {WEBKIT} Chrome/126.0 Safari/537.36 OPR/111.0"), "opera windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0".to_owned(), "firefox linux"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15".to_owned(), "safari mac"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1".to_owned(),
                "safari iphone",
            ),
            ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) CriOS/126.0 Safari/604.1".to_owned(), "chrome ipad"),
            (
                format!("Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0"),
                "samsung android",
            ),
            ("curl/8.5.0".to_owned(), "other other"),
            (String::new(), "other other"),
        ] {
            assert_eq!(Look::of(&said).name(), is, "{said}");
            assert_eq!(Look::parse(is), Look::of(&said), "{said}");
        }
        for unreadable in ["", "firefox", "netscape beos", "firefox windows more"] {
            let look = Look::parse(unreadable);
            assert_eq!(look.system, System::Other, "{unreadable}");
        }
    }
}
