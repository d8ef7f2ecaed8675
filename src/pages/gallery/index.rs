//! What the index shows: chapters in the order in which a resident meets them, their pages and letters, and each state.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::{DrawnFor, file_of, index_file};
use crate::domain::language::Language;
use crate::pages::scene::{Place, Setting};
use crate::pages::{RenderedLetter, Sample};

/// The chapters and what is in each.
const CHAPTERS: &[(&str, &[&str])] = &[
    ("sign-in", &["portal/home", "portal/codes", "portal/choose_agency", "portal/sign_in", "portal/trouble"]),
    (
        "migration",
        &[
            "portal/notice",
            "portal/email",
            "portal/password",
            "portal/proof",
            "mail/confirm_address",
            "portal/confirm",
            "mail/address_chosen",
        ],
    ),
    (
        "join",
        &[
            "mail/already_account",
            "portal/no_account_here",
            "portal/attach",
            "portal/join",
            "portal/joined",
            "portal/others",
            "mail/account_attached",
            "mail/accounts_attached",
        ],
    ),
    ("terms", &["portal/terms"]),
    (
        "forgotten",
        &[
            "portal/forgotten",
            "portal/forgotten_sent",
            "mail/reset_password",
            "mail/first_sign_in",
            "portal/reset_waits",
            "portal/reset_which",
            "portal/reset",
            "portal/reset_done",
            "mail/password_changed",
        ],
    ),
    (
        "account",
        &[
            "portal/account",
            "portal/own_password",
            "mail/own_password",
            "portal/change_password",
            "portal/own_reset",
            "portal/change_email",
            "mail/confirm_new_email",
            "mail/email_changed",
            "portal/address_request",
            "mail/address_request",
            "mail/address_requested",
            "portal/choose_account",
            "portal/detach",
            "mail/account_detached",
            "mail/account_withdrawn",
        ],
    ),
    ("not-me", &["portal/not_me", "mail/request_held", "mail/email_restored"]),
    ("extranet", &["portal/extranet_password", "portal/not_sent", "portal/leave"]),
    ("messages", &["portal/message", "portal/again", "portal/privacy"]),
];

/// What a page or letter has turned out to be.
pub(super) struct Drawn {
    /// What it says.
    pub(super) words: String,
    /// The names of its sentences.
    pub(super) sentences: BTreeSet<String>,
}

/// The index in one language.
pub(super) struct Index<'i> {
    language: Language,
    whose: &'i DrawnFor,
    /// The file of each sentence.
    homes: &'i BTreeMap<String, String>,
    /// By template.
    states: BTreeMap<&'static str, Vec<State>>,
}

/// A state of a page or letter.
#[derive(Serialize)]
struct State {
    /// Its address in the index, and what its files are called.
    id: String,
    /// The sentence that names it, and the number in it.
    name: String,
    number: u64,
    is_awkward: bool,
    place: &'static str,
    settings: Vec<Told>,
    /// Whether this agency's residents can see it.
    is_seen: bool,
    sentences: Vec<Sentence>,
    words: String,
    subject: Option<String>,
    text: Option<String>,
}

/// A setting beside a state.
#[derive(Serialize)]
struct Told {
    key: &'static str,
    /// The end of its sentence's name.
    name: String,
    /// What it has to be; none where that is all the same.
    values: &'static [&'static str],
    /// What the agency has set, if it is known.
    own: Option<String>,
    fits: bool,
}

#[derive(Serialize)]
struct Sentence {
    name: String,
    file: String,
}

impl<'i> Index<'i> {
    pub(super) fn new(language: Language, whose: &'i DrawnFor, homes: &'i BTreeMap<String, String>) -> Self {
        Self { language, whose, homes, states: BTreeMap::new() }
    }

    /// Takes a page in.
    pub(super) fn page(&mut self, sample: &Sample, drawn: Drawn) {
        let state = self.state(sample, drawn);
        self.states.entry(sample.template).or_default().push(state);
    }

    /// Takes a letter in.
    pub(super) fn letter(&mut self, sample: &Sample, drawn: Drawn, letter: &RenderedLetter) {
        let state = self.state(sample, drawn);
        let state = State { subject: Some(letter.subject.clone()), text: Some(letter.text.clone()), ..state };
        self.states.entry(sample.template).or_default().push(state);
    }

    fn state(&self, sample: &Sample, drawn: Drawn) -> State {
        let needed = &sample.scene.settings;
        let always = Setting::ALWAYS_TOLD.into_iter();
        let others = needed.iter().map(|setting| setting.key).filter(|key| !Setting::ALWAYS_TOLD.contains(key));
        let told = always.chain(others).map(|key| {
            let setting = needed.iter().find(|setting| setting.key == key);
            let values = setting.map(|setting| setting.values).unwrap_or_default();
            let fits = setting.is_none_or(|setting| self.whose.sees(setting));
            Told { key, name: told_as(key), values, own: self.whose.set(key).map(str::to_owned), fits }
        });
        let home = |name: &String| self.homes.get(name).cloned().unwrap_or_default();
        State {
            id: file_of(sample),
            name: name_of(sample),
            number: sample.context.pointer("/error/number").and_then(Value::as_u64).unwrap_or_default(),
            is_awkward: sample.is_awkward(),
            place: match sample.scene.place {
                Place::Agency => "agency",
                Place::Portal => "portal",
                Place::Host => "host",
                Place::Frame => "frame",
            },
            settings: told.collect(),
            is_seen: needed.iter().all(|setting| self.whose.sees(setting)),
            sentences: drawn.sentences.into_iter().map(|name| Sentence { file: home(&name), name }).collect(),
            words: drawn.words,
            subject: None,
            text: None,
        }
    }

    /// What the template shows.
    pub(super) fn into_context(mut self) -> Value {
        let of = |states: Vec<State>, template: &str| {
            let (kind, name) = template.split_once('/').unwrap_or_default();
            let (awkward, states): (Vec<State>, Vec<State>) = states.into_iter().partition(|state| state.is_awkward);
            json!({
                "id": template.replace('/', "-"),
                "name": name,
                "template": template,
                "is_letter": kind == "mail",
                "states": states,
                "awkward": awkward,
            })
        };
        let chapters: Vec<Value> = CHAPTERS
            .iter()
            .map(|(name, templates)| {
                let groups: Vec<Value> =
                    templates.iter().filter_map(|template| Some(of(self.states.remove(template)?, template))).collect();
                json!({ "name": name, "groups": groups })
            })
            .collect();
        let others = Language::ALL.into_iter().filter(|other| *other != self.language);
        let others: Vec<Value> =
            others.map(|other| json!({ "code": other.code(), "file": index_file(other) })).collect();
        let known = self.whose.known.as_ref();
        let settings = known.map(|known| &known.settings).into_iter().flatten();
        json!({
            "language": self.language,
            "others": others,
            "agency": self.whose.agency.name,
            "code": known.map(|known| &known.code),
            "settings": settings
                .map(|(key, value)| json!({ "key": key, "name": told_as(key), "value": value }))
                .collect::<Vec<_>>(),
            "chapters": chapters,
        })
    }
}

/// A key in the name of a sentence.
fn told_as(key: &str) -> String {
    key.replace('.', "-")
}

/// The sentence that names a state: of a page that only tells something its title, of one with a mistake what is told of it.
fn name_of(sample: &Sample) -> String {
    let state = sample.state.as_str();
    let at = |pointer: &str| sample.context.pointer(pointer).and_then(Value::as_str) == Some(state);
    if sample.is_awkward() {
        "gallery-state-awkward".to_owned()
    } else if at("/name") {
        format!("message-{state}-title")
    } else if at("/alert/wrong/0/name") {
        format!("error-{state}")
    } else {
        format!("gallery-state-{state}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{letters, portal};

    #[test]
    fn every_page_and_every_letter_stands_in_one_chapter() {
        let mut listed: Vec<&str> = CHAPTERS.iter().flat_map(|(_, templates)| templates.iter().copied()).collect();
        listed.sort_unstable();
        let samples = portal::samples().into_iter().chain(letters::samples());
        let drawn: BTreeSet<&str> = samples.map(|sample| sample.template).collect();
        assert_eq!(listed, drawn.into_iter().collect::<Vec<_>>());
    }
}
