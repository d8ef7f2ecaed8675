//! A page as somebody without JavaScript meets it: words, links and forms.

use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

/// A form, filled in as the page had it.
#[derive(Debug, Clone)]
pub struct Form {
    pub method: String,
    pub action: Url,
    /// Names and values in order: hidden fields, texts, boxes that are ticked.
    pub fields: Vec<(String, String)>,
    /// Names of all fields, boxes that are not ticked included.
    names: Vec<(String, Option<String>)>,
    /// Label and name of each field.
    labels: Vec<(String, String)>,
}

/// The words of a page, with single ordinary spaces and straight apostrophes.
pub fn words(html: &str) -> String {
    let document = Html::parse_document(html);
    let mut text = String::new();
    collect(document.root_element(), &mut text);
    plain(&text)
}

/// The text with single ordinary spaces and straight apostrophes.
pub fn plain(text: &str) -> String {
    let text = text.replace(['\u{2019}', '\u{02bc}'], "'");
    text.split(|c: char| c.is_whitespace() || c == '\u{202f}' || c == '\u{a0}')
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The form whose button says this, with the button's own field.
pub fn form_with_button(html: &str, base: &Url, button: &str) -> Option<Form> {
    let document = Html::parse_document(html);
    let (forms, buttons) = (select("form"), select("button, input[type=submit]"));
    for form in document.select(&forms) {
        let found = form.select(&buttons).find(|found| {
            let label = found.value().attr("value").filter(|_| found.value().name() == "input").map(str::to_owned);
            plain(&label.unwrap_or_else(|| found.text().collect())) == plain(button)
        });
        if let Some(found) = found {
            let mut read = read_form(&document, form, base);
            if let Some(action) = found.value().attr("formaction") {
                read.action = base.join(action).expect("the button leads to an address");
            }
            if let Some(name) = found.value().attr("name") {
                read.fields.push((name.to_owned(), found.value().attr("value").unwrap_or_default().to_owned()));
            }
            return Some(read);
        }
    }
    None
}

/// The form that is sent to this path.
pub fn form_to(html: &str, base: &Url, path: &str) -> Option<Form> {
    let document = Html::parse_document(html);
    let forms = select("form");
    document.select(&forms).map(|form| read_form(&document, form, base)).find(|form| form.action.path() == path)
}

/// Where the link with these words leads.
pub fn link(html: &str, base: &Url, label: &str) -> Option<Url> {
    let document = Html::parse_document(html);
    let links = select("a[href]");
    let found =
        document.select(&links).find(|link| plain(&link.text().collect::<String>()).starts_with(&plain(label)))?;
    base.join(found.value().attr("href")?).ok()
}

/// Every address that the page links to.
pub fn links(html: &str, base: &Url) -> Vec<Url> {
    let document = Html::parse_document(html);
    let links = select("a[href]");
    document.select(&links).filter_map(|link| base.join(link.value().attr("href")?).ok()).collect()
}

/// The value of the first element's attribute.
pub fn attribute(html: &str, selector: &str, name: &str) -> Option<String> {
    let document = Html::parse_document(html);
    document.select(&select(selector)).next()?.value().attr(name).map(str::to_owned)
}

/// The words of the first element.
pub fn text(html: &str, selector: &str) -> String {
    let document = Html::parse_document(html);
    let found = document.select(&select(selector)).next();
    plain(&found.map(|found| found.text().collect::<String>()).unwrap_or_default())
}

/// How many elements there are.
pub fn count(html: &str, selector: &str) -> usize {
    Html::parse_document(html).select(&select(selector)).count()
}

impl Form {
    /// Sets a field by its name or label.
    pub fn set(&mut self, field: &str, value: &str) {
        let name = self.name(field);
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, value.to_owned()));
    }

    /// Ticks a box by its name or label.
    pub fn tick(&mut self, field: &str) {
        let name = self.name(field);
        let value = self.names.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.clone());
        self.set(&name, &value.unwrap_or_else(|| "on".to_owned()));
    }

    /// Takes a field away.
    pub fn remove(&mut self, field: &str) {
        self.fields.retain(|(known, _)| known != field);
    }

    /// The value of a field.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    fn name(&self, field: &str) -> String {
        if self.names.iter().any(|(name, _)| name == field) {
            return field.to_owned();
        }
        let labelled = self.labels.iter().find(|(label, _)| *label == plain(field)).map(|(_, name)| name.clone());
        labelled
            .unwrap_or_else(|| panic!("the form has no field \"{field}\", only {:?} ({:?})", self.names, self.labels))
    }
}

fn read_form(document: &Html, form: ElementRef<'_>, base: &Url) -> Form {
    let element = form.value();
    let action = base.join(element.attr("action").unwrap_or("")).expect("the form leads to an address");
    let method = element.attr("method").unwrap_or("get").to_ascii_uppercase();
    let (mut fields, mut names, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let inputs = select("input[name], textarea[name], select[name]");
    for input in form.select(&inputs) {
        let value = input.value();
        let name = value.attr("name").unwrap_or_default().to_owned();
        let kind = value.attr("type").unwrap_or("text");
        if matches!(kind, "submit" | "button" | "image" | "file") {
            continue;
        }
        ids.push((value.attr("id").unwrap_or_default().to_owned(), name.clone()));
        names.push((name.clone(), value.attr("value").map(str::to_owned)));
        let shown = match value.name() {
            "textarea" => Some(input.text().collect()),
            "select" => {
                let chosen = input.select(&select("option[selected]")).next();
                let one = value.attr("multiple").is_none();
                chosen
                    .or_else(|| input.select(&select("option")).next().filter(|_| one))
                    .map(|option| option.value().attr("value").map_or_else(|| option.text().collect(), str::to_owned))
            }
            _ if matches!(kind, "checkbox" | "radio") => {
                value.attr("checked").map(|_| value.attr("value").unwrap_or("on").to_owned())
            }
            _ => Some(value.attr("value").unwrap_or_default().to_owned()),
        };
        fields.extend(shown.map(|shown| (name, shown)));
    }
    let labels = document
        .select(&select("label[for]"))
        .filter_map(|label| {
            let (_, name) = ids.iter().find(|(id, _)| Some(id.as_str()) == label.value().attr("for"))?;
            Some((plain(&label.text().collect::<String>()), name.clone()))
        })
        .collect();
    Form { method, action, fields, names, labels }
}

fn collect(element: ElementRef<'_>, text: &mut String) {
    if matches!(element.value().name(), "script" | "style" | "template" | "head") {
        return;
    }
    for child in element.children() {
        match child.value() {
            Node::Text(words) => text.push_str(words),
            Node::Element(_) => {
                let child = ElementRef::wrap(child).expect("an element");
                if !matches!(child.value().name(), "a" | "b" | "strong" | "em" | "span" | "code" | "i" | "font" | "wbr")
                {
                    text.push(' ');
                }
                collect(child, text);
            }
            _ => {}
        }
    }
    text.push_str(
        if matches!(element.value().name(), "a" | "b" | "strong" | "em" | "span" | "code" | "i" | "font" | "wbr") {
            ""
        } else {
            " "
        },
    );
}

fn select(selector: &str) -> Selector {
    Selector::parse(selector).expect("a CSS selector")
}
