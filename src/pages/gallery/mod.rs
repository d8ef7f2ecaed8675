//! Every page and letter as files that open from disk, with an index to look at (`vestibule pages`).

mod disk;
mod index;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::disk::Disk;
use self::index::{Drawn, Index};
use super::files;
use super::portal::{Codes, Criterion};
use super::scene::{Place, Scene, Setting};
use super::{
    Brand, Frame, LoadError, Pages, RenderError, Sample, letters, portal, sample, translations, written, written_day,
};
use crate::domain::language::Language;

/// [`sample::WRITTEN`] and [`sample::DAY`] as times.
const SAMPLE_TIME: Timestamp = Timestamp::constant(1_795_336_200, 0);
const SAMPLE_DAY: Timestamp = Timestamp::constant(1_784_109_600, 0);

/// For whom pages and letters are drawn.
#[derive(Debug, Clone)]
pub struct DrawnFor {
    /// The agency's brand.
    pub agency: Brand,
    /// The portal's own.
    pub portal: Brand,
    /// The portal's origin, without a slash at the end.
    pub origin: String,
    /// What is known of the agency, unless it is the sample.
    pub known: Option<Known>,
}

/// What an agency has set.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its codes.
    pub code: String,
    /// Keys of its file with what they are.
    pub settings: Vec<(&'static str, String)>,
    /// Fields of pages and letters that hold its own values instead of the samples'.
    pub values: Map<String, Value>,
}

/// What was drawn: files by their path, with `/`.
#[derive(Debug, Default)]
pub struct Gallery {
    /// Every file.
    pub files: BTreeMap<String, Vec<u8>>,
    /// How many states of pages, in one language.
    pub pages: usize,
    /// How many states of letters, in one language.
    pub letters: usize,
}

/// Why nothing was drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The pages cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// One of them cannot be made.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// One of them is no HTML.
    #[error("{0}: what the template gives cannot be read as HTML: {1}")]
    Html(String, String),
}

impl Default for DrawnFor {
    /// The agency of the samples.
    fn default() -> Self {
        let [agency, portal, _] = sample::brands();
        Self { agency, portal, origin: sample::PORTAL.to_owned(), known: None }
    }
}

/// The index in this language.
#[must_use]
pub fn index_file(language: Language) -> &'static str {
    match language {
        Language::Fr => "index.html",
        Language::En => "index.en.html",
    }
}

/// Draws every state of every page and letter in every language, with the files of `folder` over the built-in ones.
///
/// `progress` hears how many are drawn, of how many.
///
/// # Errors
/// The pages cannot be used, or one of them cannot be made of this agency's values.
pub fn draw(
    folder: Option<&Path>,
    whose: &DrawnFor,
    mut progress: impl FnMut(usize, usize),
) -> Result<Gallery, DrawError> {
    let pages = Pages::load(folder)?;
    let files = files::read(folder).unwrap_or_default();
    // The same pages with the name of each sentence in its place: which of them stand on a page.
    let (named, _) = Pages::from_files(&translations::named(&files));
    let homes = translations::homes(&files);
    let (portal, letters) = (portal::samples(), letters::samples());
    let all = (portal.len() + letters.len()) * Language::ALL.len();
    let mut gallery = Gallery { pages: portal.len(), letters: letters.len(), ..Gallery::default() };
    let mut disk = Disk::new(&pages, &whose.origin);
    let mut done = 0;
    for language in Language::ALL {
        let mut index = Index::new(language, whose, &homes);
        for sample in portal.iter().map(|sample| whose.own(sample, language)) {
            let html = whose.page(&pages, language, &sample)?;
            let told = whose.page(&named, language, &sample)?;
            let name = file_of(&sample);
            let (html, words) = disk.page(&html).map_err(|error| DrawError::Html(name.clone(), error))?;
            gallery.files.insert(format!("{}/{name}.html", language.code()), html.into_bytes());
            index.page(&sample, Drawn { words, sentences: sentences(&told) });
            done += 1;
            progress(done, all);
        }
        for sample in letters.iter().map(|sample| whose.own(sample, language)) {
            let letter = whose.letter(&pages, language, &sample)?;
            let told = whose.letter(&named, language, &sample)?;
            let name = file_of(&sample);
            let (html, _) = disk.page(&letter.html).map_err(|error| DrawError::Html(name.clone(), error))?;
            gallery.files.insert(format!("{}/{name}.html", language.code()), html.into_bytes());
            gallery.files.insert(format!("{}/{name}.txt", language.code()), letter.text.clone().into_bytes());
            let drawn = Drawn {
                words: format!("{} {}", letter.subject, letter.text),
                sentences: sentences(&format!("{}{}{}", told.subject, told.text, told.html)),
            };
            index.letter(&sample, drawn, &letter);
            done += 1;
            progress(done, all);
        }
        let html = pages.filled("gallery/index", &index.into_context())?;
        gallery.files.insert(index_file(language).to_owned(), html.into_bytes());
    }
    gallery.files.extend(disk.into_files());
    Ok(gallery)
}

impl DrawnFor {
    /// The sample with this agency's values; what stands for harm is left as it is.
    fn own(&self, sample: &Sample, language: Language) -> Sample {
        let mut own = sample.clone();
        dated(&mut own.context, language);
        moved(&mut own.context, &self.origin);
        let Value::Object(fields) = &mut own.context else { return own };
        for (name, value) in fields.iter_mut().filter(|_| !sample.is_awkward()) {
            // A state that is about another list of rules, a wait that is over or codes that are wrong keeps them.
            let is_told = match name.as_str() {
                "criteria" => *value == json!(Criterion::samples()),
                "codes" => *value == json!(Codes::sample()),
                "seconds" => sample.template == "portal/notice" && *value != json!(0),
                _ => true,
            };
            let told_as = if name == "seconds" { "notice_seconds" } else { name };
            let values = self.known.as_ref().map(|known| &known.values);
            if let Some(own) = values.and_then(|values| values.get(told_as)).filter(|_| is_told) {
                *value = own.clone();
            } else if name == "agency" && value.is_string() {
                *value = self.brand(&sample.scene).name.clone().into();
            }
        }
        own
    }

    const fn brand(&self, scene: &Scene) -> &Brand {
        match scene.place {
            Place::Portal => &self.portal,
            Place::Agency | Place::Host | Place::Frame => &self.agency,
        }
    }

    fn page(&self, pages: &Pages, language: Language, sample: &Sample) -> Result<String, RenderError> {
        let scene = &sample.scene;
        let frame = Frame {
            language,
            brand: self.brand(scene),
            csrf: "c2FtcGxl",
            assets: match scene.place {
                Place::Agency | Place::Portal => "/assets",
                Place::Host | Place::Frame => "/.vestibule/assets",
            },
            portal: &self.origin,
            whose: if scene.place == Place::Portal { "" } else { "?client=SPI31&societe=01" },
            here: "/login",
            in_a_frame: scene.place == Place::Frame,
            signed_in: scene.is_signed_in,
            reference: scene.has_reference.then_some("7f3a9c0e5b124d68"),
        };
        pages.page(&frame, sample.template, &sample.context)
    }

    fn letter(&self, pages: &Pages, language: Language, sample: &Sample) -> Result<super::RenderedLetter, RenderError> {
        pages.parts(language, &self.agency, &self.origin, sample.template, &sample.context)
    }

    /// What the agency has set, where it is known.
    fn set(&self, key: &str) -> Option<&str> {
        let settings = &self.known.as_ref()?.settings;
        settings.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// Whether a state can be seen at this agency, as far as is known.
    fn sees(&self, setting: &Setting) -> bool {
        self.set(setting.key).is_none_or(|own| setting.values.contains(&own))
    }
}

/// The samples' times as this language writes them.
fn dated(context: &mut Value, language: Language) {
    match context {
        Value::String(text) if text == sample::WRITTEN => *text = written(SAMPLE_TIME, language),
        Value::String(text) if text == sample::DAY => *text = written_day(SAMPLE_DAY, language),
        Value::Array(values) => values.iter_mut().for_each(|value| dated(value, language)),
        Value::Object(fields) => fields.values_mut().for_each(|value| dated(value, language)),
        _ => {}
    }
}

/// The portal of the samples where this one is.
fn moved(context: &mut Value, origin: &str) {
    fn host(origin: &str) -> &str {
        origin.split_once("://").map_or(origin, |(_, host)| host)
    }
    match context {
        Value::String(text) => *text = text.replace(sample::PORTAL, origin).replace(host(sample::PORTAL), host(origin)),
        Value::Array(values) => values.iter_mut().for_each(|value| moved(value, origin)),
        Value::Object(fields) => fields.values_mut().for_each(|value| moved(value, origin)),
        _ => {}
    }
}

/// What its files are called, without the ending.
fn file_of(sample: &Sample) -> String {
    let (kind, name) = sample.template.split_once('/').unwrap_or(("", sample.template));
    let letter = if kind == "mail" { "letter-" } else { "" };
    format!("{letter}{name}-{}", sample.state)
}

/// The names of the sentences in a page that was made of them.
fn sentences(page: &str) -> BTreeSet<String> {
    let names = page.split(translations::NAMED.0).skip(1).filter_map(|rest| rest.split_once(translations::NAMED.1));
    names.map(|(name, _)| name.to_owned()).collect()
}
