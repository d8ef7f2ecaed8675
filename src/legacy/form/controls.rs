//! What stands in a page's forms: fields and buttons, whose they are, and what links and scripts can press.

use std::collections::HashMap;

use scraper::ElementRef;

use super::owners::{FormPage, NodeId};

/// What a field or button is to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Hidden,
    /// One line of any text.
    Line,
    Password,
    /// An address, without blanks around it.
    Address,
    Number,
    Range,
    Color,
    Checkbox,
    Radio,
    File,
    Select,
    Textarea,
    /// A button that sends the form.
    Submit,
    /// One that tells where it was hit.
    Image,
    /// A button that does nothing by itself.
    Idle,
}

impl Kind {
    fn of(element: ElementRef<'_>) -> Self {
        let written = element.attr("type").unwrap_or_default().to_ascii_lowercase();
        match (element.value().name(), written.as_str()) {
            ("select", _) => Self::Select,
            ("textarea", _) => Self::Textarea,
            ("button" | "input", "button" | "reset") => Self::Idle,
            ("button", _) | ("input", "submit") => Self::Submit,
            (_, "image") => Self::Image,
            (_, "hidden") => Self::Hidden,
            (_, "password") => Self::Password,
            (_, "email" | "url") => Self::Address,
            (_, "number") => Self::Number,
            (_, "range") => Self::Range,
            (_, "color") => Self::Color,
            (_, "checkbox") => Self::Checkbox,
            (_, "radio") => Self::Radio,
            (_, "file") => Self::File,
            _ => Self::Line,
        }
    }

    /// Whether it sends the form.
    pub(super) const fn submits(self) -> bool {
        matches!(self, Self::Submit | Self::Image)
    }

    /// Whether a person, or a script, puts a text into it.
    const fn is_filled_in(self) -> bool {
        !matches!(
            self,
            Self::Submit
                | Self::Image
                | Self::Idle
                | Self::Checkbox
                | Self::Radio
                | Self::File
                | Self::Range
                | Self::Color
        )
    }
}

/// A field or button, or something else on the page that a script can send a form by.
#[derive(Clone, Copy)]
pub(super) struct Control<'a> {
    pub element: ElementRef<'a>,
    /// None for what is no field and no button.
    pub kind: Option<Kind>,
    /// Whose it is.
    pub form: Option<ElementRef<'a>>,
    pub disabled: bool,
    /// Whether a style hides it from the eye.
    pub unseen: bool,
    /// Whether it is only offered to be chosen from (`<datalist>`).
    barred: bool,
}

impl<'a> Control<'a> {
    /// Its name, if a browser sends it.
    pub(super) fn name(&self) -> Option<&'a str> {
        self.element.attr("name").filter(|name| !name.is_empty())
    }

    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kind == Some(kind)
    }

    fn is_field(&self, name: &str) -> bool {
        self.name() == Some(name) && !self.barred && self.kind.is_some_and(Kind::is_filled_in)
    }

    /// Whether it is a button that sends its form.
    pub(super) fn submits(&self) -> bool {
        self.kind.is_some_and(Kind::submits) && !self.barred
    }

    /// Whether a browser sends it: a button only if it is pressed.
    pub(super) fn is_sent(&self) -> bool {
        !self.disabled && !self.barred && self.kind.is_some()
    }
}

/// All forms of a page, and what stands in them, in the order of the page.
pub(super) struct Forms<'a> {
    pub all: Vec<ElementRef<'a>>,
    controls: Vec<Control<'a>>,
}

impl<'a> Forms<'a> {
    pub(super) fn of(page: &'a FormPage) -> Self {
        let mut walk = Walk::default();
        walk.through(page.html.root_element());
        let Walk { forms, mut controls, ids } = walk;
        for control in &mut controls {
            control.form = owner(page, control, &ids);
        }
        Self { all: forms, controls }
    }

    /// The forms with a field of this name that is filled in.
    pub(super) fn with_field(&self, name: &str) -> Vec<ElementRef<'a>> {
        let mut found: Vec<ElementRef<'a>> = Vec::new();
        for control in self.controls.iter().filter(|control| control.is_field(name)) {
            let Some(form) = control.form else { continue };
            if !found.iter().any(|known| known.id() == form.id()) {
                found.push(form);
            }
            // More than any page has.
            if found.len() == 50 {
                break;
            }
        }
        found
    }

    /// What belongs to a form. A link has no form of its own: it belongs to the one around it, and outside of all to any.
    pub(super) fn controls_of(&self, form: ElementRef<'a>) -> Vec<Control<'a>> {
        let is_its = |control: &&Control<'a>| match control.form {
            Some(owner) => owner.id() == form.id(),
            None => control.kind.is_none(),
        };
        self.controls.iter().filter(is_its).copied().collect()
    }
}

/// Whose a control is: the form that it names, the one that it was read into, or the one around it.
fn owner<'a>(page: &'a FormPage, control: &Control<'a>, ids: &HashMap<&str, ElementRef<'a>>) -> Option<ElementRef<'a>> {
    if control.kind.is_none() {
        return control.form;
    }
    if let Some(id) = control.element.attr("form") {
        return ids.get(id).copied().filter(|element| element.value().name() == "form");
    }
    let given = page.owners.get(&control.element.id()).and_then(|form| page.html.tree.get(*form));
    given.and_then(ElementRef::wrap).or(control.form)
}

/// The field of a name that a person fills in: one that can be seen before one that cannot, and for a password one that
/// hides what is typed.
pub(super) fn field<'a>(controls: &[Control<'a>], name: &str, is_password: bool) -> Option<Control<'a>> {
    let filled_in = controls.iter().filter(|control| control.is_field(name));
    let rank = |control: &&Control<'a>| {
        let out_of_reach = match (control.disabled, control.is(Kind::Hidden)) {
            (false, false) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (true, true) => 3,
        };
        (out_of_reach, is_password && !control.is(Kind::Password), control.unseen)
    };
    // The first of the best.
    filled_in.min_by_key(rank).copied()
}

/// One way through the whole page.
#[derive(Default)]
struct Walk<'a> {
    forms: Vec<ElementRef<'a>>,
    controls: Vec<Control<'a>>,
    ids: HashMap<&'a str, ElementRef<'a>>,
}

/// What holds for everything inside of an element.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    form: Option<ElementRef<'a>>,
    disabled: bool,
    unseen: bool,
    barred: bool,
}

impl<'a> Walk<'a> {
    fn through(&mut self, root: ElementRef<'a>) {
        let mut to_visit = vec![(root, Around::default())];
        while let Some((element, mut around)) = to_visit.pop() {
            if let Some(id) = element.attr("id") {
                self.ids.entry(id).or_insert(element);
            }
            around.unseen |= is_unseen(element);
            let kind = match element.value().name() {
                "form" => {
                    around.form = Some(element);
                    self.forms.push(element);
                    None
                }
                "input" | "select" | "textarea" | "button" => Some(Kind::of(element)),
                _ => None,
            };
            if kind.is_some() || element.attr("href").or(element.attr("onclick")).is_some() {
                let Around { form, unseen, barred, .. } = around;
                let disabled = around.disabled || element.attr("disabled").is_some();
                self.controls.push(Control { element, kind, form, disabled, unseen, barred });
            }
            around.barred |= element.value().name() == "datalist";
            let free = legend_of_disabled(element);
            let inside = Around { disabled: around.disabled || free.is_some(), ..around };
            let at = to_visit.len();
            to_visit.extend(element.child_elements().map(|child| {
                let is_free = free.flatten().is_some_and(|legend| legend.id() == child.id());
                (child, if is_free { around } else { inside })
            }));
            to_visit[at..].reverse();
        }
    }
}

/// Of a disabled fieldset: its first legend, if it has one. What stands in there is not disabled.
#[expect(clippy::option_option, reason = "a disabled fieldset may have no legend")]
fn legend_of_disabled(element: ElementRef<'_>) -> Option<Option<ElementRef<'_>>> {
    let disables = element.value().name() == "fieldset" && element.attr("disabled").is_some();
    disables.then(|| element.child_elements().find(|child| child.value().name() == "legend"))
}

fn is_unseen(element: ElementRef<'_>) -> bool {
    let by_style = || {
        let style: String = element.attr("style")?.to_ascii_lowercase().split_ascii_whitespace().collect();
        Some(style.contains("display:none") || style.contains("visibility:hidden"))
    };
    element.attr("hidden").is_some() || by_style().unwrap_or(false)
}

/// What stands in the form by a node of the tree.
pub(super) fn by_node<'a>(controls: &[Control<'a>], node: NodeId) -> Option<Control<'a>> {
    controls.iter().find(|control| control.element.id() == node).copied()
}
