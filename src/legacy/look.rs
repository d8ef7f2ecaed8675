//! What an extranet shows of one of its pages to who is not signed in there: for `check` (F2).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::timeout;

use super::client::Conversation;
use super::page::Redirect;
use super::site::Site;
use super::{Behalf, Jar, Legacy};
use crate::domain::path::ReturnPath;
use crate::domain::upstream::Upstream;

/// Longest wait for the page.
const PATIENCE: Duration = Duration::from_secs(10);

/// A page, as a stranger sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// It answers, with this status; a redirect stays within the extranet.
    Answers(u16),
    /// It leads to another server.
    LeadsElsewhere,
}

impl Legacy {
    /// Opens a page without signing in; None where it cannot be had.
    pub async fn look(&self, upstream: &Upstream, page: &ReturnPath) -> Option<Looked> {
        let nobody = Behalf { agency: None, client: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: None, language: None };
        let site = Site::of(upstream)?;
        let url = site.page(page.as_str())?;
        let mut conversation = Conversation::new(self.tls(upstream).ok()?, upstream, site, Jar::default(), &nobody);
        let page = timeout(PATIENCE, conversation.get(url)).await.ok()?.ok()?;
        Some(match page.redirect {
            Some(Redirect::Elsewhere) => Looked::LeadsElsewhere,
            Some(Redirect::Own(_)) | None => Looked::Answers(page.status),
        })
    }
}
