//! Secrets that are sealed anew under another key.

use std::collections::BTreeMap;

use super::*;
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::roster::ImportId;
use crate::domain::secret::tests::CountingDice;

on_both! {
    f14_whatever_the_schema_has_room_to_seal_is_rotated,
    f14_what_an_old_key_sealed_is_found_in_portions_and_replaced_only_where_nobody_was_faster,
}

/// A new kind of sealed place is in the schema, whoever forgets it elsewhere.
async fn f14_whatever_the_schema_has_room_to_seal_is_rotated(fresh: Fresh) {
    let dice = CountingDice::default();
    let (old, new) = (Vault::new("old".into(), [1; 32]), Vault::new("new".into(), [2; 32]));
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let (session, link) = (signed_in(&mut tx, &anne, "s").await, attached(&mut tx, &anne, "SPI31", "durand").await);
    let seal = |vault: &Vault, place: &SealedPlace| vault.seal(&dice, &place.context(), &Secret::new("Été-1998"));
    let sealed = |place: SealedPlace| seal(&old, &place);
    tx.keep_legacy_secret(&link.id, &sealed(SealedPlace::Link(link.id.clone())), (1, Record::WORKED), at(0))
        .await
        .expect("kept");
    let cookies = SealedPlace::Cookies(session.id.clone(), link.id.clone());
    tx.put_jar(&session.id, &link.id, &sealed(cookies), at(0)).await.expect("kept");
    let plan = MigrationPlan::from(&AgencyPolicy::default());
    let run = Flow::start(FlowId::stored("f"), account("SPI31", "martin"), None, plan, at(0));
    tx.insert_flow(&run, digest("b"), Some(&sealed(SealedPlace::Flow(run.id.clone()))), None).await.expect("kept");

    let import = ImportId::stored("i");
    tx.begin_import(&import, &agency("SPI31"), at(0)).await.expect("kept");
    tx.keep_link_before(&import, &link.id).await.expect("kept");

    let places = crate::store::copy::columns_that_end_with(&mut tx, "ciphertext").await.expect("the schema");
    assert!(places.len() >= 3, "{places:?}");
    let held = async |tx: &mut Tx, key: &str| {
        let mut held = BTreeMap::new();
        for (table, column) in &places {
            let key_id = column.replace("ciphertext", "key_id");
            let statement = format!("SELECT COUNT(*) AS value FROM \"{table}\" WHERE \"{key_id}\" = '{key}'");
            held.insert(format!("{table}.{column}"), tx.number(statement).await.expect("a number"));
        }
        held
    };
    for (place, count) in held(&mut tx, "old").await {
        assert_eq!(count, 1, "{place} is new: this test, SealedPlace and SealedKind have to know it");
    }
    for kind in SealedKind::ALL {
        for (place, read) in tx.sealed_otherwise(kind, "new", None, 10).await.expect("asked") {
            assert!(tx.reseal(&place, &read, &seal(&new, &place)).await.expect("asked"));
        }
    }
    for (place, count) in held(&mut tx, "new").await {
        assert_eq!(count, 1, "{place} is not rotated");
    }
    let counted: u64 = tx.sealed_counts().await.expect("asked").iter().map(|count| count.count).sum();
    assert_eq!(counted, u64::try_from(places.len()).expect("few"), "the verdict counts each");
}

async fn f14_what_an_old_key_sealed_is_found_in_portions_and_replaced_only_where_nobody_was_faster(fresh: Fresh) {
    let (old, dice) = (Vault::new("old".into(), [1; 32]), CountingDice::default());
    let new = Vault::new("new".into(), [2; 32]).with_old("old".into(), [1; 32]);
    let seal = |vault: &Vault, place: &SealedPlace| vault.seal(&dice, &place.context(), &Secret::new("Été-1998"));
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    for number in 0..5 {
        let link = attached(&mut tx, &anne, "SPI31", &format!("durand-{number}")).await;
        let place = SealedPlace::Link(link.id.clone());
        tx.keep_legacy_secret(&link.id, &seal(&old, &place), (1, Record::WORKED), at(0)).await.expect("kept");
        let place = SealedPlace::Cookies(session.id.clone(), link.id.clone());
        tx.put_jar(&session.id, &link.id, &seal(&old, &place), at(0)).await.expect("kept");
    }
    let run = |name: &str| {
        let plan = MigrationPlan::from(&AgencyPolicy::default());
        Flow::start(FlowId::stored(name), account("SPI31", name), None, plan, at(0))
    };
    let sealed = seal(&old, &SealedPlace::Flow(FlowId::stored("f")));
    tx.insert_flow(&run("f"), digest("b"), Some(&sealed), None).await.expect("kept");
    tx.insert_flow(&run("without"), digest("c"), None, None).await.expect("kept");

    for (kind, there) in [(SealedKind::Links, 5), (SealedKind::Flows, 1), (SealedKind::Cookies, 5)] {
        let (mut after, mut found) = (None, 0);
        loop {
            let portion = tx.sealed_otherwise(kind, "new", after.as_ref(), 2).await.expect("asked");
            let Some((last, _)) = portion.last() else { break };
            after = Some(last.clone());
            for (place, read) in &portion {
                let secret = new.open(&place.context(), read).expect("opens");
                let anew = new.seal(&dice, &place.context(), &secret);
                assert!(tx.reseal(place, read, &anew).await.expect("asked"));
                assert!(!tx.reseal(place, read, read).await.expect("asked"), "it is another one by now");
                found += 1;
            }
        }
        assert_eq!(found, there, "{kind:?}");
    }
    let counts = tx.sealed_counts().await.expect("asked");
    assert!(counts.iter().all(|count| count.key_id == "new"), "{counts:?}");
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 11);
    let alone = Vault::new("new".into(), [2; 32]);
    let link = LinkId::stored("link-SPI31-durand-3");
    let stored = tx.legacy_secret(&link).await.expect("asked").expect("a secret");
    assert_eq!(alone.open(link.as_str(), &stored.sealed).expect("opens").expose(), "Été-1998");
}
