//! The trace, and what goes with time.

use super::*;
use crate::domain::audit::{Actor, AuditEntry, AuditEvent, AuditLine, Refusal, StaffId};
use crate::domain::chain::Walk;
use crate::domain::device::Look;
use crate::domain::migration::{Flow, FlowId, MigrationPlan};
use crate::domain::path::ReturnPath;

fn refused() -> AuditEntry {
    AuditEntry {
        event: AuditEvent::SignInRefused { reason: Refusal::Throttled },
        actor: Actor::Visitor,
        agency: Some(agency("SPI31")),
        identity: None,
        login: Some(login("Durand")),
    }
}

on_both! {
    the_trace_tells_who_did_what_newest_first,
    the_lines_of_the_trace_are_numbered_without_gaps,
    law_024_what_is_past_its_time_goes_and_nothing_else,
    law_024_each_agency_keeps_its_lines_of_the_trace_for_its_time,
    d08_the_chain_holds_when_lines_have_gone_in_their_time_and_people_are_erased,
    review_b19_nobody_waits_to_write_while_a_busy_month_is_thrown_away,
}

async fn the_trace_tells_who_did_what_newest_first(fresh: Fresh) {
    let anne = IdentityId::stored("anne");
    let signed_in = AuditEntry {
        event: AuditEvent::SignedIn,
        actor: Actor::Resident(anne.clone()),
        agency: None,
        identity: Some(anne),
        login: None,
    };
    let mut tx = fresh.write().await.expect("a turn");
    tx.append_audit(&refused(), "192.0.2.1", "r1", at(1)).await.expect("traced");
    tx.append_audit(&signed_in, "192.0.2.1", "r2", at(2)).await.expect("traced");
    let by_staff = AuditEntry::by(Actor::Staff(StaffId::stored("paul")), AuditEvent::PersonShown);
    tx.append_audit(&by_staff, "192.0.2.9", "r3", at(3)).await.expect("traced");
    let tail = tx.audit_tail(10).await.expect("asked");
    let line = |seq, when, entry, request_id: &str| AuditLine {
        seq,
        at: at(when),
        entry,
        client: "192.0.2.1".into(),
        request_id: request_id.into(),
    };
    let staffs = AuditLine { client: "192.0.2.9".into(), ..line(3, 3, by_staff, "r3") };
    assert_eq!(tail, [staffs, line(2, 2, signed_in, "r2"), line(1, 1, refused(), "r1")]);
    assert_eq!(tx.audit_tail(1).await.expect("asked").len(), 1);
}

async fn the_lines_of_the_trace_are_numbered_without_gaps(fresh: Fresh) {
    let mut dropped = fresh.write().await.expect("a turn");
    dropped.append_audit(&refused(), "", "dropped", at(0)).await.expect("traced");
    drop(dropped);
    fifty(&fresh, |tx| async move { tx.append_audit(&refused(), "", "", at(0)).await.expect("traced") }.boxed()).await;
    let mut tx = fresh.read().await.expect("a reader");
    let numbers: Vec<i64> = tx.audit_tail(100).await.expect("asked").iter().map(|line| line.seq).collect();
    assert_eq!(numbers, (1..=50).rev().collect::<Vec<_>>());
}

async fn law_024_what_is_past_its_time_goes_and_nothing_else(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    let anne = person(&mut tx, "anne").await;
    let link = attached(&mut tx, &anne, "SPI31", "durand").await;
    let session = signed_in(&mut tx, &anne, "s").await;
    let plan = MigrationPlan::from(&AgencyPolicy::default());
    let run = Flow::start(FlowId::stored("f"), account("SPI31", "martin"), None, plan, at(0));
    tx.insert_flow(&run, digest("b"), None, None).await.expect("kept");
    let home = ReturnPath::home();
    tx.insert_handover(digest("code"), &session.id, &link.id, digest("b"), &home, at(30)).await.expect("kept");
    tx.remember_device(&anne, digest("tablet"), Look::default(), at(0)).await.expect("kept");
    tx.insert_recovery("r", &anne, by_link(), None, at(0)).await.expect("kept");
    tx.count_letter("person:anne", at(0)).await.expect("counted");
    let guess = Attempts { streak: 1, today: 1, day_start: Some(at(0)), last: Some(at(0)) };
    assert!(tx.save_attempts("person:anne", &guess, 0).await.expect("asked"));

    tx.append_audit(&refused(), "", "", at(0)).await.expect("traced");
    tx.commit().await.expect("a commit");

    let purge = async |now| fresh.purge(now, &year()).await.expect("purged");
    assert_eq!(purge(at(29)).await, Purged::default());
    let hour = purge(later(session.ends_at(), SignedDuration::ZERO)).await;
    assert_eq!((hour.sessions, hour.handovers, hour.flows), (1, 1, 0));
    let days = purge(run.expires_at()).await;
    assert_eq!((days.flows, days.letter_counts, days.throttles, days.recoveries), (1, 1, 1, 0));
    let after = |days: i64| later(at(0), SignedDuration::from_hours(days * 24));
    assert_eq!(purge(after(30)).await, Purged { recoveries: 1, ..Purged::default() });
    assert_eq!(purge(after(180)).await, Purged { devices: 1, ..Purged::default() });
    assert_eq!(purge(after(359)).await, Purged::default());
    assert_eq!(purge(after(360)).await, Purged { audit: 1, ..Purged::default() });
    let mut tx = fresh.read().await.expect("a reader");
    assert!(tx.credential_of(&anne).await.expect("asked").is_some());
    assert_eq!(tx.links_of(&anne).await.expect("asked"), [link]);
}

async fn law_024_each_agency_keeps_its_lines_of_the_trace_for_its_time(fresh: Fresh) {
    let mut tx = fresh.write().await.expect("a turn");
    for agency in [Some(agency("LONG")), Some(agency("SHORT")), Some(agency("GONE")), None] {
        tx.append_audit(&AuditEntry { agency, ..refused() }, "", "", at(0)).await.expect("traced");
    }
    tx.commit().await.expect("a commit");
    let kept = AuditRetention::of([(agency("LONG"), 12), (agency("SHORT"), 6)], 12);
    for (days, removed, left) in [(179, 0, 4), (180, 2, 2), (359, 0, 2), (360, 2, 0)] {
        let now = later(at(0), SignedDuration::from_hours(days * 24));
        assert_eq!(fresh.purge(now, &kept).await.expect("purged").audit, removed, "after {days} days");
        let mut tx = fresh.read().await.expect("a reader");
        assert_eq!(tx.audit_tail(10).await.expect("asked").len(), left, "after {days} days");
    }
}

async fn d08_the_chain_holds_when_lines_have_gone_in_their_time_and_people_are_erased(fresh: Fresh) {
    let walk = async || {
        let mut tx = fresh.read().await.expect("a reader");
        let mut walk = Walk::default();
        for line in tx.chain_behind(0, 100).await.expect("asked") {
            walk.to(&line);
        }
        assert!(walk.holds(), "{walk:?}");
        assert_eq!(walk.head, tx.last_of_chain().await.expect("asked"));
        (walk.first, walk.lines, walk.without_names)
    };
    let anne = IdentityId::stored("anne");
    let mut tx = fresh.write().await.expect("a turn");
    for (agency, identity) in
        [("SHORT", Some(&anne)), ("LONG", Some(&anne)), ("SHORT", None), ("LONG", None), ("SHORT", None)]
    {
        let entry = AuditEntry { agency: Some(self::agency(agency)), identity: identity.cloned(), ..refused() };
        tx.append_audit(&entry, "192.0.2.1", "r", at(0)).await.expect("traced");
    }
    tx.commit().await.expect("a commit");
    assert_eq!(walk().await, (Some(1), 5, 0));
    let mut tx = fresh.write().await.expect("a turn");
    assert_eq!(tx.erase_in_trace(&anne, &IdentityId::stored("alias")).await.expect("erased"), 2);
    tx.commit().await.expect("a commit");
    assert_eq!(walk().await, (Some(1), 5, 2));
    let kept = AuditRetention::of([(agency("LONG"), 12), (agency("SHORT"), 6)], 12);
    let after = |days: i64| later(at(0), SignedDuration::from_hours(days * 24));
    assert_eq!(fresh.purge(after(180), &kept).await.expect("purged").audit, 3);
    // Of the first line nothing is needed but that the second is bound to it; the last ones stay until the fourth has gone.
    assert_eq!(walk().await, (Some(1), 5, 4));
    assert_eq!(fresh.purge(after(360), &kept).await.expect("purged").audit, 2);
    assert_eq!(walk().await, (Some(5), 1, 1), "the last line stays for the next to be bound to");
    let mut tx = fresh.write().await.expect("a turn");
    tx.append_audit(&refused(), "", "", after(360)).await.expect("traced");
    tx.commit().await.expect("a commit");
    assert_eq!(walk().await, (Some(5), 2, 1));
}

async fn review_b19_nobody_waits_to_write_while_a_busy_month_is_thrown_away(fresh: Fresh) {
    const ROWS: u32 = 20_500;
    let mut tx = fresh.write().await.expect("a turn");
    let (one, all) = (
        "INSERT INTO letter_counts (subject, counted_at) VALUES ('all', 0)",
        "INSERT INTO letter_counts (subject, counted_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         SELECT 'client:' || i, i FROM n",
    );
    sqlx::query(all).bind(i64::from(ROWS) - 500).execute(tx.unhurried()).await.expect("a busy month");
    for _ in 0..500 {
        sqlx::query(one).execute(tx.unhurried()).await.expect("many at one moment");
    }
    tx.commit().await.expect("a commit");
    let retention = year();
    let mut purge = std::pin::pin!(fresh.purge(at(0), &retention));
    let mut written = 0;
    // Whoever comes to write meanwhile has a turn between two steps.
    let purged = loop {
        tokio::select! {
            biased;
            purged = &mut purge => break purged.expect("purged"),
            () = async {
                let mut tx = fresh.write().await.expect("a turn, and soon");
                tx.count_letter("person:anne", at(0)).await.expect("counted");
                tx.commit().await.expect("a commit");
            } => written += 1,
        }
    };
    assert_eq!(purged, Purged { letter_counts: u64::from(ROWS), ..Purged::default() });
    assert!(written >= 10, "{written} others wrote meanwhile");
}
