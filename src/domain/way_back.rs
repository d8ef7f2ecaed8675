//! The way back in the wizard: which step's page is shown again while a later one is open, and what is taken up there.
//!
//! Looking back changes nothing: the run stands where it stood until something is sent from the page that is shown again.
//! Behind the proof there is no way back: what was proven is not asked for again.

use super::challenge::ChallengeId;
use super::email::EmailAddress;
use super::migration::{Address, Effect, Flow, FlowError, Step, WrongStep};
use super::password::PasswordHash;

/// A step without what is known by then: each has a page with an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The information page.
    Notice,
    /// The address.
    Email,
    /// The new password.
    Password,
    /// The letter that is waited for.
    Proof,
    /// The password of the person who has the address already.
    Join,
    /// The end, and the person's other accounts.
    Others,
}

impl Stop {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Notice, Self::Email, Self::Password, Self::Proof, Self::Join, Self::Others];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Email => "email",
            Self::Password => "password",
            Self::Proof => "proof",
            Self::Join => "join",
            Self::Others => "others",
        }
    }

    /// The step with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stop| stop.name() == name)
    }
}

impl From<&Step> for Stop {
    fn from(step: &Step) -> Self {
        match step {
            Step::Notice { .. } => Self::Notice,
            Step::Email { .. } => Self::Email,
            Step::Password { .. } => Self::Password,
            Step::Proof { .. } => Self::Proof,
            Step::Join { .. } => Self::Join,
            Step::Done { .. } => Self::Others,
        }
    }
}

impl Flow {
    /// A step as its page shows it again; None where it is the one that is open, or cannot be gone back to.
    #[must_use]
    pub fn again(&self, stop: Stop) -> Option<Step> {
        let typed = match &self.step {
            Step::Email { .. } => None,
            Step::Password { address: Address::Claimed(email), .. } | Step::Proof { email, .. } => Some(email),
            Step::Join { email: None, .. } => self.roster_email.as_ref(),
            Step::Notice { .. } | Step::Password { .. } | Step::Join { .. } | Step::Done { .. } => return None,
        };
        match (stop, &self.step) {
            // It was read before.
            (Stop::Notice, _) => Some(Step::Notice { opens_at: self.started_at }),
            (Stop::Email, Step::Password { .. } | Step::Proof { .. } | Step::Join { .. }) => {
                Some(Step::Email { proposed: typed.cloned() })
            }
            (Stop::Password, Step::Proof { email, password: Some(_), .. }) => {
                Some(Step::Password { address: Address::Claimed(email.clone()), apart: false })
            }
            // « J'ai déjà un compte ».
            (Stop::Join, Step::Email { .. } | Step::Password { .. } | Step::Proof { .. }) => {
                Some(Step::Join { identity: None, email: None })
            }
            _ => None,
        }
    }

    /// « Revenir à l'étape précédente » on the page of a step.
    #[must_use]
    pub fn before(&self, stop: Stop) -> Option<Stop> {
        let open = Stop::from(&self.step);
        let before: &[Stop] = match stop {
            Stop::Notice | Stop::Others => &[],
            Stop::Email => &[Stop::Notice],
            Stop::Password | Stop::Join => &[Stop::Email],
            Stop::Proof => &[Stop::Password, Stop::Email],
        };
        before.iter().copied().find(|stop| *stop == open || self.again(*stop).is_some())
    }

    /// What follows the information page where it is read again: the address that was typed, while it can be corrected.
    #[must_use]
    pub fn after_notice(&self) -> Stop {
        match &self.step {
            Step::Password { .. } | Step::Proof { .. } if self.again(Stop::Email).is_some() => Stop::Email,
            step => Stop::from(step),
        }
    }

    /// Whether an address was typed that no letter has gone to.
    #[must_use]
    pub const fn is_before_the_letter(&self) -> bool {
        matches!(self.step, Step::Password { address: Address::Claimed(_), .. })
    }

    /// The address is sent from its page, which was shown again. The same one changes nothing: a letter that is on its way
    /// is still the one that counts.
    ///
    /// # Errors
    /// The address cannot be corrected any more.
    pub fn correct_email(&mut self, email: EmailAddress, challenge: ChallengeId) -> Result<Effect, FlowError> {
        if let Some(again) = self.again(Stop::Email) {
            if self.step.email() == Some(&email) {
                return Ok(Effect::Nothing);
            }
            self.step = again;
        }
        self.choose_email(email, challenge)
    }

    /// A password is sent from its page, which was shown again: it replaces the one that was chosen before, and the letter
    /// is the same.
    ///
    /// # Errors
    /// No password can be chosen now.
    pub fn correct_password(&mut self, chosen: PasswordHash, challenge: ChallengeId) -> Result<Effect, FlowError> {
        if let Step::Proof { password: Some(password), .. } = &mut self.step {
            *password = chosen;
            return Ok(Effect::Nothing);
        }
        self.choose_password(chosen, challenge)
    }

    /// « J'ai déjà un compte » is sent from its page, which was reached from a step behind the address.
    ///
    /// # Errors
    /// Nobody can be joined any more.
    pub fn turn_to_join(&mut self) -> Result<(), WrongStep> {
        self.step = self.again(Stop::Join).ok_or(WrongStep)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::agency_code::AgencyCode;
    use crate::domain::challenge::{Challenge, ChallengeTerms, LinkAnswer, ProvenEmail, SentLink};
    use crate::domain::identity::{IdentityId, Kind, LegacyAccount, LegacyLogin};
    use crate::domain::migration::{FlowId, MigrationPlan};
    use crate::domain::policy::{AgencyPolicy, Order};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).expect("an address")
    }

    fn typed() -> EmailAddress {
        email("anne@gmial.example")
    }

    fn challenge(id: &str) -> ChallengeId {
        ChallengeId::stored(id)
    }

    fn proven() -> ProvenEmail {
        let terms = ChallengeTerms::from(&AgencyPolicy::default());
        let sent = Challenge { sent_at: Some(at(0)), ..Challenge::new(challenge("c"), typed(), terms, at(0)) };
        let LinkAnswer::Right(proven) = sent.answer_link(SentLink { issue: 1, sent_at: at(0) }, at(1)) else {
            panic!("the link is right")
        };
        proven
    }

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::phc(text)
    }

    /// A run at a step.
    fn run(order: Order, step: Step) -> Flow {
        let account = LegacyAccount {
            agency: AgencyCode::parse("SPI31", "01").expect("codes"),
            login: LegacyLogin::parse("durand").expect("a login"),
            name: None,
            kind: Kind::Owner,
        };
        let policy = AgencyPolicy { order, ..AgencyPolicy::default() };
        let roster = Some(email("roster@example.org"));
        let flow = Flow::start(FlowId::stored("f"), account, roster, MigrationPlan::from(&policy), at(0));
        Flow { step, ..flow }
    }

    fn claimed() -> Step {
        Step::Password { address: Address::Claimed(typed()), apart: false }
    }

    fn proof(password: Option<&str>) -> Step {
        Step::Proof { challenge: challenge("c"), email: typed(), password: password.map(hash) }
    }

    fn join(identity: Option<&str>, email: Option<ProvenEmail>) -> Step {
        Step::Join { identity: identity.map(IdentityId::stored), email }
    }

    fn shown(stop: Stop) -> (Stop, Step) {
        let view = match stop {
            Stop::Notice => Step::Notice { opens_at: at(0) },
            Stop::Email => Step::Email { proposed: Some(typed()) },
            Stop::Password => claimed(),
            Stop::Join => join(None, None),
            Stop::Proof | Stop::Others => unreachable!("is never gone back to"),
        };
        (stop, view)
    }

    #[test]
    fn residents_5_each_step_shows_those_before_it_again_and_nothing_behind_the_proof() {
        use Order::{PasswordFirst, ProofFirst};
        let roster = (Stop::Email, Step::Email { proposed: Some(email("roster@example.org")) });
        let apart = Step::Password { address: Address::Proven(proven()), apart: true };
        let last = Step::Password { address: Address::Proven(proven()), apart: false };
        let (notice, typed, join_page) = (shown(Stop::Notice), shown(Stop::Email), shown(Stop::Join));
        let rows = [
            (PasswordFirst, Step::Notice { opens_at: at(8) }, vec![]),
            (PasswordFirst, Step::Email { proposed: None }, vec![&notice, &join_page]),
            (PasswordFirst, claimed(), vec![&notice, &typed, &join_page]),
            (ProofFirst, proof(None), vec![&notice, &typed, &join_page]),
            (ProofFirst, last, vec![]),
            (ProofFirst, apart, vec![]),
            (PasswordFirst, join(None, None), vec![&notice, &roster]),
            (PasswordFirst, join(Some("anne"), None), vec![&notice, &roster]),
            (PasswordFirst, join(Some("anne"), Some(proven())), vec![]),
            (PasswordFirst, Step::Done { joined: false, whose: None }, vec![]),
        ];
        for (order, step, expected) in rows {
            let flow = run(order, step);
            let found: Vec<_> = Stop::ALL.into_iter().filter_map(|stop| Some((stop, flow.again(stop)?))).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{:?}", flow.step);
        }
        let flow = run(PasswordFirst, proof(Some("a")));
        for stop in [Stop::Notice, Stop::Email, Stop::Password, Stop::Join] {
            assert_eq!(flow.again(stop), Some(shown(stop).1), "{stop:?}");
        }
    }

    #[test]
    fn residents_5_the_way_back_leads_from_each_page_to_the_one_before_it() {
        for (step, chain) in [
            (proof(Some("a")), vec![Stop::Proof, Stop::Password, Stop::Email, Stop::Notice]),
            (proof(None), vec![Stop::Proof, Stop::Email, Stop::Notice]),
            (claimed(), vec![Stop::Password, Stop::Email, Stop::Notice]),
            (join(None, None), vec![Stop::Join, Stop::Email, Stop::Notice]),
            (join(Some("anne"), Some(proven())), vec![Stop::Join]),
            (Step::Password { address: Address::Proven(proven()), apart: false }, vec![Stop::Password]),
            (Step::Done { joined: true, whose: None }, vec![Stop::Others]),
        ] {
            let flow = run(Order::PasswordFirst, step);
            let mut walked = vec![Stop::from(&flow.step)];
            while let Some(before) = flow.before(walked[walked.len() - 1]) {
                walked.push(before);
            }
            assert_eq!(walked, chain, "{:?}", flow.step);
        }
        // From the beginning on again, it is one page after another as well.
        assert_eq!(run(Order::PasswordFirst, proof(Some("a"))).after_notice(), Stop::Email);
        assert_eq!(run(Order::PasswordFirst, join(None, None)).after_notice(), Stop::Join);
        assert_eq!(Stop::ALL.map(|stop| Stop::named(stop.name())), Stop::ALL.map(Some));
    }

    #[test]
    fn residents_6_an_address_is_corrected_until_it_is_proven_and_the_same_one_changes_nothing() {
        let right = email("anne@gmail.example");
        for step in [claimed(), proof(Some("a")), proof(None)] {
            let order = if step == proof(None) { Order::ProofFirst } else { Order::PasswordFirst };
            let mut flow = run(order, step.clone());
            assert_eq!(flow.correct_email(typed(), challenge("d")), Ok(Effect::Nothing));
            assert_eq!(flow.step, step, "the letter that is on its way still counts");
            let effect = flow.correct_email(right.clone(), challenge("d")).expect("corrected");
            assert_eq!(flow.step.email(), Some(&right));
            assert_eq!(matches!(effect, Effect::AskProof { .. }), order == Order::ProofFirst);
            // A letter that went to the wrong address proves nothing any more.
            assert_eq!(flow.proven(&challenge("c"), proven(), None), Err(WrongStep.into()));
        }
        for step in [
            Step::Password { address: Address::Proven(proven()), apart: false },
            join(Some("anne"), Some(proven())),
            Step::Notice { opens_at: at(8) },
            Step::Done { joined: false, whose: None },
        ] {
            let mut flow = run(Order::PasswordFirst, step.clone());
            assert_eq!(flow.correct_email(right.clone(), challenge("d")), Err(WrongStep.into()), "{step:?}");
            assert_eq!(flow.turn_to_join(), Err(WrongStep));
            assert_eq!(flow.step, step);
        }
    }

    #[test]
    fn residents_5_a_password_that_is_chosen_again_is_the_one_that_counts_and_the_letter_is_the_same() {
        let mut flow = run(Order::PasswordFirst, proof(Some("a")));
        assert_eq!(flow.correct_password(hash("b"), challenge("d")), Ok(Effect::Nothing));
        assert_eq!(flow.step, proof(Some("b")));
        let mut flow = run(Order::ProofFirst, proof(None));
        assert_eq!(flow.correct_password(hash("b"), challenge("d")), Err(WrongStep.into()));
    }
}
