//! Who answers for residents' personal data: `[controller]`.

use super::document::Section;
use super::keys::{self, CONTROLLER};
use super::values;
use crate::domain::controller::Controller;

/// Reads the table; what is wrong in it has been noted.
pub(super) fn read(section: &Section<'_, keys::Controller>) -> Option<Controller> {
    let name = section.parsed(CONTROLLER.name, values::line);
    let contact = section.parsed(CONTROLLER.contact, values::line);
    Some(Controller { name, contact, role: section.choice(CONTROLLER.role)? })
}
