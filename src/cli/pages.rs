//! `vestibule pages`: every page and letter as files to look at (h02).

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use super::configured::ConfigFile;
use super::outcome::names;
use super::parts;
use super::terminal::{self, say, tell};
use super::{Ended, reading};
use crate::config::Settings;
use crate::domain::adapter::Adapter;
use crate::domain::agency::Agency;
use crate::domain::agency_code::AgencyCode;
use crate::domain::language::Language;
use crate::pages::gallery::{self, DrawError, DrawnFor, Gallery, Known};
use crate::pages::scene::Setting;
use crate::pages::{Brand, terms_html};
use crate::portal;

/// Names what an earlier run has written, and with that what the next one may take away.
const LIST: &str = "vestibule-pages.txt";
const LIST_HEAD: &str = "# Written by `vestibule pages`. The next run takes these files away, and no others.";

/// What pages are drawn of: tables of the main file.
const NEEDED: &[&str] = &["portal", "pages", "agencies"];

/// Draws them into this folder: of the sample, or of what a configuration says.
pub(super) fn run(folder: &Path, config: ConfigFile, agency: Option<&str>) -> Ended {
    // Before anything is read or drawn: whoever named the wrong folder hears it at once.
    let before = match Before::look(folder) {
        Ok(before) => before,
        Err(reason) => return Ended::Failed(reason),
    };
    if !config.is_named() && agency.is_none() {
        return draw(folder, &before, None, &DrawnFor::default());
    }
    let path = match config.find() {
        Ok(path) => path,
        Err(ended) => return ended,
    };
    parts::with_files(&path, NEEDED, |settings| match whose(&settings, agency) {
        Ok(whose) => draw(folder, &before, settings.pages.as_deref(), &whose),
        Err(reason) => {
            tell!("vestibule: {reason}");
            Ended::Misconfigured
        }
    })
}

fn draw(folder: &Path, before: &Before, own: Option<&Path>, whose: &DrawnFor) -> Ended {
    let bar = terminal::progress(0, "drawn");
    let drawn = gallery::draw(own, whose, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let drawn = match drawn {
        Ok(drawn) => drawn,
        Err(error) => {
            match (own, &error) {
                (Some(own), DrawError::Load(_)) => tell!("{}: {error}", own.display()),
                _ => tell!("{error}"),
            }
            tell!("vestibule: nothing was drawn");
            return Ended::Misconfigured;
        }
    };
    if let Err(reason) = before.replace(folder, &drawn) {
        return Ended::Failed(reason);
    }
    let Gallery { pages, letters, .. } = drawn;
    let (languages, index) = (Language::ALL.len(), folder.join(gallery::index_file(Language::Fr)));
    say!(
        "{pages} states of pages and {letters} of letters, each in {languages} languages; open {} in a browser",
        fs::canonicalize(&index).unwrap_or(index).display()
    );
    Ended::Done
}

/// What an agency's residents see, or those of an installation where no agency is named.
fn whose(settings: &Settings, agency: Option<&str>) -> Result<DrawnFor, String> {
    let portal = reading::brand(&settings.portal);
    let origin = settings.portal.origin.to_string();
    let Some(code) = agency else {
        return Ok(DrawnFor { portal, origin, ..DrawnFor::default() });
    };
    let wanted = AgencyCode::stored(code).ok_or_else(|| format!("\"{code}\" is not CLIENT/SOCIETE"))?;
    let agency = settings.agencies.iter().find(|agency| agency.code == wanted).ok_or_else(|| {
        let known: Vec<&AgencyCode> = settings.agencies.iter().map(|agency| &agency.code).collect();
        if known.is_empty() {
            format!("no agency {code}: there is none whose file is in order")
        } else {
            format!("no agency {code} (hint: there are {})", names(&known))
        }
    })?;
    Ok(DrawnFor { agency: Brand::of(Some(&agency.brand), &portal), portal, origin, known: Some(known(agency)) })
}

/// What of an agency's file is seen on pages and in letters.
fn known(agency: &Agency) -> Known {
    let policy = &agency.policy;
    let adapter = match agency.adapter {
        Adapter::FormReplay(_) => "form-replay",
        Adapter::HttpBasic(_) => "http-basic",
        Adapter::TrustedHeaders => "trusted-headers",
    };
    let settings = vec![
        (Setting::ADAPTER, adapter.to_owned()),
        (Setting::VERIFIER, word(&agency.verifier)),
        (Setting::ORDER, word(&policy.order)),
        (Setting::IDENTIFIER, word(&policy.identifier)),
        (Setting::CONFIRMATION, word(&policy.confirmation)),
        (Setting::CONFIRM_NOTED, policy.confirm_noted.to_string()),
        (Setting::EMAIL_CHANGE, word(&policy.email_change)),
        (Setting::PASSWORD_SCOPE, word(&policy.password_scope)),
        (Setting::ACCOUNTS, word(&agency.accounts)),
    ];
    let mut values = serde_json::Map::new();
    values.insert("codes".to_owned(), json!({ "client": agency.code.client(), "societe": agency.code.societe() }));
    values.insert("criteria".to_owned(), json!(portal::criteria(&policy.password)));
    for (name, number) in [
        ("code_minutes", policy.code_minutes),
        ("reset_code_minutes", policy.reset_code_minutes),
        ("link_minutes", policy.link_minutes),
        ("notice_seconds", policy.notice_seconds),
        ("audit_months", policy.audit_months),
    ] {
        values.insert(name.to_owned(), number.into());
    }
    if let Some(terms) = &agency.terms {
        values.insert("text".to_owned(), terms_html(&terms.text).into());
        values.insert("version".to_owned(), terms.version.clone().into());
    }
    Known { code: agency.code.to_string(), settings, values }
}

/// A choice as it stands in the file.
fn word(choice: &impl Serialize) -> String {
    json!(choice).as_str().unwrap_or_default().to_owned()
}

/// What was in a folder before: nothing, or what an earlier run has left.
struct Before(BTreeSet<String>);

impl Before {
    /// Looks into the folder; one that holds something else is refused.
    fn look(folder: &Path) -> Result<Self, String> {
        let shown = folder.display();
        let list = match fs::read_to_string(folder.join(LIST)) {
            Ok(list) => list,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
                    Ok(true) => Ok(Self(BTreeSet::new())),
                    Ok(false) => Err(format!(
                        "{shown} holds something else than pages that were drawn; nothing was changed (hint: name a folder \
                         that is empty or not there yet)"
                    )),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self(BTreeSet::new())),
                    Err(error) => Err(format!("{shown}: {error}; nothing was changed")),
                };
            }
            Err(error) => return Err(format!("{shown}: {error}; nothing was changed")),
        };
        let mut lines = list.lines();
        if lines.next() != Some(LIST_HEAD) {
            return Err(format!(
                "{shown}/{LIST} is not by this program; nothing was changed (hint: name another folder)"
            ));
        }
        // A line that leads out of the folder is nobody's of ours.
        Ok(Self(lines.filter(|line| is_inside(line)).map(str::to_owned).collect()))
    }

    /// Puts what was drawn in the place of what was there.
    fn replace(&self, folder: &Path, drawn: &Gallery) -> Result<(), String> {
        let told = |path: &Path| {
            let path = path.display().to_string();
            move |error: std::io::Error| format!("{path}: {error}")
        };
        for name in drawn.files.keys().filter(|name| !self.0.contains(*name)) {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok() {
                return Err(format!(
                    "{} is there, and no earlier run has written it; nothing was changed (hint: name another folder)",
                    path.display()
                ));
            }
        }
        for below in folders(drawn.files.keys().chain(&self.0)) {
            let path = folder.join(below);
            if path.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                return Err(format!("{} is no folder; nothing was changed", path.display()));
            }
        }
        fs::create_dir_all(folder).map_err(told(folder))?;
        let list = |names: &BTreeSet<&String>| {
            let mut lines = format!("{LIST_HEAD}\n");
            lines.extend(names.iter().flat_map(|name| [name.as_str(), "\n"]));
            let path = folder.join(LIST);
            fs::write(&path, lines).map_err(told(&path))
        };
        let new: BTreeSet<&String> = drawn.files.keys().collect();
        // First the list: the next run knows all that there may be, wherever this one ends.
        list(&new.iter().copied().chain(&self.0).collect())?;
        for name in &self.0 {
            let path = folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(told(&path)(error)),
                _ => {}
            }
        }
        for (name, body) in &drawn.files {
            let path = folder.join(name);
            let above = path.parent().unwrap_or(folder);
            fs::create_dir_all(above).map_err(told(above))?;
            let made = fs::OpenOptions::new().write(true).create_new(true).open(&path);
            made.and_then(|mut file| file.write_all(body)).map_err(told(&path))?;
        }
        list(&new)
    }
}

/// Whether a path that was read leads to somewhere below.
fn is_inside(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// The folders of these files.
fn folders<'n>(names: impl Iterator<Item = &'n String>) -> BTreeSet<PathBuf> {
    let above = names.flat_map(|name| Path::new(name).ancestors().skip(1));
    above.filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned).collect()
}
