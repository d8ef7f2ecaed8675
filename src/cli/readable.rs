//! Whether the user as whom the gateway runs can use its files: root, who sets them up, can read everything.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::fingerprint::MOST_DEPTH;

/// The user of the unit, looked at where nobody names another.
pub(super) const UNITS_USER: &str = "vestibule";

/// The unit's folder (`StateDirectory=`).
const UNITS_FOLDER: &str = "/var/lib/vestibule";

/// Somebody who is not root.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gids: Vec<u32>,
}

impl Account {
    /// Reads it from the system's lists; None where there is none of this name.
    pub(super) fn find(name: &str) -> Option<Self> {
        let list = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        Self::of(name, &list("/etc/passwd"), &list("/etc/group"))
    }

    fn of(name: &str, passwd: &str, group: &str) -> Option<Self> {
        let fields = |line: &'_ str| line.split(':').map(str::to_owned).collect::<Vec<String>>();
        let own = passwd.lines().map(fields).find(|fields| fields[0] == name)?;
        let mut gids = vec![own.get(3)?.parse().ok()?];
        for fields in group.lines().map(fields) {
            let is_member = fields.get(3).is_some_and(|members| members.split(',').any(|member| member == name));
            gids.extend(fields.get(2).filter(|_| is_member).and_then(|gid| gid.parse::<u32>().ok()));
        }
        Some(Self { name: name.to_owned(), uid: own.get(2)?.parse().ok()?, gids })
    }

    /// Whether these bits of a file or folder are this account's.
    fn has(&self, path: &Path, bit: u32) -> bool {
        let Ok(metadata) = std::fs::metadata(path) else { return true };
        let shift = if metadata.uid() == self.uid {
            6
        } else if self.gids.contains(&metadata.gid()) {
            3
        } else {
            0
        };
        self.uid == 0 || metadata.mode() >> shift & bit == bit
    }

    /// What keeps this account from reading a file, or what is in a folder; and what root types so that it can.
    pub(super) fn keeps_from(&self, path: &Path) -> Option<String> {
        let path = std::fs::canonicalize(path).ok()?;
        let closed = path.ancestors().skip(1).find(|folder| !self.has(folder, 0o1));
        let wanted = if path.is_dir() { 0o5 } else { 0o4 };
        let at = closed.or_else(|| (!self.has(&path, wanted)).then_some(path.as_path()))?;
        let mode = if at.is_dir() { "0750" } else { "0640" };
        let Self { name, gids, .. } = self;
        // Its primary group: no group need bear the user's name.
        let group = gids.first().map(|gid| group_named(*gid).unwrap_or_else(|| gid.to_string()));
        let (group, at) = (group.unwrap_or_else(|| name.clone()), at.display());
        Some(format!(
            "{}: the user {name} cannot read it (hint: chgrp {group} {at} && chmod {mode} {at})",
            path.display()
        ))
    }

    /// The same of all these, and of what is in those that are folders.
    pub(super) fn cannot_read(&self, files: &[PathBuf]) -> Vec<String> {
        let mut all = files.to_vec();
        for file in files {
            inside(file, MOST_DEPTH, &mut all);
        }
        let mut told: Vec<String> = all.iter().filter_map(|file| self.keeps_from(file)).collect();
        told.sort();
        told.dedup();
        told
    }

    /// What keeps this account from serving from a database of `SQLite`, whose files these are, itself first; and what root
    /// types so that it can.
    pub(super) fn keeps_from_serving(&self, files: &[PathBuf]) -> Option<String> {
        let whole = std::path::absolute(files.first()?).ok()?;
        let folder = whole.parent()?;
        // A unit's folder is made, and given to its user, at each start.
        if !folder.exists() && folder == Path::new(UNITS_FOLDER) {
            return None;
        }
        let there = folder.ancestors().find(|folder| folder.exists())?;
        let closed = there.ancestors().skip(1).find(|folder| !self.has(folder, 0o1));
        let folder = (!self.has(there, 0o3)).then_some(there);
        let file = || files.iter().map(PathBuf::as_path).find(|file| !self.has(file, 0o6));
        let Self { name, .. } = self;
        let (at, mend) = match closed {
            Some(at) => (at, format!("chmod o+x {}", at.display())),
            None => folder.or_else(file).map(|at| (at, format!("chown {name}: {}", at.display())))?,
        };
        Some(format!(
            "{}: the user {name} cannot serve from it, as {} is closed to that user (hint: {mend})",
            whole.display(),
            at.display()
        ))
    }

    /// Whether a file can be made in this folder.
    pub(super) fn may_write_in(&self, folder: &Path) -> bool {
        folder.is_dir() && self.has(folder, 0o3)
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Everything in a folder.
fn inside(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path());
        inside(&entry.path(), depth, found);
    }
}

/// The name of a group, in the system's list.
pub(super) fn group_named(gid: u32) -> Option<String> {
    let list = std::fs::read_to_string("/etc/group").ok()?;
    let line = list.lines().find(|line| line.split(':').nth(2) == Some(&gid.to_string()))?;
    line.split(':').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn review_a14_an_account_is_read_with_its_groups() {
        let passwd = "root:x:0:0::/root:/bin/sh\nvestibule:x:990:991:Vestibule:/var/lib/vestibule:/usr/sbin/nologin\n";
        let group = "root:x:0:\nvestibule:x:991:\nssl-cert:x:101:other,vestibule\nadm:x:4:vestibules\n";
        let account = Account::of("vestibule", passwd, group).expect("an account");
        assert_eq!((account.uid, account.gids.as_slice()), (990, &[991, 101][..]));
        assert_eq!(Account::of("nobody", passwd, group), None);
    }

    #[test]
    fn review_a14_a_file_is_told_that_its_owner_or_group_or_folder_keeps_from_the_service() {
        let folder = tempfile::tempdir().expect("a folder");
        let open =
            |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
        open(folder.path(), 0o755);
        let file = folder.path().join("vault.key");
        std::fs::write(&file, "key").expect("a file");
        let owner = std::fs::metadata(&file).expect("a file");
        let stranger = Account { name: "vestibule".to_owned(), uid: owner.uid() + 1, gids: vec![owner.gid() + 1] };
        let colleague = Account { name: "vestibule".to_owned(), uid: owner.uid() + 1, gids: vec![owner.gid()] };
        for (mode, stranger_reads, colleague_reads) in
            [(0o600, false, false), (0o640, false, true), (0o604, true, false), (0o644, true, true)]
        {
            open(&file, mode);
            assert_eq!(stranger.keeps_from(&file).is_none(), stranger_reads, "{mode:o}");
            assert_eq!(colleague.keeps_from(&file).is_none(), colleague_reads, "{mode:o}");
        }
        open(folder.path(), 0o700);
        let told = colleague.keeps_from(&file).expect("the folder is closed");
        let at = std::fs::canonicalize(folder.path()).expect("a folder");
        let group = group_named(owner.gid()).unwrap_or_else(|| owner.gid().to_string());
        assert!(told.contains(&format!("chgrp {group} {0} && chmod 0750 {0}", at.display())), "{told}");
        assert!(!colleague.may_write_in(folder.path()));
    }
}
