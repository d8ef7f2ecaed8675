//! Why a request is refused before anybody looks at what it asks for.

use crate::domain::decision::Decision;

/// Longest request head, bytes.
pub const MAX_HEAD: usize = 64 * 1024;

/// Why a request is refused before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The framing can be read in two ways (SEC-101 to SEC-111).
    Framing,
    /// The target is no path, or one that climbs, or has bytes that no browser sends.
    Target,
    /// Not exactly one readable `Host`.
    Host,
    /// TRACE or CONNECT.
    MethodNotAllowed,
    /// A method that nobody knows.
    MethodUnknown,
    /// A target beyond 8 KiB.
    TargetTooLong,
    /// A head beyond 64 KiB or 100 fields.
    HeadTooLarge,
}

impl Refusal {
    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Framing | Self::Target | Self::Host => 400,
            Self::MethodNotAllowed => 405,
            Self::MethodUnknown => 501,
            Self::TargetTooLong => 414,
            Self::HeadTooLarge => 431,
        }
    }

    /// What it is called in the access line.
    #[must_use]
    pub const fn decision(self) -> Decision {
        match self {
            Self::Framing => Decision::BadFraming,
            Self::Target => Decision::BadTarget,
            Self::Host => Decision::BadHost,
            Self::MethodNotAllowed => Decision::MethodNotAllowed,
            Self::MethodUnknown => Decision::MethodUnknown,
            Self::TargetTooLong => Decision::TargetTooLong,
            Self::HeadTooLarge => Decision::HeadTooLarge,
        }
    }
}
