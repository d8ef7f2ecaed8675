//! What an extranet shows of its pages to who is not signed in there, for the operator, who finds out before a resident
//! does: a start page (F2), and how a declared login form would be sent.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::timeout;

use super::client::Conversation;
use super::form::shown::PasswordForm;
use super::form::{self, Filled, Method, Submission, Unfit};
use super::page::Redirect;
use super::{Behalf, Browser, Jar, Legacy, page, replay};
use crate::domain::adapter::Adapter;
use crate::domain::origin::Origin;
use crate::domain::path::ReturnPath;
use crate::domain::secret::Secret;
use crate::domain::upstream::{FormLogin, NoVerdict, Upstream};

/// Longest wait for a page.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page, as a stranger sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// It answers, with this status; a redirect stays within the extranet.
    Answers(u16),
    /// It leads to another server.
    LeadsElsewhere,
}

/// What a look at a declared login form shows; in words, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// How it would be sent.
    Fits(String),
    /// Why it could not be sent now; the extranet may be out of order for a while.
    Unfit(String),
    /// It would show the password to whoever reads URLs: it is never sent.
    Refused(String),
}

impl Legacy {
    /// Opens the page of the login form, as for a browser at the public origin, and sends nothing; none where the adapter has no form.
    pub async fn look_at_form(&self, upstream: &Upstream, adapter: &Adapter, public: &Origin) -> Option<Look> {
        let Adapter::FormReplay(form) = adapter else { return None };
        let patience = Duration::from_millis(form.timeout_ms);
        let looked = timeout(patience, self.filled(upstream, form, public)).await.unwrap_or(Err(NoVerdict::Slow));
        Some(match looked {
            Ok(Ok(Filled::Ready(submission))) => Look::Fits(in_words(&submission)),
            Ok(Ok(Filled::Unwritable)) => Look::Unfit("the field for the identifier takes nothing".to_owned()),
            Ok(Err(Unfit::PasswordInUrl)) => Look::Refused(Unfit::PasswordInUrl.to_string()),
            Ok(Err(unfit)) => Look::Unfit(unfit.to_string()),
            Err(silence) => Look::Unfit(silence.to_string()),
        })
    }

    /// Opens a page without signing in, as for a browser at the public origin; None where it cannot be had.
    pub async fn look_at_page(&self, upstream: &Upstream, page: &ReturnPath, public: &Origin) -> Option<Looked> {
        let mut conversation = self.conversation_of_nobody(upstream, public).ok()?;
        let url = conversation.site().page(page.as_str())?;
        let page = timeout(PATIENCE, conversation.get(url)).await.ok()?.ok()?;
        Some(match page.redirect {
            Some(Redirect::Elsewhere) => Looked::LeadsElsewhere,
            Some(Redirect::Own(_) | Redirect::Refreshed(_)) | None => Looked::Answers(page.status),
        })
    }

    /// The forms that ask for a password on a page, or where it leads; none where it cannot be had.
    pub async fn password_forms(&self, upstream: &Upstream, page: &str, public: &Origin) -> Vec<PasswordForm> {
        let Ok(mut conversation) = self.conversation_of_nobody(upstream, public) else { return Vec::new() };
        let Some(url) = conversation.site().page(page) else { return Vec::new() };
        let Ok(Ok(shown)) = timeout(PATIENCE, conversation.open(url)).await else { return Vec::new() };
        let site = conversation.site().clone();
        page::apart(move || form::shown::password_forms(&shown, &site)).await
    }

    fn conversation_of_nobody(&self, upstream: &Upstream, public: &Origin) -> Result<Conversation, NoVerdict> {
        let (client, said) = (IpAddr::V4(Ipv4Addr::LOCALHOST), &Browser::default());
        let nobody = Behalf { agency: None, public, client, said, request_id: None };
        self.conversation(upstream, Jar::default(), &nobody)
    }

    async fn filled(
        &self,
        upstream: &Upstream,
        form: &FormLogin,
        public: &Origin,
    ) -> Result<Result<Filled, Unfit>, NoVerdict> {
        let mut conversation = self.conversation_of_nobody(upstream, public)?;
        let opened = replay::open(&mut conversation, &form.page).await?;
        let (site, form) = (conversation.site().clone(), form.clone());
        Ok(page::apart(move || form::fill_login(&opened, &site, &form, "0", &Secret::new("0"))).await)
    }
}

/// Of what is sent, nothing but how.
fn in_words(submission: &Submission) -> String {
    let content_type = match &submission.method {
        Method::Post(content_type) => content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default(),
        Method::Get => "",
    };
    format!("is posted to {} as {content_type}, by {}", submission.url.path(), submission.pressed)
}
