//! What an answer means, by the declared rules, and what a profile page tells.

use encoding_rs::WINDOWS_1252;
use percent_encoding::{percent_decode, percent_decode_str};
use scraper::{Html, Selector};

use super::page::{self, Page, Redirect};
use crate::domain::email::EmailAddress;
use crate::domain::upstream::{FormLogin, NoVerdict, Profile, ProfilePage, Rule};

/// What the extranet said to the credentials, before anything else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Accepted,
    Refused,
    Locked,
    MustChange,
}

/// Judges the answer to the posted form: a lock before everything, a refusal before a success (a10).
///
/// # Errors
/// `Unrecognised` (`Elsewhere`, where it leads to another server) if no rule fits, or one cannot be applied; `Unreachable` for a failure of the server that no
/// rule foresees.
pub(super) fn judge(answer: &Page, form: &FormLogin) -> Result<Judgement, NoVerdict> {
    let groups = [
        (&form.locked, Judgement::Locked),
        (&form.must_change, Judgement::MustChange),
        (&form.failure, Judgement::Refused),
        (&form.success, Judgement::Accepted),
    ];
    let foreseen = |(rules, _): &(&Vec<Rule>, Judgement)| rules.contains(&Rule::Status(answer.status));
    if answer.status >= 500 && !groups.iter().any(foreseen) {
        return Err(NoVerdict::Unreachable);
    }
    let evidence = Evidence::of(answer)?;
    for (rules, judgement) in groups {
        for rule in rules {
            if evidence.fits(rule)? {
                return Ok(judgement);
            }
        }
    }
    Err(match answer.redirect {
        Some(Redirect::Elsewhere) => NoVerdict::Elsewhere,
        Some(Redirect::Own(_) | Redirect::Refreshed(_)) | None => NoVerdict::Unrecognised,
    })
}

/// Whether one of these rules holds.
///
/// # Errors
/// One cannot be applied.
pub(super) fn holds(answer: &Page, rules: &[Rule]) -> Result<bool, NoVerdict> {
    if rules.is_empty() {
        return Ok(false);
    }
    let evidence = Evidence::of(answer)?;
    for rule in rules {
        if evidence.fits(rule)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Name and address on a profile page; what is not there is none.
pub(super) fn profile(page: &Page, declared: &ProfilePage) -> Profile {
    const LONGEST_NAME: usize = 200;
    if page.status != 200 {
        return Profile::default();
    }
    let Some(html) = page::parse(&page.text) else { return Profile::default() };
    let read = |selector: &Option<String>| page::read(&html, selector.as_deref()?);
    Profile {
        name: read(&declared.name)
            .filter(|name| name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control)),
        email: read(&declared.email).and_then(|text| EmailAddress::parse(&text).ok()),
    }
}

/// An answer made ready to be compared with several rules.
struct Evidence<'a> {
    answer: &'a Page,
    html: Html,
    visible: String,
}

impl<'a> Evidence<'a> {
    fn of(answer: &'a Page) -> Result<Self, NoVerdict> {
        let html = page::parse(&answer.text).ok_or(NoVerdict::Unrecognised)?;
        let visible = page::visible_text(html.root_element());
        Ok(Self { answer, html, visible })
    }

    /// Whether a rule holds; one that cannot be applied is an error, lest a broken failure rule let everybody in.
    fn fits(&self, rule: &Rule) -> Result<bool, NoVerdict> {
        Ok(match rule {
            Rule::Cookie(name) => self.answer.cookies.contains(&name.as_str().into()),
            Rule::Redirect(prefix) => self.redirect().is_some_and(|target| begins(&target, prefix)),
            // A page that says what is wrong and leads on is no proof.
            Rule::RedirectElsewhere(prefix) => {
                matches!(self.answer.redirect, Some(Redirect::Own(_)))
                    && self.redirect().is_some_and(|target| !begins(&target, prefix))
            }
            Rule::Status(status) => self.answer.status == *status,
            // An empty text would hold always.
            Rule::Text(text) => {
                let wanted = page::single_spaced(text);
                !wanted.is_empty() && (self.visible.contains(&wanted) || self.answer.text.contains(text.as_str()))
            }
            Rule::Element(selector) => {
                let selector = Selector::parse(selector).map_err(|_| NoVerdict::Unrecognised)?;
                self.html.select(&selector).next().is_some()
            }
        })
    }

    /// Path and query of a redirect within the extranet. One to another server fits no rule: it proves nothing.
    fn redirect(&self) -> Option<String> {
        match self.answer.redirect.as_ref()? {
            Redirect::Own(url) | Redirect::Refreshed(url) => {
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                Some(format!("{}{query}", url.path()))
            }
            Redirect::Elsewhere => None,
        }
    }
}

/// Whether a target begins as it is declared, whichever signs are written in percent; letters beyond ASCII in either of the
/// alphabets that servers write them in.
fn begins(target: &str, declared: &str) -> bool {
    let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let target = plain(target);
    let (old, _, is_torn) = WINDOWS_1252.encode(declared);
    target.starts_with(&plain(declared)) || (!is_torn && target.starts_with(&percent_decode(&old).collect::<Vec<u8>>()))
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;

    use super::super::site::tests::site;
    use super::super::tests::declared;
    use super::*;

    fn answer(status: u16, location: Option<&str>, text: &str) -> Page {
        let url = site().page("/admin/login/").unwrap();
        let redirect = location.map(|to| site().resolve(&url, to).map_or(Redirect::Elsewhere, Redirect::Own));
        Page {
            url,
            status,
            wants_other_than_basic: false,
            redirect,
            cookies: vec!["sid".into()],
            text: text.into(),
            encoding: UTF_8,
        }
    }

    #[test]
    fn a_lock_comes_before_a_refusal_and_a_refusal_before_a_success() {
        let mut form = declared();
        form.success = vec![Rule::Redirect("/accueil".into()), Rule::Text("Bienvenue".into())];
        form.failure = vec![Rule::Element("p.errornote".into())];
        form.locked = vec![Rule::Text("Compte bloqué".into())];
        form.must_change = vec![Rule::Redirect("/accueil.php?changer".into())];
        let judged = |status, location, text| judge(&answer(status, location, text), &form);
        assert_eq!(judged(302, Some("../../accueil.php"), ""), Ok(Judgement::Accepted));
        assert_eq!(judged(302, Some("http://10.0.0.5:8080/accueil.php?changer=1"), ""), Ok(Judgement::MustChange));
        assert_eq!(judged(200, None, "Bienvenue <p class=errornote>"), Ok(Judgement::Refused));
        assert_eq!(judged(200, None, "<p class=errornote>Compte&nbsp;<b>bloqu&eacute;</b>"), Ok(Judgement::Locked));
        assert_eq!(judged(302, Some("//evil.example/accueil"), ""), Err(NoVerdict::Elsewhere));
        assert_eq!(judged(302, Some("/ailleurs"), ""), Err(NoVerdict::Unrecognised));
        assert_eq!(judged(503, None, "Bienvenue"), Err(NoVerdict::Unreachable));
    }

    #[test]
    fn redirects_elsewhere_statuses_and_cookies_can_be_rules() {
        let judged = |success, status, location| {
            let mut form = declared();
            (form.success, form.failure) = (vec![success], Vec::new());
            judge(&answer(status, location, ""), &form)
        };
        let elsewhere = || Rule::RedirectElsewhere("/admin/login/".into());
        assert_eq!(judged(elsewhere(), 302, Some("/admin/")), Ok(Judgement::Accepted));
        assert_eq!(judged(elsewhere(), 302, Some("/admin/login/?next=/")), Err(NoVerdict::Unrecognised));
        assert_eq!(judged(elsewhere(), 302, Some("https://evil.example/")), Err(NoVerdict::Elsewhere));
        assert_eq!(judged(elsewhere(), 200, None), Err(NoVerdict::Unrecognised));
        assert_eq!(judged(Rule::Status(500), 500, None), Ok(Judgement::Accepted));
        assert_eq!(judged(Rule::Cookie("sid".into()), 200, None), Ok(Judgement::Accepted));
        assert_eq!(judged(Rule::Cookie("SID".into()), 200, None), Err(NoVerdict::Unrecognised));
        assert_eq!(judged(Rule::Text(" ".into()), 200, None), Err(NoVerdict::Unrecognised));
    }

    #[test]
    fn f1_a_redirect_is_declared_in_percent_or_as_it_is_read() {
        for (declared, location) in [
            ("/menu?mail=a@b.fr", "/menu?mail=a%40b.fr"),
            ("/menu?mail=a%40b.fr", "/menu?mail=a@b.fr&x"),
            ("/Spécial:Accueil", "/Sp%C3%A9cial:Accueil"),
            ("/Spécial:Accueil", "/Sp%E9cial:Accueil"),
            ("/Sp%e9cial:Accueil", "/Sp%E9cial:Accueil"),
            ("/?route=/menu", "/?route=%2Fmenu"),
        ] {
            let mut form = declared_only(Rule::Redirect(declared.into()));
            assert_eq!(judge(&answer(302, Some(location), ""), &form), Ok(Judgement::Accepted), "{declared}");
            form.success = vec![Rule::RedirectElsewhere(declared.into())];
            assert_eq!(judge(&answer(302, Some(location), ""), &form), Err(NoVerdict::Unrecognised), "{declared}");
        }
        let form = declared_only(Rule::Redirect("/menu?mail=a@b.fr".into()));
        assert_eq!(judge(&answer(302, Some("/menu?mail=a%40c.fr"), ""), &form), Err(NoVerdict::Unrecognised));
    }

    fn declared_only(success: Rule) -> FormLogin {
        FormLogin { success: vec![success], ..declared() }
    }

    #[test]
    fn a_rule_that_cannot_be_applied_lets_nobody_in() {
        let mut form = declared();
        form.failure = vec![Rule::Element("p..".into())];
        form.success = vec![Rule::Status(200)];
        assert_eq!(judge(&answer(200, None, ""), &form), Err(NoVerdict::Unrecognised));
    }

    #[test]
    fn a_profile_that_is_not_there_is_no_error() {
        let declared = ProfilePage { page: "/".into(), name: Some("h1".into()), email: Some("#mail".into()) };
        let told = profile(&answer(200, None, "<h1>Anne Durand</h1><p id=mail>anne@example.org"), &declared);
        assert_eq!(told.name.as_deref(), Some("Anne Durand"));
        assert_eq!(told.email.map(|email| email.to_string()).as_deref(), Some("anne@example.org"));
        assert_eq!(profile(&answer(200, None, "<p id=mail>aucun"), &declared), Profile::default());
        assert_eq!(profile(&answer(404, None, "<h1>Not Found</h1>"), &declared), Profile::default());
    }
}
