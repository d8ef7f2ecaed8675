//! The invented residents of the sample extranets.

/// A resident's file in a sample extranet, with what they type there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The extranet's own identifier of the resident.
    pub login: String,
    /// The old password, in clear: such extranets kept it so, and nobody real has this one.
    pub password: String,
    /// First name and name, as the agency writes them.
    pub name: String,
    /// What binds the resident to the building.
    pub kind: Kind,
    /// The address that the agency has on file, if any.
    pub email: Option<String>,
    /// The flat, as printed on letters.
    pub lot: String,
}

/// What binds a resident to the building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Owns a flat in a building with several owners.
    CoOwner,
    /// Has a flat let by the agency.
    Owner,
    /// Lives in a flat let by the agency.
    Tenant,
}

impl Kind {
    /// Each kind.
    pub const ALL: [Self; 3] = [Self::CoOwner, Self::Owner, Self::Tenant];

    /// The French word, as on the extranets' pages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CoOwner => "Copropriétaire",
            Self::Owner => "Propriétaire",
            Self::Tenant => "Locataire",
        }
    }

    /// The code used in headers: plain ASCII, as they want it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CoOwner => "co-owner",
            Self::Owner => "owner",
            Self::Tenant => "tenant",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| code.eq_ignore_ascii_case(kind.code()))
    }
}

/// The residents of the form extranet: plain and awkward passwords, accents, a couple that shares one address,
/// and a tenant without one.
#[must_use]
pub fn form_accounts() -> Vec<Account> {
    vec![
        account("durand", "Syndic-2019", "Amélie Dufour", Kind::CoOwner, "amelie.dufour@courriel.example", "Lot 12"),
        account("C10023", "p&s=w+rd 100% \"é'<9>", "Noël Lefèvre", Kind::Owner, "noel@lefevre.example", "Lot 27"),
        account("C10041", "soleil", "Inès Garçon-Müller", Kind::CoOwner, "famille.garcon@courriel.example", "Lot 31"),
        account("C10042", "soleil", "Jérôme Garçon", Kind::CoOwner, "famille.garcon@courriel.example", "Lot 31"),
        account("loc-0077", "0412", "Zoé Œuvrard", Kind::Tenant, "", "Bât. B, 3e étage"),
    ]
}

/// The residents of the header extranet. Its passwords are provisional: printed on a letter by the agency, known
/// to the roster that the gateway imports, and never asked by the extranet itself.
#[must_use]
pub fn header_accounts() -> Vec<Account> {
    vec![
        account(
            "L2001",
            "Gare-4471",
            "Amélie Dufour",
            Kind::Owner,
            "amelie.dufour@courriel.example",
            "Appartement A12",
        ),
        account(
            "L2002",
            "Pont-9028",
            "Loïc Kervella",
            Kind::Tenant,
            "loic.kervella@courriel.example",
            "Appartement C3",
        ),
        account("L2003", "Quai-1350", "Françoise N'Diaye", Kind::Tenant, "", "Studio D7"),
    ]
}

/// The same, and the second contract of the tenant among them, who lets a flat himself.
#[must_use]
pub fn merge_accounts() -> Vec<Account> {
    let mut accounts = header_accounts();
    accounts.push(account(
        "L2004",
        "Digue-3307",
        "Loïc Kervella",
        Kind::Owner,
        "loic.kervella@courriel.example",
        "Appartement A2",
    ));
    accounts
}

/// The residents of an agency that leaves them their identifiers; two of the accounts are one person's.
#[must_use]
pub fn code_accounts() -> Vec<Account> {
    vec![
        account("E5512", "Bail-7730", "Maëlle Abgrall", Kind::CoOwner, "maelle.abgrall@courriel.example", "Lot 4"),
        account("E5513", "Cave-2291", "Yann Le Bihan", Kind::CoOwner, "yann.lebihan@courriel.example", "Lot 9"),
        account("E5514", "Toit-6418", "Maëlle Abgrall", Kind::Owner, "maelle.abgrall@courriel.example", "Lot 17"),
    ]
}

/// The residents of an office where somebody forgets passwords.
#[must_use]
pub fn lockout_accounts() -> Vec<Account> {
    vec![account("P301", "Hall-4460", "Bastien Roux", Kind::Tenant, "bastien.roux@courriel.example", "Bât. C, porte 5")]
}

/// An empty address stands for none.
fn account(login: &str, password: &str, name: &str, kind: Kind, email: &str, lot: &str) -> Account {
    Account {
        login: login.to_owned(),
        password: password.to_owned(),
        name: name.to_owned(),
        kind,
        email: (!email.is_empty()).then(|| email.to_owned()),
        lot: lot.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_shares_a_login_but_a_couple_shares_an_address() {
        let accounts = form_accounts();
        let logins: HashSet<_> = accounts.iter().map(|account| &account.login).collect();
        assert_eq!(logins.len(), accounts.len());
        let couple = accounts.iter().filter(|a| a.email.as_deref() == Some("famille.garcon@courriel.example"));
        assert_eq!(couple.count(), 2);
    }

    #[test]
    fn each_kind_is_read_back_from_its_code() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.code()) == Some(kind)));
    }
}
