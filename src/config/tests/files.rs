//! Every file that a key names is one that the configuration depends on, however its path is spelt (decision 89).

use std::collections::BTreeSet;
use std::path::Path;

use super::{AGENCY, GATEWAY, TRUSTING};
use crate::config::attempt;

/// A key that names a file or a folder: in which file, and what is written there; `@` is the path.
const NAMED: &[(&str, bool, &str)] = &[
    ("agencies", true, "agencies = '@'"),
    ("folder", true, "[tls]\nlisten = ['127.0.0.1:8443']\nfolder = '@'"),
    ("cert", true, "[[tls.certificates]]\ncert = '@'\nkey = 'x'"),
    ("key", true, "[[tls.certificates]]\ncert = 'x'\nkey = '@'"),
    ("url_file", true, "[database]\nurl_file = '@'"),
    ("password_file", true, "[redis]\nurls = ['redis://127.0.0.1']\npassword_file = '@'"),
    (
        "sentinel_password_file",
        true,
        "[redis]\nmode = 'sentinel'\nmaster = 'm'\nurls = ['redis://127.0.0.1']\nsentinel_password_file = '@'",
    ),
    ("ca_file", true, "[redis]\nurls = ['rediss://127.0.0.1']\nca_file = '@'"),
    ("key_file", true, "[vault]\nkey_file = '@'"),
    ("old_key_files", true, "[vault]\nkey_env = 'KEY'\nold_key_files = ['@']"),
    ("key_file", true, "[mail.dkim]\ndomain = 'moncompte.example'\nselector = 's'\nkey_file = '@'"),
    ("password_file", true, "[mail.smtp]\nhost = 'mx.example'\nusername = 'x'\npassword_file = '@'"),
    ("ca_file", true, "[mail.smtp]\nhost = 'mx.example'\nca_file = '@'"),
    ("folder", true, "[pages]\nfolder = '@'"),
    ("ca_file", false, "[upstream.tls]\nca_file = '@'"),
    ("pinned_file", false, "[upstream.tls]\npinned_file = '@'"),
    ("client_cert_file", false, "[upstream.tls]\nclient_cert_file = '@'\nclient_key_file = 'x'"),
    ("client_key_file", false, "[upstream.tls]\nclient_cert_file = 'x'\nclient_key_file = '@'"),
    ("value_file", false, "[upstream.secret_header]\nname = 'X-Gate'\nvalue_file = '@'"),
    ("file", false, "[terms]\nversion = '1'\nfile = '@'"),
];

/// Ways to write the path of a file `named` in the folder of the main file, from there and from the agencies' folder.
const SPELT: &[(&str, &str)] = &[
    ("named", "../named"),
    ("./named", ".././named"),
    ("agencies/../named", "../agencies/../named"),
    ("/abs/named", "/abs/named"),
    ("/abs/agencies/../named", "/abs/agencies/../named"),
    ("agencies/sub/named", "sub/named"),
];

#[test]
fn walk_3_every_file_that_a_key_names_is_watched_and_looked_at_however_its_path_is_spelt() {
    for (key, is_main, text) in NAMED {
        for (from_main, from_agency) in SPELT {
            let folder = tempfile::tempdir().expect("a folder");
            let at = |name: &str| folder.path().join(name);
            std::fs::create_dir_all(at("agencies/sub")).expect("a folder");
            // What stands there already goes, so that nothing is written twice.
            let table = text.lines().next().expect("a line").trim_matches(['[', ']']);
            let (main, agency) = if *is_main {
                (without(GATEWAY, table), AGENCY.to_owned())
            } else {
                (GATEWAY.to_owned(), TRUSTING.replace("http://127", "https://127"))
            };
            let spelt = |spelt: &str| spelt.replace("/abs", &folder.path().display().to_string());
            let path = spelt(if *is_main { from_main } else { from_agency });
            let more = text.replace('@', &path);
            let (main, agency) = match is_main {
                true if text.starts_with('[') => (format!("{main}\n{more}\n"), agency),
                true => (format!("{more}\n{main}"), agency),
                false => (main, format!("{agency}\n{more}\n")),
            };
            std::fs::write(at("vestibule.toml"), main).expect("a file");
            std::fs::write(at("agencies/a.toml"), agency).expect("a file");
            for name in ["named", "agencies/sub/named", "x", "agencies/x"] {
                std::fs::write(at(name), "0123456789abcdef0123456789").expect("a file");
            }
            let wanted = if from_main.contains("sub") { at("agencies/sub/named") } else { at("named") };
            let files = attempt(&at("vestibule.toml")).files;
            let is_it = |file: &Path| file.canonicalize().ok() == wanted.canonicalize().ok();
            assert!(files.iter().any(|file| is_it(file)), "{key}, {path}: {files:?}\n{more}");
        }
    }
}

/// A text without one of its tables.
fn without(text: &str, table: &str) -> String {
    let mut is_in = false;
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| {
            if line.starts_with('[') {
                is_in = line.trim_matches(['[', ']']) == table;
            }
            !is_in
        })
        .collect();
    kept.join("\n") + "\n"
}

#[test]
fn walk_3_no_key_that_names_a_file_is_missing_from_the_table() {
    let known: BTreeSet<&str> = NAMED.iter().map(|(key, ..)| *key).collect();
    let keys = [include_str!("../keys.rs"), include_str!("../keys/agency.rs")].concat();
    let named = keys.lines().filter_map(|line| line.trim().split_once(": Text")).map(|(key, _)| key);
    let files = named.filter(|key| ["file", "files", "folder", "cert"].iter().any(|end| key.ends_with(end)));
    for key in files {
        assert!(known.contains(key), "{key} names a file");
    }
}
