//! Why a request went where it went, in one word of a closed list: in its access line, in the metrics and in the traces.

/// Each decision with its word, so that neither can be without the other.
macro_rules! decisions {
    ($($(#[$doc:meta])+ $name:ident = $word:literal,)+) => {
        /// Why a request went where it went.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Decision {
            $($(#[$doc])+ $name,)+
        }

        impl Decision {
            /// Every one, each at the place of its number; the frequent ones first.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

decisions! {
    /// Forwarded, for a resident.
    SignedIn = "signed-in",
    /// Forwarded, for nobody (a22).
    PublicPath = "public-path",
    /// A page of the portal.
    Portal = "portal",
    /// A page of ours on an agency's host.
    OwnPage = "own-page",
    /// The extranet's session was over; its answer was replaced (a12).
    SessionOver = "session-over",
    /// The extranet's answer said that its resident has left (decision 61).
    Left = "left",
    /// A page, of a stranger.
    NotSignedIn = "not-signed-in",
    /// A part of one, of a stranger (a20).
    NotSignedInPart = "not-signed-in-part",
    /// On a shared host, for none of its agencies (a24).
    NoAgency = "no-agency",
    /// Of who owes the terms.
    OwesTerms = "owes-terms",
    /// Of who owes the extranet's password (a11).
    OwesPassword = "owes-password",
    /// A form that met no session (a19).
    FormTooLate = "form-too-late",
    /// The extranet's own login (a23).
    LegacyLogin = "legacy-login",
    /// Its logout (a18).
    LegacyLogout = "legacy-logout",
    /// Its password or e-mail page (a18).
    LegacyAccountPage = "legacy-account-page",
    /// What changes something, from elsewhere (f16).
    ForeignOrigin = "foreign-origin",
    /// A post to the extranet's own login.
    LegacyLoginPost = "legacy-login-post",
    /// A post to its password or e-mail page.
    LegacyAccountPost = "legacy-account-post",
    /// An old login, on another path.
    CredentialsPost = "credentials-post",
    /// A service worker on a shared host (a24).
    ServiceWorker = "service-worker",
    /// Of a resident whom the extranet cannot be told (decision 43).
    IdentityUnwritable = "identity-unwritable",
    /// Nobody can say who asks (g03).
    SessionsUnavailable = "sessions-unavailable",
    /// For no host of ours.
    UnknownHost = "unknown-host",
    /// For a host of before (decision 77).
    Moved = "moved",
    /// For another host than its connection.
    Misdirected = "misdirected",
    /// In the clear, and led to https.
    ToHttps = "to-https",
    /// It can be read in two ways (SEC-101 to SEC-111).
    BadFraming = "bad-framing",
    /// Its target is none.
    BadTarget = "bad-target",
    /// Not exactly one readable `Host`.
    BadHost = "bad-host",
    /// TRACE or CONNECT.
    MethodNotAllowed = "method-not-allowed",
    /// A method that nobody knows.
    MethodUnknown = "method-unknown",
    /// A target beyond what is read.
    TargetTooLong = "target-too-long",
    /// A head beyond what is read.
    HeadTooLarge = "head-too-large",
    /// None: a fault of ours.
    Undecided = "undecided",
}

#[cfg(test)]
mod tests {
    use super::Decision;

    #[test]
    fn each_decision_is_explained_to_who_reads_the_access_lines() {
        let operations = include_str!("../../docs/operations.md");
        for decision in Decision::ALL {
            assert!(operations.contains(&format!("`{}`", decision.word())), "{decision:?}");
        }
    }
}
