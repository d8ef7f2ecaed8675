//! Which URLs are the extranet's own, under whichever name it writes them.

use std::borrow::Cow;

use encoding_rs::Encoding;
use url::Url;

use crate::domain::origin::Origin;
use crate::domain::upstream::Upstream;

/// An extranet's URLs. Inside a conversation every URL is written with the extranet's *face*: the scheme that is
/// dialled and the host that it believes to be, which is what it compares `Origin` and `Referer` with.
#[derive(Debug, Clone)]
pub(super) struct Site {
    face: Url,
    origins: Vec<Origin>,
    dialled: Origin,
    host_header: String,
}

impl Site {
    /// The URLs of an upstream that browsers reach at `public`; none if its host header is not a host.
    pub(super) fn of(upstream: &Upstream, public: &Origin) -> Option<Self> {
        let face = Url::parse(&format!("{}://{}/", upstream.origin.scheme().as_str(), upstream.host_header)).ok()?;
        let mut origins = upstream.origins();
        origins.extend(std::iter::once(public.clone()).chain(public.plain()));
        Some(Self { face, origins, dialled: upstream.origin.clone(), host_header: upstream.host_header.clone() })
    }

    /// The URL with the extranet's face, if it is one of its own; never another server's.
    pub(super) fn own(&self, url: &Url) -> Option<Url> {
        let origin = Origin::of(url)?;
        self.origins.contains(&origin).then(|| {
            let mut own = self.face.clone();
            own.set_path(url.path());
            own.set_query(url.query());
            own
        })
    }

    /// A declared path as a URL.
    pub(super) fn page(&self, path: &str) -> Option<Url> {
        self.resolve(&self.face, path)
    }

    /// What a reference on a page (link, action, `Location`) means, if it stays on the extranet.
    pub(super) fn resolve(&self, base: &Url, reference: &str) -> Option<Url> {
        self.own(&base.join(reference.trim()).ok()?)
    }

    /// The same, where the reference stands in a page: its query is written in the page's alphabet.
    pub(super) fn resolve_in(&self, base: &Url, reference: &str, encoding: &'static Encoding) -> Option<Url> {
        let encoding = encoding.output_encoding();
        let written: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| Cow::Owned(in_query(query, encoding));
        let reading = Url::options().base_url(Some(base)).encoding_override(Some(written)).parse(reference.trim());
        self.own(&reading.ok()?)
    }

    /// `scheme://host[:port]`, as an `Origin` header has it.
    pub(super) fn origin_header(&self) -> String {
        self.face.origin().ascii_serialization()
    }

    /// What the `Host` header says.
    pub(super) fn host_header(&self) -> &str {
        &self.host_header
    }

    /// The URL that is dialled for one of the extranet's own.
    pub(super) fn dialled(&self, url: &Url) -> String {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{}{query}", self.dialled, url.path())
    }
}

/// A query's bytes; a sign that the alphabet lacks is `%26%23…%3B` (URL standard, "percent-encode after encoding").
fn in_query(query: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, lacks) = encoding.encode(query);
    if !lacks {
        return bytes.into_owned();
    }
    let mut sign_in_utf8 = [0; 4];
    let write = |sign: char| match encoding.encode(sign.encode_utf8(&mut sign_in_utf8)) {
        (_, _, true) => format!("%26%23{}%3B", u32::from(sign)).into_bytes(),
        (bytes, _, false) => bytes.into_owned(),
    };
    query.chars().flat_map(write).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Dialled at a private address, known to itself and to its old links by names.
    pub(in super::super) fn site() -> Site {
        let upstream = Upstream {
            origin: Origin::parse("http://10.0.0.5:8080").unwrap(),
            host_header: "extranet.example".into(),
            aliases: vec![Origin::parse("https://www.extranet.example").unwrap()],
            connect_timeout_ms: 1000,
            read_timeout_ms: 1000,
            trust: crate::domain::trust::Trust::default(),
            forwarded: crate::domain::upstream::Forwarded::default(),
        };
        Site::of(&upstream, &Origin::parse("https://agence.example").unwrap()).unwrap()
    }

    #[test]
    fn every_name_of_the_extranet_leads_to_it_and_no_other() {
        let site = site();
        let base = site.page("/a/b.php?c").unwrap();
        let there = |reference: &str| site.resolve(&base, reference).map(|url| url.to_string());
        assert_eq!(there("d.php").as_deref(), Some("http://extranet.example/a/d.php"));
        assert_eq!(there("?x=1#y").as_deref(), Some("http://extranet.example/a/b.php?x=1"));
        assert_eq!(there("http://10.0.0.5:8080/e").as_deref(), Some("http://extranet.example/e"));
        assert_eq!(there("https://WWW.extranet.example/f").as_deref(), Some("http://extranet.example/f"));
        // The name that it was asked by, before the port that it listens on.
        assert_eq!(there("http://extranet.example:8080/g").as_deref(), Some("http://extranet.example/g"));
        assert_eq!(there("https://extranet.example:8080/h").as_deref(), Some("http://extranet.example/h"));
        for foreign in [
            "http://extranet.example:8081/",
            "//evil.example/",
            "https://extranet.example.evil/",
            "http://10.0.0.5/",
            "javascript:x()",
        ] {
            assert_eq!(there(foreign), None, "{foreign}");
        }
        assert_eq!(site.dialled(&base), "http://10.0.0.5:8080/a/b.php?c");
        assert_eq!(site.origin_header(), "http://extranet.example");
    }
}
