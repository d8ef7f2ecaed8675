//! What a browser sends of a form: its “entry list” (HTML standard, form submission).

use std::collections::HashMap;

use encoding_rs::Encoding;
use scraper::ElementRef;
use zeroize::Zeroizing;

use super::controls::{Control, Kind};
use super::owners::NodeId;

/// One name and its value.
pub(super) struct Entry {
    pub name: String,
    pub value: Zeroizing<String>,
    /// Whether it stands for a file, of which there is none.
    pub is_file: bool,
}

/// A value that somebody gives to a field.
pub(super) struct Given<'a> {
    pub field: NodeId,
    pub value: &'a str,
}

/// What is sent of these controls, in their order, with one button pressed or none.
pub(super) fn entries(
    controls: &[Control<'_>],
    given: &[Given<'_>],
    pressed: Option<ElementRef<'_>>,
    encoding: &'static Encoding,
) -> Vec<Entry> {
    let mut list = List(Vec::new());
    let radios = chosen_radios(controls);
    for (at, control) in controls.iter().enumerate() {
        let is_pressed = pressed.is_some_and(|button| button.id() == control.element.id());
        let typed = given.iter().find(|given| given.field == control.element.id()).map(|given| given.value);
        let Some(kind) = control.kind else { continue };
        // What is filled in or pressed was woken by a script.
        if typed.is_none() && !is_pressed && !control.is_sent() {
            continue;
        }
        if kind == Kind::Image {
            if is_pressed {
                list.push_click(control.name());
            }
            continue;
        }
        let Some(name) = control.name() else { continue };
        let value = control.element.attr("value");
        match (typed, kind) {
            (Some(typed), _) => list.push(name, typed),
            (None, Kind::Submit) if is_pressed => list.push(name, value.unwrap_or_default()),
            (None, Kind::Select) => chosen(control.element).iter().for_each(|value| list.push(name, value)),
            (None, Kind::Checkbox) if control.element.attr("checked").is_some() => {
                list.push(name, value.unwrap_or("on"));
            }
            (None, Kind::Radio) if radios.get(name) == Some(&at) => list.push(name, value.unwrap_or("on")),
            (None, Kind::Submit | Kind::Image | Kind::Idle | Kind::Checkbox | Kind::Radio) => continue,
            (None, Kind::File) => list.push_file(name),
            (None, Kind::Hidden) if name.eq_ignore_ascii_case("_charset_") => {
                list.push(name, encoding.output_encoding().name());
            }
            (None, Kind::Textarea) => list.push(name, &control.element.text().collect::<String>()),
            (None, kind) => list.push(name, &untouched(control.element, kind, value.unwrap_or_default())),
        }
        list.push_direction(control, kind, typed);
    }
    list.0
}

/// Puts a value in place of the first of that name, or adds it.
pub(super) fn set(entries: &mut Vec<Entry>, name: &str, value: &str) {
    let value = Zeroizing::new(value.to_owned());
    match entries.iter_mut().find(|entry| entry.name == name) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry { name: name.to_owned(), value, is_file: false }),
    }
}

struct List(Vec<Entry>);

impl List {
    fn push(&mut self, name: &str, value: &str) {
        self.0.push(Entry { name: lines(name).to_string(), value: lines(value), is_file: false });
    }

    fn push_file(&mut self, name: &str) {
        self.0.push(Entry { name: lines(name).to_string(), value: Zeroizing::default(), is_file: true });
    }

    /// Where an image button was hit.
    fn push_click(&mut self, name: Option<&str>) {
        for axis in ["x", "y"] {
            let name = name.map_or_else(|| axis.to_owned(), |name| format!("{name}.{axis}"));
            self.push(&name, "1");
        }
    }

    /// In which direction a text is written, where the page wants to know.
    fn push_direction(&mut self, control: &Control<'_>, kind: Kind, typed: Option<&str>) {
        let has_one =
            matches!(kind, Kind::Line | Kind::Password | Kind::Address | Kind::Hidden | Kind::Textarea | Kind::Submit);
        let Some(name) = control.element.attr("dirname").filter(|name| has_one && !name.is_empty()) else { return };
        let text = typed.or(control.element.attr("value")).unwrap_or_default();
        self.push(name, direction(control.element, text));
    }
}

/// Line ends as they travel.
fn lines(text: &str) -> Zeroizing<String> {
    if !text.contains(['\r', '\n']) {
        return Zeroizing::new(text.to_owned());
    }
    Zeroizing::new(text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
}

/// What a field holds that nobody touched: what it could not hold is not what is written.
fn untouched(element: ElementRef<'_>, kind: Kind, value: &str) -> String {
    let line: String = value.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let number = |name: &str, absent: f64| element.attr(name).and_then(number).unwrap_or(absent);
    match kind {
        Kind::Hidden => value.to_owned(),
        Kind::Address => line.trim_matches(|c: char| c.is_ascii_whitespace()).to_owned(),
        Kind::Number => self::number(value).map(|_| value.to_owned()).unwrap_or_default(),
        Kind::Range => {
            let (least, most) = (number("min", 0.0), number("max", 100.0));
            let most = most.max(least);
            match self::number(value) {
                Some(set) if set >= least && set <= most => value.to_owned(),
                Some(set) => set.clamp(least, most).to_string(),
                None => (least + (most - least) / 2.0).to_string(),
            }
        }
        Kind::Color => {
            let digits = value.strip_prefix('#').filter(|digits| digits.len() == 6);
            let is_one = digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            if is_one { value.to_ascii_lowercase() } else { "#000000".to_owned() }
        }
        _ => line,
    }
}

/// A number as HTML writes it.
fn number(text: &str) -> Option<f64> {
    let is_written_so = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = text.parse().ok().filter(|_| is_written_so && !text.starts_with('+') && !text.ends_with('.'))?;
    number.is_finite().then_some(number)
}

/// Of the buttons of a radio group that are checked, a browser keeps the last.
fn chosen_radios<'a>(controls: &[Control<'a>]) -> HashMap<&'a str, usize> {
    let checked = |control: &Control<'_>| control.is(Kind::Radio) && control.element.attr("checked").is_some();
    let all = controls.iter().enumerate().filter(|(_, control)| checked(control));
    all.filter_map(|(at, control)| Some((control.name()?, at))).collect()
}

/// The values of the options that are selected, or of the first where a list shows one.
fn chosen(select: ElementRef<'_>) -> Vec<String> {
    let options: Vec<ElementRef<'_>> =
        select.descendent_elements().filter(|element| element.value().name() == "option").collect();
    let usable = |option: &&ElementRef<'_>| {
        let group = option.parent().and_then(ElementRef::wrap).filter(|group| group.value().name() == "optgroup");
        option.attr("disabled").is_none() && group.is_none_or(|group| group.attr("disabled").is_none())
    };
    let value = |option: &ElementRef<'_>| {
        let text = || option.text().collect::<String>().split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        option.attr("value").map_or_else(text, str::to_owned)
    };
    let mut selected = options.iter().filter(|option| option.attr("selected").is_some());
    if select.attr("multiple").is_some() {
        return selected.filter(usable).map(value).collect();
    }
    let shows_one = select.attr("size").and_then(|size| size.trim().parse::<u32>().ok()).is_none_or(|size| size <= 1);
    let first = || options.iter().find(usable).filter(|_| shows_one);
    selected.next_back().or_else(first).filter(usable).map(value).into_iter().collect()
}

fn direction(element: ElementRef<'_>, text: &str) -> &'static str {
    let said = std::iter::once(element)
        .chain(element.ancestors().filter_map(ElementRef::wrap))
        .filter_map(|element| element.attr("dir"))
        .map(str::to_ascii_lowercase)
        .find(|dir| matches!(dir.as_str(), "ltr" | "rtl" | "auto"));
    let is_leftward = |c: char| matches!(u32::from(c), 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF);
    match said.as_deref() {
        Some("rtl") => "rtl",
        Some("auto") if text.chars().find(|c| c.is_alphabetic()).is_some_and(is_leftward) => "rtl",
        _ => "ltr",
    }
}
