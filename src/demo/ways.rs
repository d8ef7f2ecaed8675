//! The four ways to lead residents, each an agency of the demo: its file, its residents, and what they show.

use super::data::{self, Account};

/// An agency of the demo, after one of `config/examples/`.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// The example's name, the label of the agency's host, and in capitals the code of its société.
    pub name: &'static str,
    /// The agency's file, as it stands among the examples.
    pub file: &'static str,
    /// Which of both extranets is behind it.
    pub extranet: Extranet,
    /// Who has an account there.
    pub accounts: fn() -> Vec<Account>,
    /// What is different here, for who runs the demo.
    pub shows: &'static str,
    /// The same in French, for the mailbox's page.
    pub montre: &'static str,
    /// What to try, in this order.
    pub tries: &'static [Try],
}

/// The kind of old extranet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extranet {
    /// Has a login form, and judges passwords by itself.
    Form,
    /// Believes headers; its accounts come from a roster.
    Headers,
}

/// An account, and what to do with it.
#[derive(Debug, Clone, Copy)]
pub struct Try {
    /// The account's old identifier.
    pub login: &'static str,
    /// What to do, and what is seen then.
    pub what: &'static str,
    /// The same in French.
    pub quoi: &'static str,
}

/// The code of the client that every agency of the demo has.
pub const CLIENT: &str = "DEMO";

impl Way {
    /// The code of its société.
    #[must_use]
    pub fn societe(&self) -> String {
        self.name.to_ascii_uppercase()
    }

    /// Where residents sign in to it, on this portal.
    #[must_use]
    pub fn sign_in(&self, portal: &str) -> String {
        format!("{portal}/login?client={CLIENT}&societe={}", self.societe())
    }

    /// The old password of one of its accounts.
    #[must_use]
    pub fn password(&self, login: &str) -> String {
        (self.accounts)().into_iter().find(|account| account.login == login).map_or_else(String::new, |it| it.password)
    }
}

/// In the order in which they are shown.
pub const WAYS: [Way; 4] = [
    Way {
        name: "link",
        file: include_str!("../../config/examples/link.toml"),
        extranet: Extranet::Form,
        accounts: data::form_accounts,
        shows: "A new password, then the link of a letter; the old extranet judges the old password.",
        montre: "Un nouveau mot de passe, puis le lien d'un message ; l'ancien extranet vérifie l'ancien mot de passe.",
        tries: &[
            Try {
                login: "durand",
                what: "Begin here: through the four steps, and into the old extranet",
                quoi: "Commencez ici : les quatre étapes, puis l'ancien extranet",
            },
            Try {
                login: "C10041",
                what: "The first of two people at one address: migrate her,",
                quoi: "La première de deux personnes à une même adresse : faites la procédure,",
            },
            Try {
                login: "C10042",
                what: "then him: « Nous sommes deux à cette adresse » keeps them apart",
                quoi: "puis avec la seconde : « Nous sommes deux à cette adresse » les distingue",
            },
        ],
    },
    Way {
        name: "merge",
        file: include_str!("../../config/examples/merge.toml"),
        extranet: Extranet::Headers,
        accounts: data::merge_accounts,
        shows: "Provisional passwords, several contracts of one person; link and code in one letter.",
        montre: "Des mots de passe provisoires, plusieurs contrats ; lien et code dans un même message.",
        tries: &[
            Try {
                login: "L2001",
                what: "After durand: the same person, whose new password attaches this account",
                quoi: "Après durand : la même personne ; son nouveau mot de passe rattache ce compte",
            },
            Try {
                login: "L2002",
                what: "A first contract: type the letter's code,",
                quoi: "Un premier contrat : recopiez le code du message,",
            },
            Try {
                login: "L2004",
                what: "then at /account « Associer un autre compte »: one sign-in, a list to choose from",
                quoi: "puis, sur « Mon compte », « Associer un autre compte » : une seule connexion, une liste où choisir",
            },
        ],
    },
    Way {
        name: "code",
        file: include_str!("../../config/examples/code.toml"),
        extranet: Extranet::Headers,
        accounts: data::code_accounts,
        shows: "The identifier stays, the address is for letters: address, code, password.",
        montre: "L'identifiant reste, l'adresse sert aux messages : adresse, code, mot de passe.",
        tries: &[
            Try {
                login: "E5512",
                what: "Three steps; then sign in with E5512 and the new password,",
                quoi: "Trois étapes ; puis connectez-vous avec E5512 et le nouveau mot de passe,",
            },
            Try {
                login: "E5513",
                what: "or begin, close the tab, and go on in another browser with these two",
                quoi: "ou commencez, fermez l'onglet, et reprenez dans un autre navigateur",
            },
        ],
    },
    Way {
        name: "lockout",
        file: include_str!("../../config/examples/lockout.toml"),
        extranet: Extranet::Form,
        accounts: data::lockout_accounts,
        shows: "Five wrong passwords lock; a letter's link opens with a new one.",
        montre: "Cinq mots de passe faux bloquent ; le lien d'un message débloque avec un nouveau.",
        tries: &[Try {
            login: "P301",
            what: "Migrate, sign out, be wrong five times; then « Mot de passe oublié ? »",
            quoi: "Faites la procédure, quittez, trompez-vous cinq fois ; puis « Mot de passe oublié ? »",
        }],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_the_guide_names_has_an_account() {
        for way in WAYS {
            for Try { login, .. } in way.tries {
                assert!(!way.password(login).is_empty(), "{login} at {}", way.name);
            }
        }
    }

    #[test]
    fn each_line_of_the_guide_fits_on_a_terminal() {
        for way in WAYS {
            assert!(way.shows.chars().count() <= 90, "{}", way.shows);
            for Try { what, .. } in way.tries {
                assert!(what.chars().count() <= 82, "{what}");
            }
        }
    }
}
