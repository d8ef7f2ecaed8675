//! How an agency looks, and where it is asked for help: `[brand]` of its file.

use super::document::Section;
use super::origins::{ValueOrigin, derive, quoted};
use super::settings::PortalSettings;
use super::values;
use crate::domain::agency::AgencyBrand;

/// Reads the name and the table; what the agency does not say is the portal's.
pub(super) fn read(
    agency: &Section<'_>,
    portal: Option<&PortalSettings>,
    origins: &mut Vec<ValueOrigin>,
) -> Option<AgencyBrand> {
    let name = agency.parsed("name", values::line);
    let brand = agency.section("brand")?;
    let mut colour = brand.parsed("colour", values::colour);
    if !brand.has("colour") {
        colour = portal.map(|portal| portal.colour.clone());
        if let Some(colour) = &colour {
            derive(origins, "brand.colour", quoted(colour), "the portal's colour");
        }
    }
    let mail_from = brand.parsed("mail_from", values::email);
    let support_email = brand.parsed("support_email", values::email);
    let support_phone = brand.parsed("support_phone", values::line);
    let support_url = brand.parsed("support_url", values::web_address);
    Some(AgencyBrand { name: name?, colour: colour?, mail_from, support_email, support_phone, support_url })
}
