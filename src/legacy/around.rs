//! Whether an extranet can be reached around the gateway, by who has neither its certificate nor its header (a25).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::timeout;

use super::client::Conversation;
use super::site::Site;
use super::{Behalf, Browser, Jar, Legacy};
use crate::domain::trust::Trust;
use crate::domain::upstream::Upstream;

/// Longest wait for one answer, besides that for the connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// How an extranet answers those who are not the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Around {
    /// Nothing is declared by which it could tell the gateway from others: only the network keeps them out.
    Undeclared,
    /// It answers the gateway only.
    Closed,
    /// It answers others as well, with this status.
    Open(u16),
}

impl Legacy {
    /// Opens the extranet's start page as the gateway does: the status.
    ///
    /// # Errors
    /// Nobody answers who can be believed; the reason in words, for the operator.
    pub async fn knock(&self, upstream: &Upstream) -> Result<u16, String> {
        let nobody = Behalf {
            agency: None,
            public: &upstream.origin,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            said: &Browser::default(),
            request_id: None,
        };
        let site = Site::of(upstream, &upstream.origin).ok_or("upstream.host is no host")?;
        let tls = self.tls(upstream).map_err(|silence| silence.to_string())?;
        let url = site.page("/").ok_or("upstream.host is no host")?;
        let mut conversation = Conversation::new(tls, upstream, site, Jar::default(), &nobody);
        let patience = PATIENCE + Duration::from_millis(upstream.connect_timeout_ms);
        let answered = timeout(patience, conversation.knock(&url)).await;
        answered.map_err(|_| format!("no answer within {} s", patience.as_secs()))?
    }

    /// Opens it without what makes the gateway known, and compares; `as_gateway` is what [`Legacy::knock`] gave.
    pub async fn around(&self, upstream: &Upstream, as_gateway: u16) -> Around {
        if upstream.trust.identity.is_none() && upstream.trust.secret_header.is_none() {
            return Around::Undeclared;
        }
        // Either of them is enough to keep others out.
        let bare = Trust { identity: None, secret_header: None, ..upstream.trust.clone() };
        match self.knock(&Upstream { trust: bare, ..upstream.clone() }).await {
            Ok(status) if status == as_gateway || !(400..500).contains(&status) => Around::Open(status),
            Ok(_) | Err(_) => Around::Closed,
        }
    }
}
