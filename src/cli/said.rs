//! What is said on the control socket.

/// Stands for every loss where somebody agrees to whatever it is.
pub(super) const ANY: &str = "any";

/// Says that nobody is there to be asked.
pub(super) const UNASKED: &str = "unasked";

/// What the gateway that runs says.
pub(super) enum Said {
    /// It has done what was asked.
    Done(String),
    /// It has not, and this is why.
    Failed(String),
    /// It has done what was asked, and misses what goes for good if somebody agrees: by this name.
    Misses { consent: String, text: String },
    /// It would, if somebody agrees to what the text says: by this name.
    Asks { consent: String, text: String },
}
