//! The keys of a layer of policy.

use super::form::Fallback::Is;
use super::form::{Choice, Flag, Form, Key, Keys, Number, Row, Rows, keys};
use crate::domain::password::Preset;
use crate::domain::policy::{EmailChange, Identifier, Order, PasswordScope, ProofMethod};

keys! {
    /// A layer of policy; the fallbacks are those of [`crate::domain::policy::AgencyPolicy`], and a test compares them.
    POLICY: Policy {
        /// What a resident types after the migration: the e-mail address, or still the old identifier.
        identifier: Choice<Identifier>, Is("'email'");
        /// How an address is proven and a forgotten password is reset: a link, a code of eight digits, or both in one
        /// letter.
        confirmation: Choice<ProofMethod>, Is("'both'");
        /// Whether the new password is chosen before or after the address is proven.
        order: Choice<Order>, Is("'password-first'");
        /// How long « Étape suivante » stays grey, so that the notice is read.
        notice_seconds: Number<u32, 0, 60>, Is("8");
        /// How long a code lives, from sending.
        code_minutes: Number<u32, 1, 30>, Is("10");
        /// How long the code of a forgotten password lives, from sending, where `confirmation` sends codes: the page, the
        /// letter and the check have this figure.
        reset_code_minutes: Number<u32, 5, 30>, Is("10");
        /// How long a link lives, from sending.
        link_minutes: Number<u32, 1, 1440>, Is("60");
        /// After which time an unfinished migration starts again.
        migration_hours: Number<u32, 1, 720>, Is("48");
        /// Rules for new passwords, by name.
        password: Choice<Preset>, Is("'cnil-50'");
        /// Takes the responsibility for password rules below the CNIL's floor of 50 bits (délibération 2022-100), which
        /// are refused without it.
        accept_below_cnil: Flag, Is("false");
        /// One password for all accounts of a person, or one for an account by choice.
        password_scope: Choice<PasswordScope>, Is("'one'");
        /// Whether « J'ai noté ce mot de passe en lieu sûr » has to be ticked.
        confirm_noted: Flag, Is("false");
        /// Who changes the e-mail address of an account: the resident, or the agency alone, which the resident can ask for
        /// it (at `brand.support_email`). Of a person at several agencies the strictest holds.
        email_change: Choice<EmailChange>, Is("'self'");
        /// Failures in a row before the first delay.
        lockout_failures: Number<u32, 1, 10>, Is("5");
        /// Minutes without a request after which a session ends.
        idle_minutes: Number<u32, 1, 1440>, Is("60");
        /// Hours after which a session ends, whatever happens.
        session_hours: Number<u32, 1, 720>, Is("12");
        /// Days for which « Garder ma session active » keeps a session.
        keep_days: Number<u32, 1, 30>, Is("30");
        /// Hours for which a changed address is fresh: a reset that is asked for there takes effect only afterwards,
        /// and the address before can undo the change. « Ce n'est pas moi » holds for as long. 0: neither. A person at
        /// several agencies has the longest.
        fresh_address_hours: Number<u32, 0, 72>, Is("24");
        /// Months, of thirty days, for which the trace keeps lines about the agency; the privacy page names the longest
        /// of all agencies. Lines about a person alone go with the shortest.
        audit_months: Number<u32, 1, 36>, Is("12");
        /// The share of the agency's accounts, in per cent, that one import of its roster may take away (one account
        /// always): more is refused, for the file is likelier to be cut short than right. `vestibule import
        /// --accept-loss` says otherwise for once.
        roster_loss_percent: Number<u32, 0, 100>, Is("10");
    }
}
