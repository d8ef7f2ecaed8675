//! The database, for longer than a test may take.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    support::{
        eventually,
        line::Line,
        person::Person,
        postgres,
        town::{ALICE, CAROL, CHOSEN, DORA, Town, migrate_up_to_proof, try_sign_in},
    },
    table::{Notes, Row},
};

/// The rows of this file.
pub const ROWS: &[Row] =
    &[Row { id: "REL-022", done: "PostgreSQL is gone for 60 s under a resident who reads on", run: gone_for_a_minute }];

/// The longest until all is well again.
const RECOVERS: Duration = Duration::from_secs(30);

fn gone_for_a_minute(notes: &mut Notes) {
    let line = Line::to(postgres::shared().port);
    let town = Town::build_with(|site| site.over(&line));
    let mut alice = town.alice();
    let mut carol = Person::new(&town.gateway);
    migrate_up_to_proof(&mut carol, "a", CAROL, CAROL.email);
    let code = town.gateway.letter_to(CAROL.email).code();
    let inside = town.at_a("/membre/x");
    assert_eq!(alice.get(&inside, &[]).status, 200);
    line.cut();
    let (begin, mut went_on, mut waited, mut slowest) = (Instant::now(), Duration::ZERO, 0_u32, Duration::ZERO);
    let mut dora = Person::new(&town.gateway);
    while begin.elapsed() < Duration::from_mins(1) {
        let asked = Instant::now();
        let answer = alice.get(&inside, &[]);
        slowest = slowest.max(asked.elapsed());
        match answer.status {
            200 => went_on = begin.elapsed(),
            503 => {
                waited += 1;
                assert!(!answer.header("retry-after").is_empty());
                assert!(!answer.headers.contains_key("set-cookie"), "no cookie is taken away");
            }
            other => panic!("status {other}"),
        }
        assert_eq!(dora.get("/login?client=CA&societe=SA", &[]).status, 200, "the login page needs no database");
        thread::sleep(Duration::from_millis(200));
    }
    notes.add(format!("went on for {:.1} s of the cache's 30, then {waited} answers 503", went_on.as_secs_f64()));
    notes.add(format!("the slowest took {} ms", slowest.as_millis()));
    assert!(waited > 0 && went_on <= Duration::from_secs(31) && slowest < Duration::from_secs(5));
    line.open();
    let opened = Instant::now();
    eventually("the session to go on", RECOVERS, || (alice.get(&inside, &[]).status == 200).then_some(()));
    notes.add(format!("back {} ms after it", opened.elapsed().as_millis()));
    carol.open("/migration/proof").fill("code", &code).press("Valider").see("Votre compte est à jour");
    town.sign_in(&mut Person::new(&town.gateway), "a", ALICE.email, CHOSEN);
    try_sign_in(&mut dora, "a", DORA.login, DORA.password);
    dora.see("évolue");
}
