//! Sealing everything anew under the vault's current key (f14), beside a gateway that goes on.

use std::collections::BTreeMap;

use super::acting::Acting;
use super::{App, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::secret::Secret;
use crate::store::{Sealed, SealedCount, SealedKind, SealedPlace};

/// Secrets that are sealed anew in one transaction.
const BATCH: u32 = 100;

/// What a rotation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Secrets that were sealed anew.
    pub resealed: u64,
    /// Secrets that were replaced or dropped by others meanwhile.
    pub overtaken: u64,
    /// Secrets that no configured key opens; they were left alone.
    pub unreadable: u64,
    /// What each key has sealed now.
    pub counts: Vec<SealedCount>,
    /// Codes on their way or in a mailbox that can still be answered with, by the key of their digests.
    pub codes: BTreeMap<String, u64>,
}

/// Secrets that an old key has sealed.
///
/// # Errors
/// The store fails, or there is no vault.
pub async fn stale(app: &App) -> Result<u64, Fault> {
    let vault = app.vault()?;
    let mut counts = app.store.read().await?.sealed_counts().await?;
    counts.extend(counts_elsewhere(app).await?);
    Ok(counts.iter().filter(|count| count.key_id != vault.current_id()).map(|count| count.count).sum())
}

/// Seals everything anew that the current key has not sealed. Interrupted, it keeps what it has, and can be run again.
/// `progress` is told how many secrets it has dealt with.
///
/// # Errors
/// The store fails, or there is no vault.
pub async fn rotate(app: &App, mut progress: impl FnMut(u64)) -> Result<Rotated, Fault> {
    let vault = app.vault()?;
    let mut done = Rotated::default();
    for kind in SealedKind::ALL {
        let mut after = None;
        loop {
            let mut tx = app.store.read().await?;
            let stale = tx.sealed_otherwise(kind, vault.current_id(), after.as_ref(), BATCH).await?;
            drop(tx);
            let Some((last, _)) = stale.last() else { break };
            after = Some(last.clone());
            // Opened before the transaction begins: others want to write, too.
            let anew: Vec<_> = stale.iter().map(|(place, sealed)| (place, sealed, anew(app, place, sealed))).collect();
            let mut tx = app.store.write().await?;
            for (place, sealed, anew) in &anew {
                match anew {
                    Ok(anew) if tx.reseal(place, sealed, anew).await? => done.resealed += 1,
                    Ok(_) => done.overtaken += 1,
                    Err(_) => done.unreadable += 1,
                }
            }
            tx.commit().await?;
            progress(done.resealed + done.overtaken + done.unreadable);
        }
    }
    let mut after = None;
    while let Some(portion) = app.sessions.jars_elsewhere(after.as_ref(), BATCH).await? {
        for (place, sealed) in portion.jars.iter().filter(|(_, sealed)| vault.is_stale(sealed)) {
            match anew(app, place, sealed) {
                Ok(anew) if app.sessions.reseal_elsewhere(place, sealed, &anew).await? => done.resealed += 1,
                Ok(_) => done.overtaken += 1,
                Err(_) => done.unreadable += 1,
            }
        }
        after = Some(portion.last);
        progress(done.resealed + done.overtaken + done.unreadable);
    }
    let elsewhere = counts_elsewhere(app).await?;
    let mut tx = app.store.write().await?;
    let by = Acting::operator("vault-rotate");
    let event = AuditEvent::VaultRotated { resealed: done.resealed, unreadable: done.unreadable };
    done.counts = tx.sealed_counts().await?;
    done.counts.extend(elsewhere);
    done.codes = tx.living_codes(app.now()).await?;
    by.audit(&mut tx, &by.entry(event), app.now()).await?;
    tx.commit().await?;
    Ok(done)
}

/// What each key has sealed, as it is.
///
/// # Errors
/// The store fails, Redis does not answer, or there is no vault.
pub async fn sealed(app: &App) -> Result<Rotated, Fault> {
    app.vault()?;
    let elsewhere = counts_elsewhere(app).await?;
    let mut tx = app.store.read().await?;
    let mut counts = tx.sealed_counts().await?;
    counts.extend(elsewhere);
    Ok(Rotated { counts, codes: tx.living_codes(app.now()).await?, ..Rotated::default() })
}

/// How many cookies each key has sealed that live elsewhere than in SQL.
async fn counts_elsewhere(app: &App) -> Result<Vec<SealedCount>, Fault> {
    let (mut counts, mut after) = (BTreeMap::<String, u64>::new(), None);
    while let Some(portion) = app.sessions.jars_elsewhere(after.as_ref(), BATCH).await? {
        for (_, sealed) in &portion.jars {
            *counts.entry(sealed.key_id().to_owned()).or_default() += 1;
        }
        after = Some(portion.last);
    }
    Ok(counts.into_iter().map(|(key_id, count)| SealedCount { kind: SealedKind::Cookies, key_id, count }).collect())
}

/// Seals a secret anew that was just used, if an old key had sealed it. That it could not is no reason to fail.
pub(super) async fn freshen(app: &App, place: &SealedPlace, sealed: &Sealed, secret: &Secret) {
    let Ok(vault) = app.vault() else { return };
    if !vault.is_stale(sealed) {
        return;
    }
    let anew = vault.seal(&*app.dice, &place.context(), secret);
    let written = async {
        let mut tx = app.store.write().await?;
        tx.reseal(place, sealed, &anew).await?;
        tx.commit().await
    };
    if let Err(error) = written.await {
        tracing::warn!(%error, "a secret under an old key could not be sealed anew");
    }
}

fn anew(app: &App, place: &SealedPlace, sealed: &Sealed) -> Result<Sealed, Fault> {
    let vault = app.vault()?;
    let secret = vault.open(&place.context(), sealed)?;
    Ok(vault.seal(&*app.dice, &place.context(), &secret))
}
