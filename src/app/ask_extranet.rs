//! Asking an agency's extranet whether it takes an account's credentials.

use tokio::time::Instant;

use super::{App, Caller};
use crate::domain::adapter::EnteredBy;
use crate::domain::agency::Agency;
use crate::domain::identity::LegacyLogin;
use crate::domain::secret::Secret;
use crate::domain::upstream::{NoVerdict, Verdict};
use crate::legacy::Attempt;
use crate::telemetry::metrics::METRICS;
use crate::telemetry::traces;

/// What the extranet says to an account's own credentials; one that cannot be asked refuses everybody.
pub(super) async fn ask(
    app: &App,
    caller: &Caller,
    agency: &Agency,
    login: &LegacyLogin,
    secret: &Secret,
) -> Result<Verdict, NoVerdict> {
    if agency.adapter.entered_by() == EnteredBy::Identity {
        return Ok(Verdict::Refused);
    }
    let attempt = Attempt { behalf: caller.at(&agency.code, &agency.public), login, secret };
    let begun = Instant::now();
    let mut step = traces::step("extranet sign-in");
    let verdict = traces::within(step.current(), app.legacy.verify(&agency.upstream, &agency.adapter, &attempt)).await;
    let outcome = verdict.as_ref().map_or_else(|silence| silence.name(), Verdict::name);
    step.tell("vestibule.outcome", outcome);
    drop(step);
    METRICS.agency(&agency.code).signed_in_upstream(outcome, begun.elapsed());
    verdict
}
