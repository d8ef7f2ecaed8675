//! An extranet of frames, in a browser, when the session is over (case 12).

use crate::support::{
    browser::{Browser, Device},
    town::{ALICE, CHOSEN, Town, login_path},
};

const FRAMES: &str = "<html><frameset cols='45%25,*'><frame name='menu' src='/membre/menu'>\
                      <frame name='corps' src='/membre/corps'></frameset></html>";

#[test]
fn case_12_a_frame_that_meets_the_end_of_the_session_leads_the_whole_window_to_the_sign_in() {
    for device in [Device::Desktop, Device::Phone] {
        let town = Town::build();
        town.alice();
        let mut browser = Browser::start(device, "frames");
        browser.open(town.gateway.portal(&login_path("a")));
        browser.fill("Email ou identifiant", ALICE.email).fill("Mot de passe", CHOSEN).press("Connexion");
        browser.see("alice-77");
        browser.open(town.at_a(&format!("/answer?content-type=text/html&body={FRAMES}")));
        let words = |browser: &mut Browser| {
            let text =
                browser.script("return frames['corps'].document.body ? frames['corps'].document.body.innerText : ''");
            text.as_str().unwrap_or_default().to_owned()
        };
        assert!(words(&mut browser).contains("alice-77"), "{}", words(&mut browser));
        browser.open_in_new_tab(town.gateway.portal("/account")).press("Se déconnecter").see("déconnecté").close_tab();
        browser.script("frames['corps'].location.href = '/membre/comptes'");
        let mut shown = String::new();
        for _ in 0..100 {
            shown = words(&mut browser);
            if shown.contains("Reconnectez-vous") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(shown.contains("Votre session a pris fin"), "what a frame shows: {shown}");
        browser.screenshot("the-end-in-a-frame");
        browser.script("frames['corps'].document.querySelector('main a.button').click()");
        browser.see("Mot de passe").see("Agence du Port");
        assert!(browser.url().starts_with(town.gateway.portal("/login").as_str()), "{}", browser.url());
    }
}
