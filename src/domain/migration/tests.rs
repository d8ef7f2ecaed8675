use super::*;
use crate::domain::agency_code::AgencyCode;
use crate::domain::challenge::{Challenge, LinkAnswer, SentLink};
use crate::domain::identity::{Kind, LegacyLogin};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

fn anne() -> EmailAddress {
    EmailAddress::parse("anne@example.org").expect("an address")
}

fn flow(policy: &AgencyPolicy) -> Flow {
    let account = LegacyAccount {
        agency: AgencyCode::parse("SPI31", "01").expect("codes"),
        login: LegacyLogin::parse("durand").expect("a login"),
        name: None,
        kind: Kind::Owner,
    };
    Flow::start(FlowId::stored("f"), account, Some(anne()), MigrationPlan::from(policy), at(0))
}

fn hash() -> PasswordHash {
    PasswordHash::phc("$argon2id$")
}

fn challenge() -> ChallengeId {
    ChallengeId::stored("c")
}

fn proven() -> ProvenEmail {
    let terms = ChallengeTerms::from(&AgencyPolicy::default());
    let sent = Challenge { sent_at: Some(at(0)), ..Challenge::new(challenge(), anne(), terms, at(0)) };
    let LinkAnswer::Right(proven) = sent.answer_link(SentLink { issue: 1, sent_at: at(0) }, at(1)) else {
        panic!("the link is right")
    };
    proven
}

#[test]
fn b04_b06_b08_document_000_goes_notice_email_password_proof_done() {
    let mut flow = flow(&AgencyPolicy::default());
    assert_eq!(flow.leave_notice(at(8)), Ok(Effect::Nothing));
    assert_eq!(flow.step, Step::Email { proposed: Some(anne()) });
    assert_eq!(flow.choose_email(anne(), challenge()), Ok(Effect::Nothing));
    let asked = Effect::AskProof { challenge: challenge(), email: anne() };
    assert_eq!(flow.choose_password(hash(), challenge()), Ok(asked));
    let made = Effect::Create { email: proven(), password: hash(), login: Login::Address };
    assert_eq!(flow.proven(&challenge(), proven(), None), Ok(made));
    assert!(!flow.is_open(at(9)));
}

#[test]
fn b09_document_004_goes_email_proof_password_done() {
    let mut flow = flow(&AgencyPolicy { order: Order::ProofFirst, notice_seconds: 0, ..AgencyPolicy::default() });
    assert_eq!(flow.leave_notice(at(0)), Ok(Effect::Nothing));
    assert!(matches!(flow.choose_email(anne(), challenge()), Ok(Effect::AskProof { .. })));
    assert_eq!(flow.proven(&challenge(), proven(), None), Ok(Effect::Nothing));
    assert!(matches!(flow.choose_password(hash(), challenge()), Ok(Effect::Create { .. })));
}

#[test]
fn b07_where_the_identifier_is_kept_the_new_person_types_it() {
    for order in [Order::PasswordFirst, Order::ProofFirst] {
        let policy =
            AgencyPolicy { identifier: Identifier::Legacy, order, notice_seconds: 0, ..AgencyPolicy::default() };
        let mut flow = flow(&policy);
        flow.leave_notice(at(0)).expect("open");
        flow.choose_email(anne(), challenge()).expect("open");
        let made = Effect::Create { email: proven(), password: hash(), login: Login::Identifier };
        match order {
            Order::PasswordFirst => {
                flow.choose_password(hash(), challenge()).expect("open");
                assert_eq!(flow.proven(&challenge(), proven(), None), Ok(made));
            }
            Order::ProofFirst => {
                flow.proven(&challenge(), proven(), None).expect("open");
                assert_eq!(flow.choose_password(hash(), challenge()), Ok(made));
            }
        }
    }
}

#[test]
fn b18_two_people_at_one_address_stay_apart_once_it_is_proven_and_the_second_types_the_identifier() {
    for order in [Order::PasswordFirst, Order::ProofFirst] {
        let mut flow = flow(&AgencyPolicy { order, notice_seconds: 0, ..AgencyPolicy::default() });
        flow.leave_notice(at(0)).expect("open");
        // Who only says so has proven nothing.
        assert_eq!(flow.stay_apart(), Err(WrongStep.into()));
        flow.join_existing(None).expect("open");
        assert_eq!(flow.stay_apart(), Err(WrongStep.into()));
        flow.choose_email(anne(), challenge()).expect("open");
        if order == Order::PasswordFirst {
            flow.choose_password(hash(), challenge()).expect("open");
        }
        assert_eq!(flow.stay_apart(), Err(WrongStep.into()));
        flow.proven(&challenge(), proven(), Some(IdentityId::stored("anne"))).expect("open");
        assert!(flow.step.may_be_two());
        assert_eq!(flow.stay_apart(), Ok(Effect::Nothing));
        let made = Effect::Create { email: proven(), password: hash(), login: Login::Identifier };
        assert_eq!(flow.choose_password(hash(), challenge()), Ok(made));
    }
}

#[test]
fn a_run_of_the_version_before_is_read() {
    let mut flow = flow(&AgencyPolicy { order: Order::ProofFirst, notice_seconds: 0, ..AgencyPolicy::default() });
    flow.leave_notice(at(0)).expect("open");
    flow.choose_email(anne(), challenge()).expect("open");
    let asked = flow.clone();
    flow.proven(&challenge(), proven(), None).expect("open");
    let text = serde_json::to_string(&flow).expect("JSON").replace(",\"apart\":false", "");
    assert!(!text.contains("apart"), "{text}");
    assert_eq!(serde_json::from_str::<Flow>(&text).expect("a flow"), flow);
    let mut flow = asked;
    flow.proven(&challenge(), proven(), Some(IdentityId::stored("anne"))).expect("open");
    let text = serde_json::to_string(&flow).expect("JSON");
    assert!(text.contains("\"email\":\"anne@example.org\""), "an address, as before: {text}");
    assert_eq!(serde_json::from_str::<Flow>(&text).expect("a flow"), flow);
}

#[test]
fn b05_the_next_step_stays_grey_for_some_seconds_on_the_server_too() {
    let mut flow = flow(&AgencyPolicy::default());
    assert_eq!(flow.leave_notice(at(3)), Err(FlowError::TooEarly(5)));
    assert!(matches!(flow.step, Step::Notice { .. }));
}

#[test]
fn rel_055_nobody_reads_the_notice_until_a_clock_that_was_set_back_has_caught_up() {
    let mut flow = flow(&AgencyPolicy::default());
    assert_eq!(flow.leave_notice(at(-1)), Ok(Effect::Nothing));
}

#[test]
fn b16_a_known_address_is_joined_by_that_persons_password_and_the_one_chosen_here_is_dropped() {
    let mut flow = flow(&AgencyPolicy::default());
    let owner = IdentityId::stored("anne");
    flow.leave_notice(at(8)).expect("open");
    flow.choose_email(anne(), challenge()).expect("open");
    flow.choose_password(hash(), challenge()).expect("open");
    assert_eq!(flow.proven(&challenge(), proven(), Some(owner.clone())), Ok(Effect::Nothing));
    assert_eq!(flow.joined(IdentityId::stored("mallory")), Err(WrongStep.into()));
    assert_eq!(flow.joined(owner.clone()), Ok(Effect::Attach { identity: owner }));
}

#[test]
fn sec_034_no_step_can_be_taken_before_its_time() {
    let mut flow = flow(&AgencyPolicy::default());
    let before = flow.clone();
    assert_eq!(flow.choose_email(anne(), challenge()), Err(WrongStep.into()));
    assert_eq!(flow.choose_password(hash(), challenge()), Err(WrongStep.into()));
    assert_eq!(flow.proven(&challenge(), proven(), None), Err(WrongStep.into()));
    assert_eq!(flow.joined(IdentityId::stored("x")), Err(WrongStep.into()));
    assert_eq!(flow.join_existing(None), Err(WrongStep.into()));
    assert_eq!(flow.change_email(), Err(WrongStep.into()));
    assert_eq!(flow, before);
}

#[test]
fn a_letter_to_an_address_that_was_left_again_proves_nothing() {
    let mut flow = flow(&AgencyPolicy::default());
    flow.leave_notice(at(8)).expect("open");
    flow.choose_email(anne(), challenge()).expect("open");
    flow.choose_password(hash(), challenge()).expect("open");
    flow.change_email().expect("open");
    assert_eq!(flow.proven(&challenge(), proven(), None), Err(WrongStep.into()));
    flow.choose_email(anne(), challenge()).expect("open");
    flow.choose_password(hash(), ChallengeId::stored("second")).expect("open");
    assert_eq!(flow.proven(&challenge(), proven(), None), Err(WrongStep.into()));
}

#[test]
fn a_flow_survives_its_way_through_the_store() {
    let mut flow = flow(&AgencyPolicy::default());
    flow.leave_notice(at(8)).expect("open");
    let text = serde_json::to_string(&flow).expect("JSON");
    assert_eq!(serde_json::from_str::<Flow>(&text).expect("a flow"), flow);
}
