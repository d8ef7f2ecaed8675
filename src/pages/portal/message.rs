use serde::Serialize;

use crate::pages::Page;
use crate::pages::sample::{awkward, each};
use crate::pages::scene::{Place, Scene, Setting};

/// A page that only tells something and shows the way on.
#[derive(Debug, Clone, Serialize)]
pub struct MessagePage {
    /// Which one; `pages/locales` has `message-<name>-title`, `-text` and `-action`.
    pub name: MessageName,
    /// Where the button leads.
    pub action_url: String,
}

/// The pages that only tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageName {
    /// The link of a letter is not valid (changed, cut off, unknown).
    LinkInvalid,
    /// The link is past its time; the action leads to where a new one is asked.
    LinkExpired,
    /// The link was used already.
    LinkUsed,
    /// A newer letter was sent; only its link works.
    LinkSuperseded,
    /// The address is confirmed: go on on the other device, or sign in.
    Confirmed,
    /// The agency alone changes the address; the action leads to where it is asked for it (003).
    AddressIsAgencys,
    /// "Ce n'est pas moi" was heard: what was asked for waits.
    Disowned,
    /// Somebody who got the letter said "Ce n'est pas moi": its link waits.
    LinkHeld,
    /// The address from before is valid again.
    EmailRestored,
    /// The session ended while something was asked for, which was not done (decision 37).
    SessionOver,
    /// A frame of the extranet met the end of the session: one signs in in the whole window (case 12).
    FrameSignIn,
    /// A frame of the extranet leads to a page of ours that needs the whole window.
    FrameOther,
    /// The procedure is not open in this browser: start again with the old credentials (SEC-047, b21).
    StartAgain,
    /// The agency took the account back, or gave it to somebody else, while its wizard was under way: it is to be asked.
    AskAgency,
    /// Too many attempts from here; wait a while.
    TooMany,
    /// The extranet does not answer; old credentials stay valid, nothing was counted (b03, REL-043).
    ExtranetUnavailable,
    /// The extranet refuses the sign-in that worked before: contact the agency.
    ExtranetRefuses,
    /// The extranet cannot be told the identifier: contact the agency (decision 43).
    Unnamed,
    /// An old login was sent to the extranet: it went nowhere, and one signs in with the e-mail address (decision 57).
    OldLogin,
    /// The form was out of date or came from elsewhere; nothing was changed (SEC-078).
    FormRefused,
    /// There is no such page.
    NotFound,
    /// The request was malformed.
    BadRequest,
    /// The browser refuses cookies, without which nobody can be recognised.
    CookiesNeeded,
    /// Something of ours is out of order; try again soon.
    Unavailable,
    /// Something of ours failed.
    Failed,
}

impl Page for MessagePage {
    const TEMPLATE: &'static str = "portal/message";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        for (state, name) in MessageName::each() {
            show(&state, &Self { name, action_url: name.sample_action().to_owned() });
        }
        show("awkward", &Self { name: MessageName::Failed, action_url: awkward() });
    }

    fn scene(&self) -> Scene {
        match self.name {
            MessageName::FrameSignIn | MessageName::FrameOther => Scene::at(Place::Frame),
            MessageName::TooMany
            | MessageName::Unnamed
            | MessageName::OldLogin
            | MessageName::BadRequest
            | MessageName::NotFound => Scene::at(Place::Host),
            MessageName::ExtranetUnavailable => Scene::at(Place::Host).with_reference(),
            MessageName::ExtranetRefuses => Scene::signed_in_at(Place::Agency).with_reference(),
            MessageName::AddressIsAgencys => Scene::signed_in_at(Place::Portal).under(Setting::BY_AGENCY),
            MessageName::Unavailable | MessageName::Failed => Scene::at(Place::Portal).with_reference(),
            MessageName::SessionOver | MessageName::StartAgain | MessageName::FormRefused => Scene::at(Place::Portal),
            MessageName::LinkInvalid
            | MessageName::LinkExpired
            | MessageName::LinkUsed
            | MessageName::LinkSuperseded
            | MessageName::LinkHeld
            | MessageName::Confirmed
            | MessageName::Disowned
            | MessageName::EmailRestored
            | MessageName::AskAgency
            | MessageName::CookiesNeeded => Scene::at(Place::Agency),
        }
    }
}

impl MessageName {
    /// Every one, with its name.
    fn each() -> Vec<(String, Self)> {
        each(Self::LinkInvalid, |name| name.after())
    }

    /// Where a sample of it leads.
    const fn sample_action(self) -> &'static str {
        match self {
            Self::ExtranetRefuses | Self::Unnamed | Self::OldLogin | Self::FrameOther => "/account",
            Self::LinkExpired | Self::Disowned => "/forgotten",
            Self::LinkSuperseded | Self::LinkHeld => "/migration",
            _ => "/login",
        }
    }

    /// The match makes the compiler ask for a new one here.
    const fn after(self) -> Option<Self> {
        Some(match self {
            Self::LinkInvalid => Self::LinkExpired,
            Self::LinkExpired => Self::LinkUsed,
            Self::LinkUsed => Self::LinkSuperseded,
            Self::LinkSuperseded => Self::Confirmed,
            Self::Confirmed => Self::AddressIsAgencys,
            Self::AddressIsAgencys => Self::Disowned,
            Self::Disowned => Self::LinkHeld,
            Self::LinkHeld => Self::EmailRestored,
            Self::EmailRestored => Self::SessionOver,
            Self::SessionOver => Self::FrameSignIn,
            Self::FrameSignIn => Self::FrameOther,
            Self::FrameOther => Self::StartAgain,
            Self::StartAgain => Self::AskAgency,
            Self::AskAgency => Self::TooMany,
            Self::TooMany => Self::ExtranetUnavailable,
            Self::ExtranetUnavailable => Self::ExtranetRefuses,
            Self::ExtranetRefuses => Self::Unnamed,
            Self::Unnamed => Self::OldLogin,
            Self::OldLogin => Self::FormRefused,
            Self::FormRefused => Self::NotFound,
            Self::NotFound => Self::BadRequest,
            Self::BadRequest => Self::CookiesNeeded,
            Self::CookiesNeeded => Self::Unavailable,
            Self::Unavailable => Self::Failed,
            Self::Failed => return None,
        })
    }
}
