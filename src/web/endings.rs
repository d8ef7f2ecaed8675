//! An extranet's cookies in a browser, ended by name: nobody told us their paths, and `Clear-Site-Data` would reach over
//! the whole registrable domain (SEC-250, SEC-251).

use super::cookies::is_ours;
use crate::domain::origin::Scheme;

/// Names that are looked at: more than browsers keep for a site.
const MOST_NAMES: usize = 60;
/// Lines that an answer may grow by.
const MOST_LINES: usize = 120;

/// `Set-Cookie` values that take away what a browser sent with a request for `path`, except for ours. A cookie came because
/// its path begins this one: that of the site first, then each that is deeper.
#[must_use]
pub fn endings<'a>(sent: impl Iterator<Item = &'a [u8]>, path: &str, scheme: Scheme) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for pair in sent.flat_map(|line| line.split(|byte| *byte == b';')) {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let can_be_named = !name.is_empty() && !name.chars().any(|c| c.is_control() || c == ' ');
        if can_be_named && !is_ours(name) && !names.contains(&name) && names.len() < MOST_NAMES {
            names.push(name);
        }
    }
    // A cookie that promises to be secure is only taken away by one that promises the same.
    let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
    let paths = paths_to(path);
    let all = paths.iter().flat_map(|path| names.iter().map(move |name| (name, path)));
    all.take(MOST_LINES).map(|(name, path)| format!("{name}=; Path={path}; Max-Age=0{secure}")).collect()
}

/// Each path whose cookies come with this one (RFC 6265, 5.1.4).
fn paths_to(path: &str) -> Vec<&str> {
    let path = path.split('?').next().unwrap_or_default();
    let mut paths = vec!["/"];
    for (at, _) in path.match_indices('/').skip(1) {
        paths.extend([&path[..at], &path[..=at]]);
    }
    paths.push(path);
    let can_be_named =
        |path: &&str| path.starts_with('/') && !path.contains(|c: char| c == ';' || !c.is_ascii_graphic());
    paths.retain(can_be_named);
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_251_cookies_end_by_name_at_every_path_that_they_can_have() {
        let sent: [&[u8]; 2] = [b"sid=1; vestibule=x; __Host-vestibule-device=y", b"theme=a=b;sid=2; ;=z"];
        let ended = |path, scheme| endings(sent.into_iter(), path, scheme);
        assert_eq!(ended("/", Scheme::Http), ["sid=; Path=/; Max-Age=0", "theme=; Path=/; Max-Age=0"]);
        let deep = ended("/app/x/page?a=/b/", Scheme::Https);
        for path in ["/", "/app", "/app/", "/app/x", "/app/x/", "/app/x/page"] {
            assert!(deep.contains(&format!("sid=; Path={path}; Max-Age=0; Secure")), "{path}: {deep:?}");
        }
        assert_eq!(deep.len(), 12, "{deep:?}");
        let many = format!("{}x=1", "a=1; ".repeat(3));
        assert_eq!(endings([many.as_bytes()].into_iter(), "/", Scheme::Http).len(), 2);
        let crowd = (0..500).map(|number| format!("c{number}=1")).collect::<Vec<_>>().join("; ");
        assert!(endings([crowd.as_bytes()].into_iter(), "/a/b/c/d", Scheme::Http).len() <= MOST_LINES);
    }
}
