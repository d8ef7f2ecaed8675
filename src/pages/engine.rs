//! Loads templates, sentences and assets, tries every page once, and renders.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use handlebars::Handlebars;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::assets::{Asset, Assets};
use super::files::{self, Files};
use super::portal::{Alert, Marked, Tone};
use super::translations::Translations;
use super::typography::{self, Whole};
use super::{Brand, Frame, Letter, Page, brand, helpers, letters, portal, sample};
use crate::domain::language::Language;

/// Everything that residents see, loaded and tried.
pub struct Pages {
    html: Templates,
    plain: Templates,
    assets: Assets,
}

/// A letter, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedLetter {
    /// One line.
    pub subject: String,
    /// The part for programs and people that read no HTML; it has the same link and code.
    pub text: String,
    /// The part with the brand.
    pub html: String,
}

/// Why the pages cannot be used: all problems at once, each with its file.
#[derive(Debug, thiserror::Error)]
#[error("the pages cannot be used:\n{}", problems.join("\n"))]
pub struct LoadError {
    /// One line each, beginning with the file below `pages/`.
    pub problems: Vec<String>,
}

/// A page or letter could not be made; [`Pages::fallback`] is shown instead.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct RenderError {
    /// The file below `pages/` and the line, as far as they are known.
    place: String,
    reason: String,
}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("assets", &self.assets).finish_non_exhaustive()
    }
}

impl Pages {
    /// Loads the built-in pages, with the files of `dir` over them, and renders every sample in every language, so
    /// that a mistake in a template is found now and not in front of a resident (REL-012).
    ///
    /// # Errors
    ///
    /// All problems of all files.
    pub fn load(dir: Option<&Path>) -> Result<Self, LoadError> {
        let files = files::read(dir)
            .map_err(|(path, error)| LoadError { problems: vec![format!("{}: {error}", path.display())] })?;
        let (pages, mut problems) = Self::from_files(&files);
        // Without its sentences every page would fail for the same reason.
        if problems.is_empty() {
            problems = pages.try_samples();
        }
        if problems.is_empty() { Ok(pages) } else { Err(LoadError { problems }) }
    }

    /// What a page's template is filled with.
    ///
    /// # Errors
    ///
    /// A context that is no JSON.
    pub fn context<P: Page>(page: &P) -> Result<Value, RenderError> {
        value(P::TEMPLATE, page)
    }

    /// The three parts of a letter. `portal` is the portal's origin, without a slash at the end.
    ///
    /// # Errors
    ///
    /// A template that asks for a field or sentence which does not exist.
    pub fn letter<L: Letter>(
        &self,
        language: Language,
        brand: &Brand,
        portal: &str,
        letter: &L,
    ) -> Result<RenderedLetter, RenderError> {
        self.parts(language, brand, portal, L::TEMPLATE, &value(L::TEMPLATE, letter)?)
    }

    /// The same, greeting whoever reads at its address by their names (b18); `help_url` is where who cannot go on is helped.
    ///
    /// # Errors
    ///
    /// A template that asks for a field or sentence which does not exist.
    pub fn letter_to<L: Letter>(
        &self,
        (language, names): (Language, Option<String>),
        help_url: String,
        brand: &Brand,
        portal: &str,
        letter: &L,
    ) -> Result<RenderedLetter, RenderError> {
        let mut letter = value(L::TEMPLATE, letter)?;
        if let Value::Object(fields) = &mut letter {
            fields.insert("names".to_owned(), names.into());
            fields.insert("help_url".to_owned(), help_url.into());
        }
        self.parts(language, brand, portal, L::TEMPLATE, &letter)
    }

    /// An asset by its path below `assets/`.
    #[must_use]
    pub fn asset(&self, path: &str) -> Option<Asset<'_>> {
        self.assets.get(path)
    }

    /// The picture behind `mark.svg?c=rrggbb&t=AB`.
    #[must_use]
    pub fn brand_mark(colour: &str, letters: &str) -> String {
        brand::mark(colour, letters)
    }

    /// The style sheet behind `brand.css?c=rrggbb`.
    #[must_use]
    pub fn brand_css(colour: &str) -> String {
        brand::css(colour)
    }

    /// The page for failures of this engine itself: no template, no style, no translation file.
    #[must_use]
    pub fn fallback(request_id: &str) -> String {
        format!(
            "<!doctype html>\n<html lang=\"fr\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n<title>Erreur\u{a0}: service indisponible</title>\n</head>\n\
             <body>\n<main>\n<h1>Service momentanément indisponible</h1>\n\
             <p>Une erreur s’est produite de notre côté. Réessayez dans quelques minutes.</p>\n\
             <p lang=\"en\">Something went wrong on our side. Please try again in a few minutes.</p>\n\
             <p>Référence\u{a0}: {}</p>\n</main>\n</body>\n</html>\n",
            helpers::escape_html(request_id)
        )
    }

    pub(super) fn from_files(files: &Files) -> (Self, Vec<String>) {
        let (translations, mut problems) = Translations::read(files);
        let (assets, unknown) = Assets::take(files);
        problems.extend(unknown);
        let translations = Arc::new(translations);
        let versions = Arc::new(assets.versions());
        let registry = || {
            let mut registry = Handlebars::new();
            registry.set_strict_mode(true);
            registry.set_prevent_indent(true);
            helpers::register(&mut registry, &translations, &versions);
            registry
        };
        let mut html = registry();
        html.register_escape_fn(helpers::escape_html);
        let mut plain = registry();
        plain.register_escape_fn(handlebars::no_escape);
        let mut html = Templates { registry: html, part: ".hbs" };
        let mut plain = Templates { registry: plain, part: ".txt.hbs" };

        for (path, content) in files {
            let Some(name) = path.strip_suffix(".hbs") else { continue };
            let Ok(text) = std::str::from_utf8(content) else {
                problems.push(format!("{path}: not UTF-8"));
                continue;
            };
            let is_plain = matches!(name.rsplit_once('.'), Some((_, "txt" | "subject")));
            let templates = if is_plain { &mut plain } else { &mut html };
            if let Err(error) = templates.registry.register_template_string(template_name(name), text) {
                let (line, _) = error.pos().unwrap_or_default();
                problems.push(format!("{path}:{line}: {}", error.reason()));
            }
        }
        (Self { html, plain, assets }, problems)
    }

    /// Every asset with its content.
    pub(super) fn assets(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.assets.all()
    }

    /// A template that is no resident's page.
    pub(super) fn filled(&self, template: &str, context: &Value) -> Result<String, RenderError> {
        self.html.fill(template, context)
    }

    /// Each sample once in each language, in turns with another brand and frame.
    fn try_samples(&self) -> Vec<String> {
        let brands = sample::brands();
        let mut problems = Vec::new();
        for language in Language::ALL {
            let frames: Vec<Frame<'_>> = brands.iter().flat_map(|brand| sample::frames(language, brand)).collect();
            for (sample, frame) in portal::samples().iter().zip(frames.iter().cycle()) {
                problems.extend(self.page(frame, sample.template, &sample.context).err());
            }
            for (sample, brand) in letters::samples().iter().zip(brands.iter().cycle()) {
                problems.extend(self.parts(language, brand, sample::PORTAL, sample.template, &sample.context).err());
            }
        }
        let mut problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        problems.sort();
        problems.dedup();
        problems
    }

    /// The page as HTML; `page` is its [context](Self::context).
    ///
    /// # Errors
    ///
    /// A template that asks for a field or sentence which does not exist.
    pub fn page(&self, frame: &Frame<'_>, template: &str, page: &Value) -> Result<String, RenderError> {
        let alert = page.get("alert").cloned().unwrap_or_default();
        let said = serde_json::from_value::<Option<Alert>>(alert.clone()).ok().flatten();
        let tone = said.as_ref().map(Alert::tone);
        let above = said.as_ref().is_some_and(Alert::stands_above);
        let marks = said.as_ref().map(Alert::marks).unwrap_or_default();
        let html = self.html.fill(
            template,
            &json!({
                "language": frame.language,
                "frame": frame,
                "page": page,
                // What the layout and the fields ask of every page, whether it has such a field or not.
                "progress": page.get("progress"),
                "numbered": page.pointer("/progress/numbered").is_some_and(|numbered| numbered == &Value::Bool(true)),
                "wide": false,
                "alert": alert,
                "alert_kind": alert.get("kind").and_then(Value::as_str).unwrap_or_default(),
                "alert_tone": tone,
                "above": above,
                "wrong": by_field(&marks),
                "alone": if above || marks.len() != 1 { "" } else { marks[0].field },
                "several": if above || marks.len() < 2 { &[][..] } else { &marks[..] },
                "erroneous": tone == Some(Tone::Error),
                "brand_colour": brand::parameter(&frame.brand.colour),
                // Forms go to the portal's own paths, and the policy allows them only from its own pages.
                "on_portal": frame.assets == "/assets",
            }),
        )?;
        Ok(typography::set(&html, Whole::ByClass))
    }

    pub(super) fn parts(
        &self,
        language: Language,
        brand: &Brand,
        portal: &str,
        template: &str,
        letter: &Value,
    ) -> Result<RenderedLetter, RenderError> {
        let names = letter.get("names").and_then(Value::as_str).unwrap_or_default();
        let help_url = letter.get("help_url").and_then(Value::as_str);
        let context = json!({
            "language": language,
            "help_url": help_url.map_or_else(|| format!("{portal}/trouble"), str::to_owned),
            "hello": if names.is_empty() { "letter-hello" } else { "letter-hello-names" },
            "names": names,
            "brand": brand,
            "brand_colour": brand::parameter(&brand.colour),
            "portal": portal,
            "letter": letter,
        });
        let subject = self.plain.fill(&format!("{template}.subject"), &context)?;
        Ok(RenderedLetter {
            subject: one_line(&subject),
            text: tidy(&self.plain.fill(&format!("{template}.txt"), &context)?),
            html: typography::set(&self.html.fill(&format!("{template}.html"), &context)?, Whole::ByStyle),
        })
    }
}

/// `parts/layout` and `parts/letter.txt` are included as `layout` and `letter`.
fn template_name(name: &str) -> &str {
    name.strip_prefix("parts/").map_or(name, |part| part.strip_suffix(".txt").unwrap_or(part))
}

/// The fields that can be marked.
const FIELDS: [&str; 16] = [
    "email",
    "login",
    "password",
    "current",
    "confirmation",
    "noted",
    "accept",
    "code",
    "client",
    "societe",
    "message",
    "given-login",
    "given-password",
    "agency-login",
    "agency-password",
    "others",
];

/// What is said beside each field, null where nothing is.
fn by_field(marks: &[Marked]) -> Value {
    let of = |field: &&str| marks.iter().find(|mark| mark.field == *field);
    FIELDS.iter().map(|field| ((*field).to_owned(), json!(of(field)))).collect::<Map<_, _>>().into()
}

fn value(template: &str, context: &impl Serialize) -> Result<Value, RenderError> {
    serde_json::to_value(context).map_err(|error| RenderError { place: template.to_owned(), reason: error.to_string() })
}

/// The templates of one kind.
struct Templates {
    registry: Handlebars<'static>,
    /// How the names of parts end in the folder.
    part: &'static str,
}

impl Templates {
    fn fill(&self, template: &str, context: &Value) -> Result<String, RenderError> {
        self.registry.render(template, context).map_err(|error| {
            let file = self.file(error.template_name.as_deref().unwrap_or(template));
            let place = error.line_no.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
            RenderError { place, reason: error.reason().to_string() }
        })
    }

    /// Where a template stands: the other way round of [`template_name`].
    fn file(&self, template: &str) -> String {
        if template.contains('/') { format!("{template}.hbs") } else { format!("parts/{template}{}", self.part) }
    }
}

/// One empty line at most between paragraphs, whatever parts a template left out.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && tidy.ends_with("\n\n")) {
            // The mark of a signature has its space (RFC 3676, 4.3).
            tidy.push_str(if line == "--" { "-- " } else { line });
            tidy.push('\n');
        }
    }
    tidy
}

/// A line break in a subject would begin another header (SEC-074).
fn one_line(text: &str) -> String {
    text.split(|character: char| character.is_control() || character == ' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
