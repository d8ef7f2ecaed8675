//! Identifiers of our own: a text by chance, of a type for each thing that has one.

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A fresh one, by chance.
            #[must_use]
            pub fn random(dice: &dyn crate::domain::secret::Dice) -> Self {
                Self(crate::domain::secret::random_id(dice))
            }

            /// Reads one back from the store.
            #[must_use]
            pub fn stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// As it is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(crate) use identifier;
