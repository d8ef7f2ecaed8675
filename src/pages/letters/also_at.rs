use serde::Serialize;

/// Another agency whose extranet the same account opens: who is warned may know that one better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlsoAt {
    /// Its name.
    pub name: String,
    /// Its telephone, if it has said one.
    pub phone: Option<String>,
}

impl AlsoAt {
    /// Two of a person's: reached by telephone, and not.
    pub(super) fn samples() -> Vec<Self> {
        let phones = [("Cabinet Riquet", Some("05 34 00 00 00")), ("Syndic du Canal", None)];
        phones.map(|(name, phone)| Self { name: name.to_owned(), phone: phone.map(str::to_owned) }).to_vec()
    }
}
