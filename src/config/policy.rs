//! Layers of policy: read from `[policy]`, `[clients.X]` and the agency's file, and folded with each value's origin.

use std::collections::BTreeMap;

use super::document::Section;
use super::keys::{self, Fallback, GATEWAY, Itself, Keys as _, POLICY, Row};
use super::origins::{Source, ValueOrigin};
use super::problems::Wrong;
use super::schema::shown;
use crate::domain::agency_code::AgencyCode;
use crate::domain::password::FLOOR_BITS;
use crate::domain::policy::{AgencyPolicy, PolicyLayer};

/// One layer, with the sections to tell problems at.
#[derive(Clone)]
pub(super) struct Layer<'s> {
    values: PolicyLayer,
    accept_below_cnil: Option<bool>,
    section: Section<'s, keys::Policy>,
}

impl<'s> Layer<'s> {
    /// Reads what a section says.
    pub(super) fn read(section: Section<'s, keys::Policy>) -> Self {
        let values = PolicyLayer {
            identifier: section.choice(POLICY.identifier),
            confirmation: section.choice(POLICY.confirmation),
            order: section.choice(POLICY.order),
            notice_seconds: section.number(POLICY.notice_seconds),
            code_minutes: section.number(POLICY.code_minutes),
            reset_code_minutes: section.number(POLICY.reset_code_minutes),
            link_minutes: section.number(POLICY.link_minutes),
            migration_hours: section.number(POLICY.migration_hours),
            password: section.choice(POLICY.password),
            password_scope: section.choice(POLICY.password_scope),
            confirm_noted: section.flag(POLICY.confirm_noted),
            email_change: section.choice(POLICY.email_change),
            lockout_failures: section.number(POLICY.lockout_failures),
            idle_minutes: section.number(POLICY.idle_minutes),
            session_hours: section.number(POLICY.session_hours),
            keep_days: section.number(POLICY.keep_days),
            fresh_address_hours: section.number(POLICY.fresh_address_hours),
            audit_months: section.number(POLICY.audit_months),
            roster_loss_percent: section.number(POLICY.roster_loss_percent),
        };
        Self { values, accept_below_cnil: section.flag(POLICY.accept_below_cnil), section }
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
    pub(super) fn read(root: &Section<'s, keys::Gateway>) -> Self {
        let everybody = root.layer(GATEWAY.policy).map(Layer::read);
        let mut clients = BTreeMap::new();
        for (client, section) in root.layers(GATEWAY.clients) {
            let Some(code) = AgencyCode::parse(&client, "0") else {
                section.error(Itself, Wrong::new(format!("\"{client}\" is not a client code")));
                continue;
            };
            let layer = Layer::read(section);
            if let Some(first) = clients.insert(code.client().to_owned(), layer.clone()) {
                let wrong = Wrong::new(format!("is the same client as [{}]", first.section.path));
                layer.section.error(Itself, wrong.hint("codes are compared without regard to case"));
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
                layer.section.warning(Itself, Wrong::new(format!("no agency has the client code {client}")));
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
        let place = answer.section.source_of(POLICY.accept_below_cnil);
        layer.section.warning(POLICY.password, Wrong::new(format!("{figure}; accepted at {place}")));
    } else {
        let hint = "take \"cnil-50\", or answer for it with accept_below_cnil = true";
        layer.section.error(POLICY.password, Wrong::new(figure).hint(hint));
    }
}

fn origins(stack: &[Layer<'_>]) -> Vec<ValueOrigin> {
    let of_row = |row: &'static Row| {
        let top = stack.iter().rev().find(|layer| layer.section.has(row));
        let written = top.and_then(|layer| Some((layer, layer.section.written(row.name)?)));
        let (value, from) = match (written, row.fallback) {
            (Some((layer, value)), _) => (shown(value), layer.section.source_of(row)),
            (None, Fallback::Is(default)) => (default.replace('\'', "\""), Source::Default),
            (None, _) => return None,
        };
        Some(ValueOrigin { agency: None, key: format!("policy.{}", row.name), value, from })
    };
    keys::Policy::ROWS.iter().copied().filter_map(of_row).collect()
}
