//! `vestibule vault`: a new key, and everything sealed anew under it (f14).

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use data_encoding::BASE64;
use indicatif::{ProgressBar, ProgressStyle};
use zeroize::Zeroizing;

use super::assemble::{self, Absent};
use super::configured::to_type;
use super::readable::{Account, UNITS_USER, group_named};
use super::terminal::say;
use super::{Ended, runtime};
use crate::app::Fault;
use crate::app::rotate_vault::{self, Rotated};
use crate::config::{Settings, VaultKeys, vault_key_id};
use crate::domain::secret::Dice;
use crate::store::SealedKind;

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
pub(super) fn rotate(settings: &Settings) -> Ended {
    let Some(keys) = &settings.vault else {
        return Ended::Failed("there is no [vault] in the configuration: nothing is sealed".into());
    };
    let runtime = match runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => return Ended::Failed(format!("the runtime: {error}")),
    };
    let rotated = runtime.block_on(assemble::with_app(settings, Absent::Told, async |app| {
        let again = |fault: Fault| format!("{fault}; what was sealed anew before is kept, run this again");
        let bar = progress_bar(rotate_vault::stale(app).await.map_err(again)?);
        let rotated = rotate_vault::rotate(app, |done| bar.set_position(done)).await;
        bar.finish_and_clear();
        rotated.map_err(again)
    }));
    match rotated {
        Ok(rotated) => report(keys, &rotated),
        Err(reason) => Ended::Failed(reason),
    }
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

fn progress_bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} secrets, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
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
