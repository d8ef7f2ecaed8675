//! The refused sign-ins of a browser, kept in that browser under its own secret (003, c15, §17).

use jiff::Timestamp;

use super::cookies::Kind;
use super::guest::Guest;
use super::sealed::{open, seal, under};
use crate::domain::agency::Agency;
use crate::domain::credential::TypedLogin;
use crate::domain::lockout::LockoutPolicy;
use crate::domain::refusals::Refusals;
use crate::domain::text::folded;
use crate::pages::portal::WayOut;

const REFUSALS: &str = "vestibule refusals\n";

impl Guest {
    /// Counts a refused sign-in, here and in the answer; what is to be shown of the way out.
    pub fn refused(&mut self, typed: &str, agency: Option<&Agency>, now: Timestamp) -> WayOut {
        let policy = policy_of(agency);
        let refusals = self.refusals().unwrap_or_default().with(&self.kept_of(typed, agency), &policy, now);
        let sealed = seal(&self.caller.browser, REFUSALS, &refusals.to_text());
        self.set(Kind::Refusals, &sealed, None);
        WayOut::after(refusals.are_many(&policy, now), refusals.wait_s(&policy, now))
    }

    /// What is to be shown of the way out on a page that nothing was just refused on.
    #[must_use]
    pub fn way_out(&self, agency: Option<&Agency>, now: Timestamp) -> Option<WayOut> {
        let (refusals, policy) = (self.refusals()?, policy_of(agency));
        let are_many = refusals.are_many(&policy, now);
        are_many.then(|| WayOut::after(are_many, refusals.wait_s(&policy, now)))
    }

    /// A browser begins anew: who sits there has signed in, or chosen another password.
    pub fn forget_refusals(&mut self) {
        if self.cookie(Kind::Refusals).is_some() {
            self.clear(Kind::Refusals);
        }
    }

    fn refusals(&self) -> Option<Refusals> {
        Refusals::parse(open(&self.caller.browser, REFUSALS, self.cookie(Kind::Refusals)?)?)
    }

    /// What is kept of what was typed: enough to tell whether the same was typed again. An address is one person's at every
    /// agency, an identifier an account's at one.
    fn kept_of(&self, typed: &str, agency: Option<&Agency>) -> String {
        let is_email = TypedLogin::parse(typed).is_some_and(|typed| typed.email.is_some());
        let at = agency.filter(|_| !is_email).map(|agency| agency.code.to_string()).unwrap_or_default();
        under(&self.caller.browser, REFUSALS, &format!("typed\n{at}\n{}", folded(typed)))[..16].to_owned()
    }
}

fn policy_of(agency: Option<&Agency>) -> LockoutPolicy {
    agency.map_or(LockoutPolicy::PERSON, |agency| agency.policy.lockout)
}
