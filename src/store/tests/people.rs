//! People, links, legacy secrets, devices, rosters.

use super::*;
use crate::domain::credential::Login;
use crate::domain::device::Look;
use crate::domain::roster::{Fields, HandedOut, Holding, RosterLine};
use crate::domain::secret::tests::CountingDice;

on_both! {
    a_login_belongs_to_one_person_in_every_spelling,
    of_fifty_who_create_the_same_login_at_once_one_does,
    a_new_address_is_the_new_login_unless_it_is_somebody_elses,
    an_identifier_that_was_kept_opens_its_account_and_letters_go_to_an_address_that_two_may_share,
    an_account_is_attached_once_as_it_is_spelled_and_the_oldest_is_the_first,
    a11_a_refused_secret_is_dropped_but_not_the_one_that_came_after_it,
    a11_refusals_are_counted_by_agency_and_by_when_they_were,
    b14_the_digest_of_the_last_old_password_is_found_as_the_link_is_spelled,
    a_browser_may_be_known_for_both_of_a_couple_until_one_forgets_it,
    review_b7_a_device_knows_ten_people_and_forgets_the_oldest,
    b20_provisional_credentials_are_used_once_and_a_new_import_does_not_open_an_enrolled_account_again,
}

async fn a_login_belongs_to_one_person_in_every_spelling(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let second = Credential { email: email("ANNE@free.fr"), ..credential("other") };
    assert!(!tx.create_person(&second.identity, &second, Language::En, at(1)).await.expect("asked"));
    assert_eq!(tx.language_of(&second.identity).await.expect("asked"), None);
    let found = tx.credential_typed(Some(&email("Anne@Free.fr")), None).await.expect("asked").expect("anne");
    assert_eq!(found, credential("anne"));
    assert_eq!(tx.language_of(&anne).await.expect("asked"), Some(Language::Fr));
}

async fn of_fifty_who_create_the_same_login_at_once_one_does(fresh: Fresh) {
    let dice = std::sync::Arc::new(CountingDice::default());
    let tries = fifty(&fresh, move |tx| {
        let id = crate::domain::secret::random_id(&*dice);
        async move {
            let credential = Credential { email: email("anne@free.fr"), ..credential(&id) };
            tx.create_person(&credential.identity, &credential, Language::Fr, at(0)).await.expect("asked")
        }
        .boxed()
    })
    .await;
    assert_eq!(tries.iter().filter(|created| **created).count(), 1);
}

async fn a_new_address_is_the_new_login_unless_it_is_somebody_elses(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    person(&mut tx, "pierre").await;
    assert!(!tx.set_email(&anne, &email("PIERRE@free.fr"), at(1)).await.expect("asked"));
    assert!(tx.set_email(&anne, &email("Anne@sfr.fr"), at(1)).await.expect("asked"));
    assert!(tx.credential_typed(Some(&email("anne@free.fr")), None).await.expect("asked").is_none());
    let (first, second) = (PasswordHash::phc("$argon2id$1"), PasswordHash::phc("$argon2id$2"));
    tx.reset_password(&anne, &first, at(2)).await.expect("set");
    assert!(tx.set_password(&anne, &first, &second, at(3)).await.expect("asked"));
    assert!(!tx.set_password(&anne, &first, &PasswordHash::phc("$argon2id$3"), at(4)).await.expect("asked"));
    tx.raise_hash(&anne, &first, &PasswordHash::phc("$argon2id$1-raised")).await.expect("asked");
    let changed = tx.credential_of(&anne).await.expect("asked").expect("anne");
    assert_eq!((changed.email.as_str(), changed.password.as_str()), ("Anne@sfr.fr", "$argon2id$2"));
    let nobody = IdentityId::stored("nobody");
    let refused = tx.reset_password(&nobody, &changed.password, at(2)).await;
    assert!(matches!(refused, Err(StoreError::Missing(_))));
    assert!(tx.credential_of(&nobody).await.expect("asked").is_none());
}

async fn an_identifier_that_was_kept_opens_its_account_and_letters_go_to_an_address_that_two_may_share(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let of_anne = attached(&mut tx, &anne, "SPI31", "C10041").await;
    let pierre = Credential { login: Login::Identifier, email: email("ANNE@free.fr"), ..credential("pierre") };
    assert!(tx.create_person(&pierre.identity, &pierre, Language::Fr, at(0)).await.expect("asked"));
    let of_pierre = attached(&mut tx, &pierre.identity, "SPI31", "C10042").await;
    let hers = tx.credential_typed(Some(&email("anne@free.fr")), None).await.expect("asked");
    assert_eq!(hers, Some(credential("anne")), "the address is hers to type");
    let his = tx.credential_typed(None, Some(&of_pierre)).await.expect("asked");
    assert_eq!(his, Some(pierre.clone()), "and the identifier his");
    assert_eq!(tx.credential_typed(None, Some(&of_anne)).await.expect("asked"), None, "hers is an old one");
    let owners = tx.owners_of(&email("Anne@free.fr")).await.expect("asked");
    assert_eq!(owners, [anne.clone(), pierre.identity.clone()], "who signs in with it first");
    for identity in [&anne, &pierre.identity] {
        let to = tx.address_of(identity).await.expect("asked").expect("an address");
        assert_eq!(to.key(), "anne@free.fr");
    }
    assert!(tx.set_email(&pierre.identity, &email("pierre@sfr.fr"), at(1)).await.expect("asked"));
    assert_eq!(tx.owners_of(&email("anne@free.fr")).await.expect("asked"), [anne]);
    assert_eq!(tx.owners_of(&email("pierre@sfr.fr")).await.expect("asked"), std::slice::from_ref(&pierre.identity));
    assert_eq!(
        tx.credential_typed(Some(&email("pierre@sfr.fr")), None).await.expect("asked"),
        None,
        "for letters only"
    );
    let his = tx.credential_typed(None, Some(&of_pierre)).await.expect("asked").expect("still his");
    assert_eq!(his.email, email("pierre@sfr.fr"));
    assert_eq!(tx.credential_of(&pierre.identity).await.expect("asked"), Some(his));
}

async fn an_account_is_attached_once_as_it_is_spelled_and_the_oldest_is_the_first(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let (anne, pierre) = (person(&mut tx, "anne").await, person(&mut tx, "pierre").await);
    let link = attached(&mut tx, &anne, "SPI31", "Durand").await;
    let stolen =
        Link { id: LinkId::stored("x"), identity: pierre.clone(), account: account("SPI31", " Durand\u{200b}") };
    assert!(!tx.attach(&stolen, at(1)).await.expect("asked"));
    let second = Link { id: LinkId::stored("a"), identity: anne.clone(), account: account("SPI31", "d2") };
    assert!(tx.attach(&second, at(9)).await.expect("asked"));
    assert_eq!(tx.link_of_account(&agency("SPI31"), &login("Durand")).await.expect("asked"), Some(link.clone()));
    assert_eq!(tx.link_of_account(&agency("SPI31"), &login("durand")).await.expect("asked"), None);
    assert_eq!(tx.links_of(&anne).await.expect("asked"), [link.clone(), second]);
    assert_eq!(tx.link(&link.id).await.expect("asked"), Some(link));
    assert_eq!(tx.links_of(&pierre).await.expect("asked"), []);
    let of_nobody =
        Link { id: LinkId::stored("y"), identity: IdentityId::stored("nobody"), account: account("B", "b") };
    assert!(matches!(tx.attach(&of_nobody, at(1)).await, Err(StoreError::Missing(_))));
}

async fn a11_a_refused_secret_is_dropped_but_not_the_one_that_came_after_it(fresh: Fresh) {
    let vault = Vault::new("k1".into(), [7; 32]);
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await.id;
    assert_eq!(tx.legacy_secret(&link).await.expect("asked"), None);
    for (version, secret) in [(1, "first"), (2, "second")] {
        let sealed = vault.seal(&CountingDice::default(), "link:durand", &Secret::new(secret));
        tx.keep_legacy_secret(&link, &sealed, (version, Record::WORKED), at(version)).await.expect("kept");
    }
    let stored = tx.legacy_secret(&link).await.expect("asked").expect("a secret");
    assert_eq!(stored.version, 2);
    let first = StoredSecret { version: 1, ..stored.clone() };
    assert!(!tx.drop_legacy_secret(&link, &first).await.expect("asked"));
    assert!(!tx.keep_record(&link, &first, &Record::UNTRIED).await.expect("asked"));
    assert_eq!(vault.open("link:durand", &stored.sealed).expect("opens").expose(), "second");
    assert!(vault.open("link:other", &stored.sealed).is_err());
    // What is said of it is said once, and nothing is dropped of which something else was said meanwhile.
    let refused = Record { refused_at: Some(at(60)), ..Record::WORKED };
    assert!(tx.keep_record(&link, &stored, &refused).await.expect("asked"));
    assert!(!tx.keep_record(&link, &stored, &refused).await.expect("asked"));
    assert!(!tx.drop_legacy_secret(&link, &stored).await.expect("asked"));
    let now = tx.legacy_secret(&link).await.expect("asked").expect("a secret");
    assert_eq!(now, StoredSecret { record: refused, ..stored });
    assert!(tx.drop_legacy_secret(&link, &now).await.expect("asked"));
    assert_eq!(tx.legacy_secret(&link).await.expect("asked"), None);
}

async fn a11_refusals_are_counted_by_agency_and_by_when_they_were(fresh: Fresh) {
    let vault = Vault::new("k1".into(), [7; 32]);
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let refused =
        |first, tried: Option<i64>| Record { refused_at: Some(at(first)), tried_at: tried.map(at), ..Record::WORKED };
    for (agency, login, record) in [
        ("SPI31", "a", refused(100, None)),
        ("SPI31", "b", refused(1, Some(101))),
        ("SPI31", "c", refused(1, None)),
        ("SPI31", "d", Record::WORKED),
        ("SPI31", "e", Record::UNTRIED),
        ("B", "f", refused(100, None)),
    ] {
        let link = attached(&mut tx, &anne, agency, login).await.id;
        let sealed = vault.seal(&CountingDice::default(), link.as_str(), &Secret::new(login));
        tx.keep_legacy_secret(&link, &sealed, (1, record), at(0)).await.expect("kept");
    }
    let counted = tx.refused_secrets(at(50)).await.expect("counted");
    assert_eq!(counted, [(agency("B"), 1), (agency("SPI31"), 2)]);
}

async fn b14_the_digest_of_the_last_old_password_is_found_as_the_link_is_spelled(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    for hash in ["$1", "$2"] {
        tx.set_old_digest(&agency("SPI31"), &login("Durand"), &PasswordHash::phc(hash)).await.expect("kept");
    }
    let found = tx.old_digest(&agency("spi31"), &login("Durand")).await.expect("asked");
    assert_eq!(found, Some(PasswordHash::phc("$2")));
    assert_eq!(tx.old_digest(&agency("SPI31"), &login("DURAND")).await.expect("asked"), None);
    assert_eq!(tx.old_digest(&agency("B"), &login("durand")).await.expect("asked"), None);
}

async fn a_browser_may_be_known_for_both_of_a_couple_until_one_forgets_it(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let (anne, pierre) = (person(&mut tx, "anne").await, person(&mut tx, "pierre").await);
    for (who, when) in [(&anne, 1), (&pierre, 2), (&anne, 3)] {
        tx.remember_device(who, digest("tablet"), Look::default(), at(when)).await.expect("kept");
    }
    let (tablet, phone) = (digest("tablet"), digest("phone"));
    assert!(tx.knows_on_device(tablet, &anne, at(4)).await.expect("asked"));
    assert!(tx.knows_on_device(tablet, &pierre, at(4)).await.expect("asked"));
    tx.forget_devices(&anne).await.expect("forgotten");
    assert!(!tx.knows_on_device(tablet, &anne, at(4)).await.expect("asked"));
    assert!(tx.knows_on_device(tablet, &pierre, at(4)).await.expect("asked"));
    assert!(tx.is_known_device(tablet, at(4)).await.expect("asked"));
    assert!(!tx.is_known_device(phone, at(4)).await.expect("asked"));
    let later = at(2 + 180 * 24 * 3600);
    assert!(!tx.knows_on_device(tablet, &pierre, later).await.expect("asked"), "180 days after the last sign-in");
    assert!(!tx.is_known_device(tablet, later).await.expect("asked"), "nor is it anybody's any more");
}

async fn review_b7_a_device_knows_ten_people_and_forgets_the_oldest(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let mut people = Vec::new();
    for number in 0..11 {
        let who = person(&mut tx, &format!("person-{number}")).await;
        // The clock may stand still.
        tx.remember_device(&who, digest("hall"), Look::default(), at(number / 2)).await.expect("kept");
        assert!(tx.knows_on_device(digest("hall"), &who, at(10)).await.expect("asked"), "whoever came last");
        people.push(who);
    }
    let mut known = 0;
    for who in &people {
        known += u8::from(tx.knows_on_device(digest("hall"), who, at(10)).await.expect("asked"));
    }
    assert_eq!(known, 10);
    assert!(tx.knows_on_device(digest("hall"), &people[2], at(10)).await.expect("asked"), "one of the two oldest went");
}

fn line(name: &str) -> RosterLine {
    let fields = Fields { login: "D100", name, kind: "locataire", email: "anne@free.fr", ..Fields::default() };
    RosterLine::parse(fields).expect("a line")
}

async fn b20_provisional_credentials_are_used_once_and_a_new_import_does_not_open_an_enrolled_account_again(
    fresh: Fresh,
) {
    let (spi, d100) = (agency("SPI31"), login("D100"));
    let mut tx = fresh.write().await.expect("a turn");
    let held = Holding::stored("h");
    let hash = PasswordHash::phc("$p");
    let given = HandedOut { password: hash.clone(), expires_at: Some(at(100)), is_another: false };
    tx.upsert_roster_line(&spi, &line("Anne"), Some(&given), &held, at(0)).await.expect("taken");
    tx.commit().await.expect("a commit");
    let uses = fifty(&fresh, |tx| {
        async move { tx.mark_provisional_used(&agency("SPI31"), &login("D100"), at(5)).await.expect("asked") }.boxed()
    })
    .await;
    assert_eq!(uses.iter().filter(|used| **used).count(), 1);

    let mut tx = fresh.write().await.expect("a turn");
    tx.upsert_roster_line(&spi, &line("Anne Martin"), None, &held, at(6)).await.expect("taken");
    let entry = tx.roster_entry(&spi, &d100).await.expect("asked").expect("an entry");
    assert_eq!((entry.name.as_deref(), entry.provisional.as_ref()), (Some("Anne Martin"), Some(&hash)));
    assert_eq!((entry.used_at, entry.expires_at, entry.enrolled), (Some(at(5)), Some(at(100)), false));
    assert_eq!((entry.kind, entry.email), (Kind::Tenant, Some(email("anne@free.fr"))));

    let anew = PasswordHash::phc("$q");
    let another = HandedOut { password: anew.clone(), expires_at: None, is_another: true };
    tx.upsert_roster_line(&spi, &line("Anne"), Some(&another), &held, at(7)).await.expect("taken");
    let entry = tx.roster_entry(&spi, &d100).await.expect("asked").expect("an entry");
    assert_eq!((entry.used_at, entry.expires_at, entry.provisional), (None, None, Some(anew.clone())));
    assert_eq!(entry.replaced, Some(hash), "who types the one before is told");

    assert!(tx.mark_provisional_used(&spi, &d100, at(8)).await.expect("asked"));
    let anne = person(&mut tx, "anne").await;
    attached(&mut tx, &anne, "SPI31", "D100").await;
    let again = HandedOut { password: anew.clone(), expires_at: None, is_another: false };
    tx.upsert_roster_line(&spi, &line("Anne"), Some(&again), &held, at(9)).await.expect("taken");
    let entry = tx.roster_entry(&spi, &d100).await.expect("asked").expect("an entry");
    assert_eq!((entry.used_at, entry.enrolled), (Some(at(8)), true));
    let another = HandedOut { password: PasswordHash::phc("$r"), ..another };
    tx.upsert_roster_line(&spi, &line("Anne"), Some(&another), &held, at(10)).await.expect("taken");
    let entry = tx.roster_entry(&spi, &d100).await.expect("asked").expect("an entry");
    assert_eq!((entry.used_at, entry.replaced, entry.enrolled), (None, Some(anew), true), "another one was given out");
    assert_eq!(tx.roster_size(&spi).await.expect("asked"), 1);
    assert_eq!(tx.roster_size(&agency("B")).await.expect("asked"), 0);
    assert_eq!(tx.roster_entry(&spi, &login("other")).await.expect("asked"), None);
}
