//! What an operator asks at night, by commands that are the same on every database.

use std::process::Output;

use super::{cookies_at_portal, opens_account};
use crate::support::{
    eventually,
    gateway::Gateway,
    person::Person,
    samples::Samples,
    site::Site,
    stage::Stage,
    town::{ALICE, BOB, CHOSEN, Town, try_sign_in},
};

on_every_stage! {
    review_a6_who_was_refused_and_who_guesses_is_asked_by_commands,
    review_a6_everybody_is_signed_out_on_every_node,
    review_a6_a_line_that_is_missing_is_told,
    review_a6_what_each_key_has_sealed_is_told_without_sealing_anything,
}

fn run(town: &Town, command: &str, arguments: &[&str]) -> Output {
    town.gateway.run(command, arguments)
}

fn said(town: &Town, command: &str, arguments: &[&str]) -> String {
    let done = run(town, command, arguments);
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{command} {arguments:?}: {out}{}", String::from_utf8_lossy(&done.stderr));
    out
}

/// Whether a table has a line of exactly these words, but for the time in its second and third.
fn has_line(table: &str, tries: &str, what: &[&str]) -> bool {
    table.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.first() == Some(&tries) && words.get(3..).is_some_and(|rest| rest == what)
    })
}

fn review_a6_who_was_refused_and_who_guesses_is_asked_by_commands(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let mut mallory = Person::new(&town.gateway);
    for _ in 0..3 {
        try_sign_in(&mut mallory, "a", ALICE.email, "Not-the-one-1");
    }
    try_sign_in(&mut mallory, "a", "nobody-1", "Not-the-one-1");
    let refused = said(&town, "audit", &["refused"]);
    assert!(refused.contains("wrong-credentials") && refused.contains("CA/SA"), "{refused}");
    let guesses = said(&town, "audit", &["guesses", "--since", "90m"]);
    assert!(has_line(&guesses, "4", &["127.0.0.1"]), "{guesses}");
    assert!(has_line(&guesses, "1", &["nobody-1@CA/SA"]), "{guesses}");
    let alice: serde_json::Value =
        serde_json::from_str(&said(&town, "person", &["show", ALICE.email, "--json"])).expect("JSON");
    let id = alice["known"]["person"]["id"].as_str().expect("an id").to_owned();
    assert!(has_line(&guesses, "3", &[&id]), "{guesses}");

    let lines = said(&town, "audit", &["list", "--who", ALICE.email, "--event", "sign-in-refused", "--since", "1h"]);
    assert!(lines.contains("reason=wrong-credentials") && lines.contains("3 lines"), "{lines}");
    let line: serde_json::Value = serde_json::from_str(
        said(&town, "audit", &["list", "--who", "nobody-1@ca/sa", "--json", "--most", "1"]).trim(),
    )
    .expect("JSON");
    assert_eq!((line["event"].as_str(), line["login"].as_str()), (Some("sign-in-refused"), Some("nobody-1")));
    let reference = line["request_id"].as_str().expect("a reference");
    assert!(said(&town, "audit", &["list", "--request", reference]).contains("nobody-1"));
    assert!(said(&town, "audit", &["list", "--agency", "CB/SB"]).contains("0 lines"));
    let told = run(&town, "audit", &["list", "--who", "nobody@residents.example"]);
    assert!(String::from_utf8_lossy(&told.stderr).contains("nobody is known as"));
    assert_eq!(run(&town, "audit", &["refused", "--since", "soon"]).status.code(), Some(2));
    assert!(said(&town, "person", &["locked"]).contains(ALICE.email));
    assert!(town.gateway.traced("trace-shown") >= 4, "who looks is traced");
    assert!(said(&town, "mail", &["list", "--to", "ALICE@residents.example"]).contains("confirm-address"));
    assert!(!said(&town, "mail", &["list", "--to", BOB.email]).contains("confirm-address"));
}

fn review_a6_everybody_is_signed_out_on_every_node(stage: Stage) {
    let town = Town::build_with(|site| site.on(stage).set("server.cache_seconds", 60));
    let (alice, bob) = (town.alice(), town.resident(BOB));
    let (alices, bobs) = (cookies_at_portal(&town, &alice), cookies_at_portal(&town, &bob));
    let why = ["--yes", "--reason", "a backup was stolen"];
    assert!(said(&town, "person", &[&["sign-out", ALICE.email][..], &why].concat()).contains("signed out everywhere"));
    eventually("Alice to be out", std::time::Duration::from_secs(3), || (!opens_account(&town, &alices)).then_some(()));
    assert!(opens_account(&town, &bobs), "nobody else is");
    let mut alice = Person::new(&town.gateway);
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    let alices = cookies_at_portal(&town, &alice);
    let unsure = run(&town, "person", &["sign-out", "--everybody", "--reason", "a backup was stolen"]);
    assert!(!unsure.status.success() && String::from_utf8_lossy(&unsure.stderr).contains("--yes"));
    assert!(said(&town, "person", &[&["sign-out", "--everybody"][..], &why].concat()).contains("2 people"));
    for cookies in [&alices, &bobs] {
        eventually("everybody to be out", std::time::Duration::from_secs(3), || {
            (0..town.gateway.nodes() * 2).all(|_| !opens_account(&town, cookies)).then_some(())
        });
    }
    town.sign_in(&mut alice, "a", ALICE.email, CHOSEN);
    assert_eq!(town.gateway.traced("sign-ins-ended"), 2);
}

fn review_a6_a_line_that_is_missing_is_told(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let whole = said(&town, "audit", &["verify"]);
    assert!(whole.contains("no line is missing"), "{whole}");
    // On the first day, nothing was there a year ago.
    let first = town.gateway.number("SELECT MIN(happened_at) FROM audit");
    let first = jiff::Timestamp::from_millisecond(first).expect("a time").strftime("%Y-%m-%d %H:%M:%SZ");
    assert!(whole.contains("numbers 1 to ") && whole.contains(&format!(", since {first}")), "{whole}");
    assert!(whole.contains("none has come to its time yet"), "{whole}");
    town.gateway.rewrite("DELETE FROM audit WHERE seq = 2");
    let done = run(&town, "audit", &["verify"]);
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.code() == Some(1) && out.contains("missing behind number 1"), "{out}");
    town.gateway.rewrite("UPDATE audit SET seq = 2 WHERE seq = 1");
    town.gateway.rewrite("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)");
    let done = run(&town, "audit", &["verify"]);
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.code() == Some(1) && out.contains("the last number that was given out"), "{out}");
}

fn review_a6_what_each_key_has_sealed_is_told_without_sealing_anything(stage: Stage) {
    let town = Town::on(stage);
    town.alice();
    let lines = town.gateway.number("SELECT COUNT(*) FROM audit");
    let told = said(&town, "vault keys", &[]);
    assert!(told.contains("the current key") && told.contains("old passwords"), "{told}");
    assert_eq!(town.gateway.number("SELECT COUNT(*) FROM audit"), lines);
}

#[test]
fn review_a13_support_is_told_the_truth_of_identifiers_that_are_unknown_closed_or_on_no_roster() {
    let samples = Samples::start();
    let gateway = Gateway::start(&Site::new().agency(samples.agency_a()).agency(samples.agency_b()));
    let import = |roster: &str| {
        let file = gateway.folder().join("roster.csv");
        std::fs::write(&file, roster).expect("a roster");
        let path = file.to_str().expect("a path in UTF-8").to_owned();
        assert!(gateway.run("import", &["--agency", "SPI31/02", "--yes", &path]).status.success());
    };
    import("login,password\nL1,Pont-9028\nL2,\nL3,Pont-9029\n");
    import("login,closed\nL3,oui\n");
    let mut somebody = Person::new(&gateway);
    for (agency, login) in [("02", "L9"), ("01", "tried-here")] {
        somebody.open(format!("/login?client=SPI31&societe={agency}")).fill("login", login).fill("password", "Pont-9");
        somebody.press("Connexion");
    }
    for (who, words, not) in [
        ("L1@SPI31/02", "The provisional credentials of the roster open the wizard", "if the extranet takes them"),
        ("L2@SPI31/02", "names L2, without a provisional password", "open the wizard"),
        ("L3@SPI31/02", "The agency has closed L3", "open the wizard"),
        ("L9@SPI31/02", "The roster of SPI31/02 does not name L9", "open the wizard"),
        ("never-heard@SPI31/01", "Nothing is known here of never-heard", "open the wizard"),
        ("tried-here@SPI31/01", "The old credentials open the wizard, if the extranet takes them", "Nothing is known"),
    ] {
        let done = gateway.run("person", &["show", who]);
        let told = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && told.contains(words) && !told.contains(not), "{who}: {told}");
    }
}

#[test]
fn review_a13_with_redis_down_support_sees_everything_else_and_puts_somebody_out() {
    let mut town = Town::on(Stage::Redis);
    let alice = town.alice();
    let cookies = cookies_at_portal(&town, &alice);
    town.gateway.redis().kill();
    let told = said(&town, "person", &["show", ALICE.email]);
    assert!(told.contains("alice-77 of CA/SA") && told.contains("Signed in on: not known"), "{told}");
    let done = said(&town, "person", &["disable", ALICE.email, "--yes", "--reason", "by order"]);
    assert!(done.contains("every sign-in ended"), "{done}");
    town.gateway.redis().start_again();
    eventually("Redis to be there", std::time::Duration::from_secs(10), || {
        town.gateway.health("/readyz").filter(|(status, _)| *status == 200)
    });
    assert!(!opens_account(&town, &cookies));
}
