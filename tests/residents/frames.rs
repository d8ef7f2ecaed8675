//! Frames of an extranet that meet a page of ours (case 12, decision 64).

use crate::support::{
    person::{Answer, Person, Request},
    town::Town,
};

/// A page that a frame asks for, by a browser that says so.
fn framed(person: &mut Person, url: &str, dest: &str, more: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(url.parse().expect("an address"));
    for (name, value) in
        [("sec-fetch-dest", dest), ("sec-fetch-mode", "navigate")].into_iter().chain(more.iter().copied())
    {
        request = request.header(name, value);
    }
    person.ask(request)
}

/// What a frame can show, with the way out.
fn assert_shown(answer: &Answer, status: u16, leads_to: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert!(answer.redirect().is_none(), "a frame is led nowhere");
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'self';"));
    assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN");
    assert!(text.contains("<base target=\"_top\">"), "{text}");
    assert!(text.contains(&format!("href=\"{leads_to}\" target=\"_top\"")), "{leads_to}: {text}");
    assert!(!text.contains("type=\"password\""), "never the sign-in itself");
}

#[test]
fn case_12_a_frame_that_meets_the_end_of_the_session_shows_the_way_to_sign_in_in_the_whole_window() {
    let town = Town::build();
    let mut nobody = Person::new(&town.gateway);
    let page = town.at_a("/membre/comptes.asp");
    let sign_in = format!("{}?client=CA&amp;societe=SA", town.gateway.portal("/login"));
    let around = town.at_a("/membre/cadres");
    for dest in ["frame", "iframe", "object", "embed"] {
        assert_shown(&framed(&mut nobody, &page, dest, &[]), 401, &sign_in);
        let back = format!("{sign_in}&amp;return=/membre/cadres");
        assert_shown(&framed(&mut nobody, &page, dest, &[("referer", &around)]), 401, &back);
        let clicked = [("referer", &*around), ("sec-fetch-user", "?1")];
        assert_shown(&framed(&mut nobody, &page, dest, &clicked), 401, &sign_in);
    }
    let english = framed(&mut nobody, &page, "frame", &[("accept-language", "en")]);
    assert!(english.text().contains("Your session has ended"));
    let whole = framed(&mut nobody, &page, "document", &[]);
    assert!(whole.redirect().is_some_and(|to| to.path() == "/login"), "a whole window goes there at once");
    // A frame that is led through pages of ours ends there, too.
    assert_shown(&framed(&mut nobody, &town.at_a("/.vestibule/renew?return=%2Fx"), "frame", &[]), 401, &sign_in);
    town.a.assert_untouched("strangers");
}

#[test]
fn case_12_every_page_of_ours_that_a_frame_can_meet_is_shown_in_it_with_a_way_out() {
    let town = Town::build();
    let mut alice = town.alice();
    let account = town.gateway.portal("/account").to_string();
    assert_shown(&framed(&mut alice, &town.at_a("/motdepasse"), "frame", &[]), 200, &account);
    assert_shown(&framed(&mut alice, &town.at_a("/deconnexion"), "iframe", &[]), 200, "/.vestibule/logout");
    let leave = framed(&mut alice, &town.at_a("/.vestibule/logout"), "iframe", &[]);
    assert!(leave.header("content-security-policy").contains("frame-ancestors 'self';"));
    assert!(leave.text().contains("<base target=\"_top\">"), "its button leads out");
    let mut nobody = Person::new(&town.gateway);
    let late = Request::get(town.at_a("/membre/form").parse().expect("an address"))
        .method(reqwest::Method::POST)
        .header("sec-fetch-dest", "frame")
        .header("sec-fetch-mode", "navigate")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("texte=Ma+r%C3%A9clamation");
    let told = nobody.visit(late);
    assert!(told.text().contains("n'a pas été envoyé") || told.text().contains("pas été envoyé"), "{}", told.text());
    assert!(told.header("content-security-policy").contains("frame-ancestors"));
    // Nothing of the portal stands in a frame, whoever asks.
    let portal = framed(&mut alice, town.gateway.portal("/account").as_str(), "iframe", &[]);
    assert!(portal.header("content-security-policy").contains("frame-ancestors 'none';"));
    assert_eq!(portal.header("x-frame-options"), "DENY");
}

#[test]
fn case_12_a_frame_of_whoever_is_signed_in_is_the_extranets() {
    let town = Town::build();
    let mut alice = town.alice();
    let shown = framed(&mut alice, &town.at_a("/membre/x"), "frame", &[]);
    assert!(shown.text().contains("alice-77"), "{}", shown.text());
    town.a.expire_sessions();
    let renewed = alice.visit(
        Request::get(town.at_a("/membre/y").parse().expect("an address"))
            .header("sec-fetch-dest", "frame")
            .header("sec-fetch-mode", "navigate"),
    );
    assert!(renewed.text().contains("alice-77"), "a renewal goes on within the frame: {}", renewed.text());
}
