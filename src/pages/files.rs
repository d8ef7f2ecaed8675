//! The files below `pages/`: those built into the program, with an operator's own copies over them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/pages");

/// Path below `pages/`, with `/` -> content.
pub(super) type Files = BTreeMap<String, Cow<'static, [u8]>>;

/// The built-in files; each file that `folder` has too is taken from there, and so is what only it has.
pub(super) fn read(folder: Option<&Path>) -> Result<Files, (PathBuf, io::Error)> {
    let mut files = Files::new();
    embedded(&EMBEDDED, &mut files);
    if let Some(folder) = folder {
        overlay(folder, folder, &mut files)?;
    }
    Ok(files)
}

fn embedded(dir: &Dir<'static>, files: &mut Files) {
    for file in dir.files() {
        if let Some(name) = name(file.path()) {
            files.insert(name, Cow::Borrowed(file.contents()));
        }
    }
    for dir in dir.dirs() {
        embedded(dir, files);
    }
}

fn overlay(root: &Path, dir: &Path, files: &mut Files) -> Result<(), (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    for entry in std::fs::read_dir(dir).map_err(at(dir))? {
        let path = entry.map_err(at(dir))?.path();
        let Some(name) = path.strip_prefix(root).ok().and_then(name) else { continue };
        if path.is_dir() {
            overlay(root, &path, files)?;
        } else {
            files.insert(name, Cow::Owned(std::fs::read(&path).map_err(at(&path))?));
        }
    }
    Ok(())
}

/// The name of a file that counts: editors' backups and hidden files do not.
fn name(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    let parts = parts?;
    let last = parts.last()?;
    if last.ends_with('~') || parts.iter().any(|part| part.starts_with('.')) {
        return None;
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operators_file_stands_over_the_built_in_one_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("assets")).unwrap();
        std::fs::write(folder.path().join("assets/vestibule.css"), "body{}").unwrap();
        std::fs::write(folder.path().join("assets/.hidden"), "x").unwrap();
        let files = read(Some(folder.path())).unwrap();
        assert_eq!(files["assets/vestibule.css"].as_ref(), b"body{}");
        assert!(files.contains_key("assets/vestibule.js"));
        assert!(!files.contains_key("assets/.hidden"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        assert!(read(Some(Path::new("/no/such/folder"))).is_err());
    }
}
