//! `vestibule vault`: a new key, and everything sealed anew under it (f14).

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::assemble::{self, Absent};
use super::configured::to_type;
use super::readable::{Account, UNITS_USER, group_named};
use super::served::{KeysThere, keys_there};
use super::terminal::{self, say};
use super::{Ended, runtime};
use crate::app::Fault;
use crate::app::rotate_vault::{self, Rotated};
use crate::config::{Settings, VaultKeys, vault_key_id};
use crate::domain::secret::Dice;
use crate::store::SealedKind;

/// How long a server may take to notice that a process has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Writes a new key into a file that is not there yet.
pub(super) fn new_key(file: &Path, dice: &dyn Dice) -> Ended {
    let mut key = Zeroizing::new([0; 32]);
    dice.fill(&mut *key);
    let text = Zeroizing::new(format!("{}\n", BASE64.encode(&*key)));
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let written = made.and_then(|mut made| {
        made.write_all(text.as_bytes())?;
        made.sync_all()
    });
    match written {
        Ok(()) => {
            say!("{}: a new key, {}", file.display(), vault_key_id(&key));
            tell_readers(file);
            Ended::Done
        }
        Err(error) => Ended::Failed(format!("{}: {error}", file.display())),
    }
}

/// Lets the group of the folder read a key that root has made, and says who can read it and what to type for others.
fn tell_readers(file: &Path) {
    let (user, shown) = (UNITS_USER, file.display());
    if !rustix::process::geteuid().is_root() {
        say!(
            "only you can read it; if the gateway runs as {user}: sudo chown root:{user} {shown} && sudo chmod 0640 {shown}"
        );
        return;
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let group = std::fs::metadata(folder).map_or(0, |metadata| metadata.gid());
    let is_given = group != 0
        && std::os::unix::fs::chown(file, None, Some(group)).is_ok()
        && std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o640)).is_ok();
    if is_given {
        let name = group_named(group).unwrap_or_else(|| group.to_string());
        say!("root and the group {name}, which is that of {}, can read it (mode 0640)", folder.display());
    }
    match Account::find(user).map(|account| account.keeps_from(file)) {
        Some(Some(keeps)) => say!("{keeps}"),
        Some(None) => {}
        None if is_given => {}
        None => say!("only root can read it; if the gateway runs as USER: chgrp USER {shown} && chmod 0640 {shown}"),
    }
}

/// Seals everything anew, and tells which keys are still needed.
///
/// Who serves meanwhile has to have the current key, and to seal with it: what it cannot open, it answers with 503.
pub(super) fn rotate(settings: &Settings, yes: bool) -> Ended {
    let Some(keys) = &settings.vault else {
        return Ended::Failed("there is no [vault] in the configuration: nothing is sealed".into());
    };
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let rotated = runtime.block_on(assemble::with_app(settings, Absent::Told, async |app| {
        let there = keys_there(settings).await;
        let mut others = are_ready(keys, &there, app.store.who_serve().await)?;
        if others > 0 {
            // One that has just ended may be counted still.
            tokio::time::sleep(LAST_WORDS).await;
            others = are_ready(keys, &there, app.store.who_serve().await)?;
        }
        if others > 0 {
            terminal::confirm(&unasked(&keys.current.id, others), yes)?;
        }
        let again = |fault: Fault| format!("{fault}; what was sealed anew before is kept, run this again");
        let bar = terminal::progress(rotate_vault::stale(app).await.map_err(again)?, "secrets");
        let rotated = rotate_vault::rotate(app, |done| bar.set_position(done)).await;
        bar.finish_and_clear();
        rotated.map_err(again)
    }));
    match rotated {
        Ok(rotated) => report(keys, &rotated),
        Err(reason) => Ended::Failed(reason),
    }
}

/// Fails where the gateway that runs here does not seal with the current key yet. How many others serve from the database,
/// whose keys nobody knows here.
fn are_ready(keys: &VaultKeys, there: &KeysThere, serving: u64) -> Result<u64, String> {
    let current = &keys.current.id;
    let upgrade = to_type("upgrade");
    let refused = |what: &str| {
        Err(format!(
            "{what}; nothing was changed (hint: {upgrade}, on every node, then this again: operations.md, The vault key)"
        ))
    };
    match there {
        KeysThere::NoGateway => Ok(serving),
        KeysThere::Untold => {
            refused("the gateway that runs is of an older version, and does not say which keys it has")
        }
        KeysThere::Told(ids) if ids.first() == Some(current) => Ok(serving.saturating_sub(1)),
        KeysThere::Told(ids) if ids.contains(current) => refused(&format!(
            "the gateway that runs can open what {current} has sealed, and seals with another key still, under which new \
             secrets would be found again"
        )),
        KeysThere::Told(_) => refused(&format!(
            "the gateway that runs does not have the key {current} yet: whose old password is sealed under it would get 503"
        )),
    }
}

/// What is asked where others serve, too.
fn unasked(current: &str, others: u64) -> String {
    format!(
        "{others} gateways serve from this database that do not say here which keys they have (on other nodes; one that was \
         replaced, and ends with its last download; or of another user). Residents of one that does not have the key {current} would \
         get 503. Was the new key put in force on every node (operations.md, The vault key, steps 2 and 3)?"
    )
}

/// Tells what each key has sealed.
pub(super) fn keys(settings: &Settings) -> Ended {
    let Some(keys) = &settings.vault else {
        return Ended::Failed("there is no [vault] in the configuration: nothing is sealed".into());
    };
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let sealed = runtime.block_on(assemble::with_app(settings, Absent::Told, async |app| {
        rotate_vault::sealed(app).await.map_err(|fault| super::ours(&fault))
    }));
    match sealed {
        Ok(sealed) => {
            table(keys, &sealed);
            Ended::Done
        }
        Err(reason) => Ended::Failed(reason),
    }
}

fn report(keys: &VaultKeys, rotated: &Rotated) -> Ended {
    let Rotated { resealed, overtaken, unreadable, .. } = rotated;
    say!("{resealed} secrets sealed anew, {overtaken} replaced by others meanwhile, {unreadable} left alone");
    let (left, answerable) = table(keys, rotated);
    match (left, answerable) {
        (0, 0) => Ended::Done,
        (0, codes) => Ended::Failed(format!("{codes} codes were sent under another key and can still be typed: wait")),
        (left, _) => Ended::Failed(format!("{left} secrets are not sealed under the current key {}", keys.current.id)),
    }
}

/// What each key has sealed; how many secrets, and codes that can still be typed, other keys than the current one have.
fn table(keys: &VaultKeys, sealed: &Rotated) -> (u64, u64) {
    let Rotated { counts, codes, .. } = sealed;
    let held = |id: &str, kind: Option<SealedKind>| -> u64 {
        let of_key = counts.iter().filter(|count| count.key_id == id && kind.is_none_or(|kind| count.kind == kind));
        of_key.map(|count| count.count).sum()
    };
    let mut ids: Vec<&str> = std::iter::once(&keys.current).chain(&keys.old).map(|key| key.id.as_str()).collect();
    ids.extend(counts.iter().map(|count| count.key_id.as_str()).chain(codes.keys().map(String::as_str)));
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    say!("{:<10}  {:>13}  {:>11}  {:>7}  {:>5}", "key", "old passwords", "in progress", "cookies", "codes");
    for id in &ids {
        let [links, flows, imports, cookies] = SealedKind::ALL.map(|kind| held(id, Some(kind)));
        // An account that an import took, and may give back, has its old password as one that is attached.
        let links = links + imports;
        let codes = codes.get(*id).copied().unwrap_or_default();
        say!(
            "{id:<10}  {links:>13}  {flows:>11}  {cookies:>7}  {codes:>5}  {}",
            verdict(keys, id, held(id, None), codes)
        );
    }
    let left: u64 = ids.iter().filter(|id| **id != keys.current.id).map(|id| held(id, None)).sum();
    let answerable: u64 = codes.iter().filter(|(id, _)| **id != keys.current.id).map(|(_, codes)| codes).sum();
    (left, answerable)
}

fn verdict(keys: &VaultKeys, id: &str, held: u64, codes: u64) -> String {
    let is_old = keys.old.iter().any(|key| key.id == id);
    let words = match held {
        _ if id == keys.current.id => "the current key",
        0 if codes > 0 && is_old => {
            "an old key, needed as long as its codes live, an hour at most: then run this again"
        }
        0 if codes > 0 => "a key that is not configured: these codes are refused",
        0 => "an old key, not needed any more: it can be taken out of the configuration",
        _ if is_old => return format!("an old key, still needed: {}", to_type("vault rotate")),
        _ => "a key that is not configured: nothing opens these",
    };
    words.to_owned()
}
