//! The terms of use of an agency: `[terms]` of its file.

use super::document::Section;
use super::keys::{self, TERMS};
use super::problems::Wrong;
use super::values;
use crate::domain::terms::TermsText;

/// Reads the table, and the text that it names.
pub(super) fn read(section: &Section<'_, keys::Terms>) -> Option<TermsText> {
    let version = section.parsed(TERMS.version, values::line);
    let file = section.path(TERMS.file)?;
    let text = match std::fs::read_to_string(&file) {
        Ok(text) if text.trim().is_empty() => Err(Wrong::new(format!("{} is empty", file.display()))),
        Ok(text) => Ok(text),
        Err(error) => {
            Err(Wrong::new(format!("{} cannot be read: {error}", file.display())).hint("a text file in UTF-8"))
        }
    };
    let text = text.map_err(|wrong| section.error(TERMS.file, wrong)).ok();
    Some(TermsText { version: version?, text: text? })
}
