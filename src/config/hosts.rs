//! What has to hold between the agencies: codes and hosts belong to one each.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::agencies::Read;
use super::keys::{AGENCY, UPSTREAM};
use super::problems::Wrong;
use super::settings::PortalSettings;
use crate::domain::accounts::Accounts;
use crate::domain::agency_code::AgencyCode;
use crate::domain::origin::Origin;

/// Codes and hosts belong to one agency each, and no extranet is served on the portal's host or points back to us.
pub(super) fn check_together(agencies: &[Read<'_>], portal: Option<&PortalSettings>) {
    let mut codes: HashMap<&AgencyCode, String> = HashMap::new();
    let mut hosts: BTreeMap<&str, Vec<(&Read<'_>, &Origin)>> = BTreeMap::new();
    for read in agencies {
        let place = read.section.source_of(AGENCY.societe);
        if let Some(code) = &read.code
            && let Some(first) = codes.insert(code, place.to_string())
        {
            let wrong = Wrong::new(format!("the codes {code} are those of another agency ({first})"));
            read.section.error(AGENCY.societe, wrong.hint("codes are compared without regard to case"));
        }
        let Some(public) = &read.public else { continue };
        if portal.is_some_and(|portal| portal.origin.host() == public.host()) {
            let wrong = Wrong::new(format!("{} is the portal's host", public.host()));
            read.section.error(AGENCY.url, wrong.hint("no extranet shares an origin with the account pages"));
        }
        hosts.entry(public.host()).or_default().push((read, public));
    }
    for (host, here) in &hosts {
        check_host(host, here);
    }
    check_former(agencies, portal, &hosts.keys().copied().collect());
    let publics: HashSet<&Origin> =
        agencies.iter().filter_map(|read| read.public.as_ref()).chain(portal.map(|portal| &portal.origin)).collect();
    for read in agencies {
        let Some(section) = read.section.section(AGENCY.upstream) else { continue };
        let points_back =
            section.text(UPSTREAM.url).and_then(|url| Origin::parse(&url)).is_some_and(|url| publics.contains(&url));
        if points_back {
            section
                .error(UPSTREAM.url, Wrong::new("leads back to the gateway").hint("write the extranet's own address"));
        }
    }
}

/// A host where an agency was is nobody's now, and was one agency's.
fn check_former(agencies: &[Read<'_>], portal: Option<&PortalSettings>, served: &HashSet<&str>) {
    let of_portal = portal.iter().flat_map(|portal| portal.former.iter().chain([&portal.origin]));
    let mut known: HashMap<&str, String> = of_portal.map(|origin| (origin.host(), "the portal".to_owned())).collect();
    for read in agencies {
        for host in read.former.iter().map(Origin::host) {
            let wrong = match known.get(host) {
                Some(whose) => Wrong::new(format!("{host} is of {whose} too")).hint("it can lead to one place only"),
                None if served.contains(host) => Wrong::new(format!("{host} is in use"))
                    .hint("a former host is one on which no agency is served now; who came back there needs no line"),
                None => {
                    let whose = read.code.as_ref().map_or_else(|| "another agency".to_owned(), ToString::to_string);
                    known.insert(host, whose);
                    continue;
                }
            };
            read.section.error(AGENCY.former_urls, wrong);
        }
    }
    for host in portal.iter().flat_map(|portal| &portal.former).map(Origin::host).filter(|host| served.contains(host)) {
        if let Some(read) =
            agencies.iter().find(|read| read.public.as_ref().is_some_and(|public| public.host() == host))
        {
            let wrong = Wrong::new(format!("{host} is in portal.former_urls"));
            read.section.error(AGENCY.url, wrong.hint("take it out there, and bookmarks of the portal end"));
        }
    }
}

/// A host is one agency's, or all who are there say that they share it.
fn check_host(host: &str, here: &[(&Read<'_>, &Origin)]) {
    let (first, public) = here[0];
    let place = first.section.source_of(AGENCY.url).to_string();
    let Some((sharing, _)) = here.iter().find(|(read, _)| read.accounts == Some(Accounts::SharedHost)) else {
        for (read, _) in &here[1..] {
            let wrong = Wrong::new(format!("{host} is the host of another agency ({place})"));
            let hint =
                "each extranet needs a host of its own, or accounts = \"shared-host\" in every file of this host";
            read.section.error(AGENCY.url, wrong.hint(hint));
        }
        return;
    };
    let place_of_sharing = sharing.section.source_of(AGENCY.accounts);
    for (read, origin) in here {
        if read.accounts.is_some_and(|accounts| accounts != Accounts::SharedHost) {
            let wrong = Wrong::new(format!("{host} is a shared host ({place_of_sharing})"));
            read.section.error(AGENCY.accounts, wrong.hint("accounts = \"shared-host\", or a host of its own"));
        }
        if *origin != public {
            let wrong = Wrong::new(format!("{origin} is not {public}, which the host is to another agency ({place})"));
            read.section.error(AGENCY.url, wrong.hint("on a shared host, scheme and port are the same too"));
        }
    }
    if here.len() == 1 {
        let wrong = Wrong::new(format!("no other agency is on {host}"));
        sharing.section.warning(AGENCY.accounts, wrong.hint("leave it out: an agency alone on its host loses by it"));
        return;
    }
    let wrong = Wrong::new(format!(
        "{host} is shared by {} agencies: a hole in one extranet reaches into the pages and the storage of the others, one \
         account at a time is open in a browser, cookies that an extranet's scripts set do not reach it, and none keeps a \
         service worker",
        here.len()
    ));
    sharing.section.warning(AGENCY.accounts, wrong.hint("a host for each agency, as soon as you can have the names"));
}
