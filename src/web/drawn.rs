//! What is known of a page when it is drawn, and how it is shown where it answers a form.

use std::borrow::Cow;

use cookie::time::Duration;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::agency::Agency;
use crate::pages::portal::TermsPage;
use crate::pages::{Page as _, terms_html};

/// The field of [`TermsPage`] that has the text.
const TERMS: &str = "text";

/// For how long an answer is shown at the address of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// Once: it says what was wrong with what was sent.
    Once,
    /// Whenever that address is opened: it says what was done, and nothing else can say it again.
    Lasting,
}

impl Shown {
    pub(super) const fn waits(self) -> Duration {
        match self {
            Self::Once => Duration::MINUTE,
            Self::Lasting => Duration::HOUR,
        }
    }
}

/// A page as it is drawn, but for what the browser says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Drawn {
    pub(super) status: u16,
    /// Whose page it is, by its codes.
    pub(super) agency: Option<String>,
    /// Whose contact it has, where the portal has none.
    pub(super) reached: Option<String>,
    pub(super) signed_in: bool,
    /// Where its forms may lead on to, as the policy writes it.
    pub(super) leads_to: Vec<String>,
    /// The name of the request that failed.
    pub(super) reference: Option<String>,
    pub(super) template: String,
    pub(super) page: Value,
}

impl Drawn {
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    /// As a browser keeps it: the agency's own terms may be long, and are read again where they are shown.
    pub(super) fn kept(mut self) -> Self {
        if self.template == TermsPage::TEMPLATE
            && let Some(text) = self.page.get_mut(TERMS)
        {
            *text = Value::Null;
        }
        self
    }

    /// What the template is filled with.
    pub(super) fn context(&self, agency: Option<&Agency>) -> Cow<'_, Value> {
        let terms = agency.and_then(|agency| agency.terms.as_ref());
        match (self.page.get(TERMS), terms) {
            (Some(Value::Null), Some(terms)) if self.template == TermsPage::TEMPLATE => {
                let mut page = self.page.clone();
                page[TERMS] = terms_html(&terms.text).into();
                Cow::Owned(page)
            }
            _ => Cow::Borrowed(&self.page),
        }
    }
}
