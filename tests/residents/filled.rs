//! What is empty or wrong in a form of ours is said at its field, in the page's language; what was typed stays, and what was
//! not typed is no attempt.

use crate::support::{
    letters::Letter,
    line::Line,
    page,
    person::Person,
    postgres,
    site::Site,
    stage::Stage,
    town::{ALICE, CAROL, CHOSEN, Town, login_path, migrate_up_to_proof, try_sign_in},
};

on_every_stage! {
    review_an_empty_field_is_asked_for_at_the_field_and_is_no_attempt,
    review_everything_that_is_wrong_in_a_form_is_told_at_once,
}

const OWN: &str = "Saisissez votre mot de passe.";
const ADDRESS: &str = "Saisissez votre adresse email.";
const EITHER: &str = "Saisissez votre adresse email ou votre identifiant.";
const NEW: &str = "Saisissez le nouveau mot de passe.";
const AGAIN: &str = "Saisissez le nouveau mot de passe une seconde fois.";
const CODE: &str = "Saisissez les 8 chiffres reçus par e-mail.";
const PRESENT: &str = "Saisissez votre mot de passe actuel.";

/// Fields that are never filled in by us.
const SECRET: [&str; 2] = ["password", "current"];

/// Fields with what is typed into them.
type Typed<'a> = &'a [(&'a str, &'a str)];

/// What is typed, and what is said beside which field.
type Row<'a> = (Typed<'a>, &'a [(&'a str, &'a str)]);

/// Sends a form of the page with what is typed, and looks at what comes back; the same form each time.
fn asked_for(person: &mut Person, button: &str, rows: &[Row<'_>]) {
    for (typed, told) in rows {
        for (field, value) in *typed {
            person.fill(field, value);
        }
        person.press(button);
        let (html, what) = (person.here().text(), format!("{} {button} {typed:?}", person.here().url));
        assert!(matches!(person.here().status, 404 | 422), "{what}: {}", person.here().status);
        assert!(html.contains("<title>Erreur"), "{what}");
        assert_eq!(page::count(&html, "[aria-invalid=true]"), told.len(), "{what}:\n{}", person.words());
        assert_eq!(page::count(&html, "[data-summary] li a"), if told.len() > 1 { told.len() } else { 0 }, "{what}");
        for (field, said) in *told {
            let described = page::attribute(&html, &format!("#{field}"), "aria-describedby").unwrap_or_default();
            assert!(described.contains(&format!("{field}-error")), "{what}: {field} {described}");
            assert_eq!(page::text(&html, &format!("#{field}-error")), page::plain(said), "{what}");
        }
        let has_addresses = typed.iter().any(|(field, _)| *field == "email");
        for (field, value) in *typed {
            let stands = page::attribute(&html, &format!("form input[name={field}]:not(.sr)"), "value");
            if SECRET.contains(field) || (*field == "confirmation" && !has_addresses) {
                assert!(!html.contains(value), "{what}: a password is never written into a page");
            } else {
                assert_eq!(stands.as_deref(), Some(*value), "{what}: {field}");
            }
        }
    }
}

fn review_an_empty_field_is_asked_for_at_the_field_and_is_no_attempt(stage: Stage) {
    let town = Town::on(stage);
    let mut alice = town.alice();
    let (mut eve, before) = (Person::new(&town.gateway), town.gateway.traced("sign-in-refused"));
    for (at, login) in [("/".to_owned(), ADDRESS), (login_path("a"), EITHER)] {
        for _ in 0..4 {
            let (login, own) = (("login", login), ("password", OWN));
            asked_for(
                eve.open(&at),
                "Connexion",
                &[
                    (&[], &[login, own]),
                    (&[("login", " \u{200b}"), ("password", CHOSEN)], &[login]),
                    (&[("login", ALICE.email)], &[own]),
                ],
            );
        }
    }
    assert_eq!(town.gateway.traced("sign-in-refused"), before, "nobody has tried anything");
    town.sign_in(&mut eve, "a", ALICE.email, CHOSEN);
    town.forget();
    let mut eve = Person::new(&town.gateway);
    let codes: [Row<'_>; 2] = [
        (&[], &[("client", "Saisissez le code client."), ("societe", "Saisissez le code société.")]),
        (&[("client", "CA")], &[("societe", "Saisissez le code société.")]),
    ];
    for at in ["/login", "/forgotten", "/trouble?find=agency"] {
        asked_for(eve.open(at), "Continuer", &codes);
    }
    for (at, said) in [("/forgotten?client=CA&societe=SA", EITHER), ("/forgotten?by=email", ADDRESS)] {
        asked_for(eve.open(at), "Recevoir l'e-mail", &[(&[], &[("login", said)])]);
    }
    eve.fill("login", ALICE.email).press("Recevoir l'e-mail");
    asked_for(&mut eve, "Suivant", &[(&[], &[("code", CODE)])]);
    try_sign_in(&mut eve, "a", "nobody", "nothing");
    town.forget();
    let given = "Saisissez le mot de passe donné par votre agence.";
    asked_for(&mut eve, "Vérifier auprès de mon agence", &[(&[("login", "nobody")], &[("given-password", given)])]);
    town.a.assert_untouched("forms without a password");
    let twice = [("password", NEW), ("confirmation", AGAIN)];
    let opened =
        town.gateway.letters().wait_for(ALICE.email, |letter: &Letter| letter.subject.contains("mot de passe"));
    asked_for(eve.open(opened.link()), "Enregistrer", &[(&[], &twice)]);

    // Who is signed in.
    let present = ("current", PRESENT);
    asked_for(
        alice.open("/account/password"),
        "Enregistrer",
        &[(&[], &[present, twice[0], twice[1]]), (&[("password", "Cerisier-31-mur")], &[present, twice[1]])],
    );
    let second = ("confirmation", "Saisissez la nouvelle adresse une seconde fois.");
    let (new, typed) = (("email", ADDRESS), ("email", "alice@courriel.example"));
    asked_for(
        alice.open("/account/email"),
        "Valider",
        &[
            (&[], &[new, second, present]),
            (&[typed], &[second, present]),
            (&[typed, ("confirmation", typed.1)], &[present]),
        ],
    );
    asked_for(alice.open("/account").follow("Détacher"), "Détacher ce compte", &[(&[], &[("password", OWN)])]);
    alice.open("/account/forgotten").press("Recevoir l'e-mail");
    asked_for(&mut alice, "Suivant", &[(&[], &[("code", CODE)])]);

    // The wizard, and a link on another device.
    let mut carol = Person::new(&town.gateway);
    try_sign_in(&mut carol, "a", CAROL.login, CAROL.password);
    carol.press("Étape suivante").follow("J'ai déjà un compte");
    let joins: [Row<'_>; 2] = [(&[], &[new, ("password", OWN)]), (&[("email", ALICE.email)], &[("password", OWN)])];
    asked_for(&mut carol, "Connexion", &joins);
    carol.open("/migration").fill("email", "");
    asked_for(&mut carol, "Continuer", &[(&[], &[new])]);
    carol.fill("email", CAROL.email).press("Continuer");
    asked_for(&mut carol, "Créer mon compte", &[(&[], &twice), (&[("password", CHOSEN)], &twice[1..])]);
    carol.fill("password", CHOSEN).fill("confirmation", CHOSEN).press("Créer mon compte");
    let letter = town.gateway.letter_to(CAROL.email);
    asked_for(eve.open(letter.link()), "Confirmer mon adresse", &[(&[], &[("password", OWN)])]);
    for _ in 0..7 {
        asked_for(&mut carol, "Valider", &[(&[], &[("code", CODE)])]);
    }
    carol.fill("code", &letter.code()).press("Valider").see("Votre compte est à jour");
}

fn review_everything_that_is_wrong_in_a_form_is_told_at_once(stage: Stage) {
    let town = Town::build_with(|site: Site| site.on(stage).set("policy.confirm_noted", true));
    let mut alice = town.alice();
    let wrong =
        ("current", "Ce mot de passe n'est pas le bon. Vérifiez les majuscules et les minuscules, puis recommencez.");
    let differ = ("confirmation", "Les deux mots de passe ne sont pas identiques. Saisissez-les à nouveau.");
    let noted = ("noted", "Cochez la case lorsque vous avez noté votre mot de passe en lieu sûr.");
    let entries = [("current", "pas-celui-ci"), ("password", "Cerisier-31-mur"), ("confirmation", "Cerisier-32-mur")];
    asked_for(alice.open("/account/password"), "Enregistrer", &[(&entries, &[wrong, noted, differ])]);
    let entries = [("email", "alice@courriel.example"), ("confirmation", "alice@courriel.exemple"), entries[0]];
    let differ = ("confirmation", "Les deux adresses email ne sont pas identiques.");
    asked_for(alice.open("/account/email"), "Valider", &[(&entries, &[differ, wrong])]);
    assert_eq!(town.gateway.traced("password-refused"), 2, "each wrong one is counted as at a sign-in");
}

#[test]
fn rel_015_what_was_typed_into_a_form_stays_while_the_database_is_away() {
    let line = Line::to(postgres::shared().port);
    let town = Town::build_with(|site| site.over(&line));
    let (mut alice, mut carol) = (town.alice(), Person::new(&town.gateway));
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let at = |path: &str| {
        let mut person = Person::new(&town.gateway);
        person.open(path);
        person
    };
    let mut asked = at("/forgotten?client=CA&societe=SA");
    asked.fill("login", ALICE.email).press("Recevoir l'e-mail");
    alice.open("/account/email");
    let (login, address, code) = (("login", ALICE.email), ("email", "alice@courriel.example"), ("code", "12345678"));
    let secret = ("password", "Sorbier-77-mur");
    let rows: [(Person, &str, Typed<'_>); 6] = [
        (at("/"), "Connexion", &[login, secret]),
        (at(&login_path("a")), "Connexion", &[login, secret]),
        (at("/forgotten?client=CA&societe=SA"), "Recevoir l'e-mail", &[login]),
        (asked, "Suivant", &[code]),
        (carol, "Valider", &[code]),
        (alice, "Valider", &[address, ("confirmation", address.1), ("current", "Sorbier-77-mur")]),
    ];
    line.cut();
    let mut kept = Vec::new();
    for (mut person, button, typed) in rows {
        for (field, value) in typed {
            person.fill(field, value);
        }
        person.press(button).see("Rien n'a été perdu");
        let (html, what) = (person.here().text(), format!("{} {button}", person.here().url));
        assert_eq!(person.here().status, 503, "{what}");
        for (field, value) in typed {
            if ["password", "current"].contains(field) {
                assert!(!html.contains(value), "{what}: a password is never written into a page");
            } else {
                let stands = page::attribute(&html, &format!("form input[name={field}]"), "value");
                assert_eq!(stands.as_deref(), Some(*value), "{what}: {field}");
            }
        }
        kept.push(person);
    }
    line.open();
    let [_, _, forgotten, _, _, alice] = &mut kept[..] else { panic!("six forms") };
    forgotten.press("Réessayer").see("Si un compte existe");
    // What was not kept is asked for, and nothing else.
    alice.press("Réessayer").see(PRESENT).fill("current", CHOSEN).press("Valider").see("Vérifiez votre boîte mail");
    town.gateway.letter_to(address.1);
}
