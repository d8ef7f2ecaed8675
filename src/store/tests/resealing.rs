//! Secrets that are sealed anew under another key.

use super::*;
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::secret::tests::CountingDice;

on_both! {
    f14_what_an_old_key_sealed_is_found_in_portions_and_replaced_only_where_nobody_was_faster,
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
        tx.keep_legacy_secret(&link.id, &seal(&old, &place), 1, at(0)).await.expect("kept");
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
