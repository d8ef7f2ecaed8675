//! What the form extranet remembers: accounts, sessions, tries. No clock, no sockets.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use rand::{Rng, rngs::StdRng};

use crate::demo::data::Account;

/// As many wrong passwords in a row block an account until the extranet is started again.
pub(super) const WRONG_TRIES: u32 = 10;

/// Pages of one browser that wait for a sign-in at once; beyond it the oldest token dies.
const OPEN_FORMS: usize = 20;

/// The extranet's memory.
#[derive(Debug)]
pub(super) struct Register {
    accounts: Vec<Account>,
    sessions: HashMap<String, Session>,
    tries: HashMap<String, Tries>,
    sign_ins: u64,
    dice: StdRng,
}

/// A sign-in's outcome.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SignIn {
    /// Signed in, under a new session.
    Welcome { session: String },
    /// Unknown login or wrong password, which look alike.
    Wrong,
    /// Too many wrong tries before this one.
    Blocked,
    /// The form's token was not given to this browser, or was used before.
    StaleForm,
}

/// A message that a resident sent; of the file only this is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    /// The text.
    pub(super) text: String,
    /// The file that came with it.
    pub(super) file: Option<Received>,
}

/// A file that was counted and hashed, and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    /// Its name on the resident's device.
    pub(super) name: String,
    /// In bytes.
    pub(super) size: u64,
    /// SHA-256, hexadecimal.
    pub(super) digest: String,
}

#[derive(Debug)]
enum Session {
    Waiting { tokens: Vec<String> },
    SignedIn { login: String, sent: Option<Sent> },
}

#[derive(Debug, Default, Clone, Copy)]
struct Tries {
    all: u32,
    wrong_in_a_row: u32,
}

impl Register {
    pub(super) fn new(accounts: Vec<Account>, dice: StdRng) -> Self {
        Self { accounts, sessions: HashMap::new(), tries: HashMap::new(), sign_ins: 0, dice }
    }

    /// Gives a one-time token to the browser, and a session where it has none that waits.
    pub(super) fn open_form(&mut self, session: Option<&str>) -> (String, String) {
        let token = self.secret();
        if let Some(session) = session
            && let Some(Session::Waiting { tokens }) = self.sessions.get_mut(session)
        {
            if tokens.len() == OPEN_FORMS {
                tokens.remove(0);
            }
            tokens.push(token.clone());
            return (session.to_owned(), token);
        }
        let session = self.secret();
        self.sessions.insert(session.clone(), Session::Waiting { tokens: vec![token.clone()] });
        (session, token)
    }

    /// Tries a login and password; the token is used up whatever comes of it.
    pub(super) fn sign_in(&mut self, session: Option<&str>, token: &str, login: &str, password: &str) -> SignIn {
        let Some(session) = session.filter(|session| self.use_token(session, token)) else {
            return SignIn::StaleForm;
        };
        let right = self.accounts.iter().any(|account| account.login == login && account.password == password);
        let tries = self.tries.entry(login.to_owned()).or_default();
        tries.all += 1;
        if tries.wrong_in_a_row >= WRONG_TRIES {
            return SignIn::Blocked;
        }
        if !right {
            tries.wrong_in_a_row += 1;
            return SignIn::Wrong;
        }
        tries.wrong_in_a_row = 0;
        self.sign_ins += 1;
        // A session that somebody else may have planted in the browser is worth nothing afterwards.
        self.sessions.remove(session);
        let session = self.secret();
        self.sessions.insert(session.clone(), Session::SignedIn { login: login.to_owned(), sent: None });
        SignIn::Welcome { session }
    }

    /// Whose session it is.
    pub(super) fn account(&self, session: &str) -> Option<&Account> {
        let Some(Session::SignedIn { login, .. }) = self.sessions.get(session) else { return None };
        self.accounts.iter().find(|account| account.login == *login)
    }

    /// Replaces a password where the old one is right.
    pub(super) fn change_password(&mut self, login: &str, old: &str, new: &str) -> bool {
        let account = self.accounts.iter_mut().find(|account| account.login == login && account.password == old);
        account.map(|account| new.clone_into(&mut account.password)).is_some()
    }

    pub(super) fn keep_sent(&mut self, session: &str, message: Sent) {
        if let Some(Session::SignedIn { sent, .. }) = self.sessions.get_mut(session) {
            *sent = Some(message);
        }
    }

    pub(super) fn last_sent(&self, session: &str) -> Option<Sent> {
        match self.sessions.get(session)? {
            Session::SignedIn { sent, .. } => sent.clone(),
            Session::Waiting { .. } => None,
        }
    }

    pub(super) fn end(&mut self, session: &str) {
        self.sessions.remove(session);
    }

    pub(super) fn end_all(&mut self) {
        self.sessions.clear();
    }

    pub(super) fn sign_ins(&self) -> u64 {
        self.sign_ins
    }

    pub(super) fn live_sessions(&self) -> usize {
        self.sessions.values().filter(|session| matches!(session, Session::SignedIn { .. })).count()
    }

    pub(super) fn attempts(&self, login: &str) -> u32 {
        self.tries.get(login).map_or(0, |tries| tries.all)
    }

    fn use_token(&mut self, session: &str, token: &str) -> bool {
        let Some(Session::Waiting { tokens }) = self.sessions.get_mut(session) else { return false };
        let before = tokens.len();
        tokens.retain(|known| known != token);
        tokens.len() < before
    }

    fn secret(&mut self) -> String {
        let mut bytes = [0; 16];
        self.dice.fill_bytes(&mut bytes);
        HEXLOWER.encode(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::demo::data::form_accounts;

    fn register() -> Register {
        Register::new(form_accounts(), StdRng::seed_from_u64(7))
    }

    fn knock(register: &mut Register, login: &str, password: &str) -> SignIn {
        let (session, token) = register.open_form(None);
        register.sign_in(Some(&session), &token, login, password)
    }

    #[test]
    fn ten_wrong_passwords_block_the_right_one() {
        let mut register = register();
        for _ in 0..WRONG_TRIES {
            assert_eq!(knock(&mut register, "durand", "Syndic-2018"), SignIn::Wrong);
        }
        assert_eq!(knock(&mut register, "durand", "Syndic-2019"), SignIn::Blocked);
        assert_eq!(register.attempts("durand"), WRONG_TRIES + 1);
        assert!(matches!(knock(&mut register, "loc-0077", "0412"), SignIn::Welcome { .. }));
    }

    #[test]
    fn a_right_password_in_between_forgives_the_wrong_ones() {
        let mut register = register();
        for _ in 0..3 {
            for _ in 1..WRONG_TRIES {
                assert_eq!(knock(&mut register, "durand", ""), SignIn::Wrong);
            }
            assert!(matches!(knock(&mut register, "durand", "Syndic-2019"), SignIn::Welcome { .. }));
        }
        assert_eq!(register.sign_ins(), 3);
        assert_eq!(register.live_sessions(), 3);
    }

    #[test]
    fn a_token_belongs_to_the_browser_that_got_it() {
        let mut register = register();
        let (mine, token) = register.open_form(None);
        let (other, _) = register.open_form(None);
        assert_eq!(register.sign_in(Some(&other), &token, "durand", "Syndic-2019"), SignIn::StaleForm);
        assert_eq!(register.sign_in(None, &token, "durand", "Syndic-2019"), SignIn::StaleForm);
        assert_eq!(register.attempts("durand"), 0);
        assert!(matches!(register.sign_in(Some(&mine), &token, "durand", "Syndic-2019"), SignIn::Welcome { .. }));
    }

    #[test]
    fn two_open_forms_of_one_browser_both_work() {
        let mut register = register();
        let (session, first) = register.open_form(None);
        let (same, second) = register.open_form(Some(&session));
        assert_eq!(session, same);
        assert_eq!(register.sign_in(Some(&session), &first, "durand", "?"), SignIn::Wrong);
        assert!(matches!(register.sign_in(Some(&session), &second, "durand", "Syndic-2019"), SignIn::Welcome { .. }));
    }
}
