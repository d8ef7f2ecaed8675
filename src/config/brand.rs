//! How an agency looks, and where it is asked for help: `[brand]` of its file.

use super::document::Section;
use super::keys::{self, AGENCY, BRAND};
use super::origins::{ValueOrigin, derive, quoted};
use super::settings::PortalSettings;
use super::values;
use crate::domain::agency::AgencyBrand;

/// Reads the name and the table; what the agency does not say is the portal's.
pub(super) fn read(
    agency: &Section<'_, keys::Agency>,
    portal: Option<&PortalSettings>,
    origins: &mut Vec<ValueOrigin>,
) -> Option<AgencyBrand> {
    let name = agency.parsed(AGENCY.name, values::line);
    let brand = agency.section(AGENCY.brand)?;
    let mut colour = brand.parsed(BRAND.colour, values::colour);
    if !brand.has(BRAND.colour) {
        colour = portal.map(|portal| portal.colour.clone());
        if let Some(colour) = &colour {
            derive(origins, "brand.colour", quoted(colour), "the portal's colour");
        }
    }
    let mail_from = brand.parsed(BRAND.mail_from, values::email);
    let support_email = brand.parsed(BRAND.support_email, values::email);
    let support_phone = brand.parsed(BRAND.support_phone, values::line);
    let support_url = brand.parsed(BRAND.support_url, values::web_address);
    let old_password_hint = brand.parsed(BRAND.old_password_hint, values::line);
    let (name, colour) = (name?, colour?);
    Some(AgencyBrand { name, colour, mail_from, support_email, support_phone, support_url, old_password_hint })
}
