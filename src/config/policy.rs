//! Layers of policy: read from `[policy]`, `[clients.X]` and the agency's file, and folded with each value's origin.

use std::collections::BTreeMap;

use super::document::Section;
use super::keys::{Fallback, POLICY};
use super::origins::{Source, ValueOrigin};
use super::problems::Wrong;
use super::schema::shown;
use crate::domain::agency_code::AgencyCode;
use crate::domain::password::FLOOR_BITS;
use crate::domain::policy::{AgencyPolicy, Identifier, PasswordScope, PolicyLayer};

/// One layer, with the sections to tell problems at.
#[derive(Clone)]
pub(super) struct Layer<'s> {
    values: PolicyLayer,
    accept_below_cnil: Option<bool>,
    section: Section<'s>,
}

impl<'s> Layer<'s> {
    /// Reads what a section says.
    pub(super) fn read(section: Section<'s>) -> Self {
        let written = |name: &str| section.has(name);
        let number = |name: &str| section.number(name).filter(|_| written(name));
        let flag = |name: &str| section.flag(name).filter(|_| written(name));
        let values = PolicyLayer {
            identifier: section.choice("identifier").filter(|_| written("identifier")),
            confirmation: section.choice("confirmation").filter(|_| written("confirmation")),
            order: section.choice("order").filter(|_| written("order")),
            notice_seconds: number("notice_seconds"),
            code_minutes: number("code_minutes"),
            reset_code_minutes: number("reset_code_minutes"),
            link_minutes: number("link_minutes"),
            migration_hours: number("migration_hours"),
            password: section.choice("password").filter(|_| written("password")),
            password_scope: section.choice("password_scope").filter(|_| written("password_scope")),
            confirm_noted: flag("confirm_noted"),
            lockout_failures: number("lockout_failures"),
            idle_minutes: number("idle_minutes"),
            session_hours: number("session_hours"),
            keep_days: number("keep_days"),
            fresh_address_hours: number("fresh_address_hours"),
            audit_months: number("audit_months"),
            roster_loss_percent: number("roster_loss_percent"),
        };
        refuse_what_is_not_there(&values, &section);
        Self { values, accept_below_cnil: flag("accept_below_cnil"), section }
    }
}

/// Settings that documents ask for and the gateway does not act on yet are refused rather than ignored.
fn refuse_what_is_not_there(values: &PolicyLayer, section: &Section<'_>) {
    if values.identifier == Some(Identifier::Legacy) {
        let wrong = Wrong::new("legacy is not available yet");
        section.error("identifier", wrong.hint("take \"email\": the address becomes the identifier"));
    }
    if values.password_scope == Some(PasswordScope::PerAccount) {
        let wrong = Wrong::new("per-account is not available yet");
        section.error("password_scope", wrong.hint("take \"one\": one password for all accounts of a person"));
    }
}

/// The layers below every agency: `[policy]`, and `[clients.X]` by client code.
#[derive(Default)]
pub(super) struct Layers<'s> {
    everybody: Option<Layer<'s>>,
    clients: BTreeMap<String, Layer<'s>>,
}

impl<'s> Layers<'s> {
    /// Reads them from the root of `vestibule.toml`.
    pub(super) fn read(root: &Section<'s>) -> Self {
        let everybody = root.section("policy").map(Layer::read);
        let mut clients = BTreeMap::new();
        for (client, section) in root.layers("clients") {
            let Some(code) = AgencyCode::parse(&client, "0") else {
                section.error("", Wrong::new(format!("\"{client}\" is not a client code")));
                continue;
            };
            let layer = Layer::read(section);
            if let Some(first) = clients.insert(code.client().to_owned(), layer.clone()) {
                let wrong = Wrong::new(format!("is the same client as [{}]", first.section.path));
                layer.section.error("", wrong.hint("codes are compared without regard to case"));
            }
        }
        Self { everybody, clients }
    }

    /// Folds the layers for an agency of this client; also tells where each value comes from.
    pub(super) fn fold(&self, client: Option<&str>, own: Option<Layer<'s>>) -> (AgencyPolicy, Vec<ValueOrigin>) {
        let client = client.and_then(|client| self.clients.get(client)).cloned();
        let stack: Vec<Layer<'s>> = [self.everybody.clone(), client, own].into_iter().flatten().collect();
        let policy = stack.iter().fold(AgencyPolicy::default(), |policy, layer| policy.overlaid(&layer.values));
        check_cnil(&policy, &stack);
        (policy, origins(&stack))
    }

    /// Warns of layers that no agency uses.
    pub(super) fn warn_unused(&self, codes: &[&AgencyCode]) {
        for (client, layer) in &self.clients {
            if codes.iter().all(|code| code.client() != client) {
                layer.section.warning("", Wrong::new(format!("no agency has the client code {client}")));
            }
        }
    }
}

/// Password rules below the CNIL's floor are refused, or taken on the operator's responsibility (LAW-001).
fn check_cnil(policy: &AgencyPolicy, stack: &[Layer<'_>]) {
    let bits = policy.password.least_bits();
    let Some(layer) = stack.iter().rev().find(|layer| layer.values.password.is_some()) else { return };
    if bits >= FLOOR_BITS {
        return;
    }
    let figure = format!(
        "these rules promise {bits:.1} bits of guessing work, and the CNIL's floor is {FLOOR_BITS} (délibération 2022-100)"
    );
    let answer = stack.iter().rev().find(|layer| layer.accept_below_cnil.is_some());
    if let Some(answer) = answer.filter(|answer| answer.accept_below_cnil == Some(true)) {
        let place = answer.section.source_of("accept_below_cnil");
        layer.section.warning("password", Wrong::new(format!("{figure}; accepted at {place}")));
    } else {
        let hint = "take \"cnil-50\", or answer for it with accept_below_cnil = true";
        layer.section.error("password", Wrong::new(figure).hint(hint));
    }
}

fn origins(stack: &[Layer<'_>]) -> Vec<ValueOrigin> {
    let of_key = |key: &'static super::keys::Key| {
        let top = stack.iter().rev().find(|layer| layer.section.has(key.name));
        let written = top.and_then(|layer| Some((layer, layer.section.written(key.name)?)));
        let (value, from) = match (written, key.fallback) {
            (Some((layer, value)), _) => (shown(value), layer.section.source_of(key.name)),
            (None, Fallback::Is(default)) => (default.replace('\'', "\""), Source::Default),
            (None, _) => return None,
        };
        Some(ValueOrigin { agency: None, key: format!("policy.{}", key.name), value, from })
    };
    POLICY.iter().filter_map(of_key).collect()
}
