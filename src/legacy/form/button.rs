//! Which button of a login form is pressed.

use percent_encoding::percent_decode_str;
use scraper::{ElementRef, Html, Selector};

use super::controls::{Control, Kind, by_node};
use crate::domain::upstream::{FormLogin, LoginButton};

/// How a form is sent off.
#[derive(Default)]
pub(super) struct Pressed<'a> {
    /// The button that is pressed; none where a script sends the form.
    pub button: Option<ElementRef<'a>>,
    /// What ASP.NET is told instead of a button: `__EVENTTARGET` and `__EVENTARGUMENT`.
    pub event: Option<[String; 2]>,
    /// Where a script of ASP.NET has the form sent to.
    pub action: Option<String>,
}

impl Pressed<'_> {
    /// For the operator.
    pub(super) fn in_words(&self) -> String {
        match (self.button, &self.event) {
            (_, Some([target, _])) => format!("the event {target}"),
            (Some(button), None) => match button.attr("name").filter(|name| !name.is_empty()) {
                Some(name) => format!("the button {name}"),
                None => "a button without a name".to_owned(),
            },
            (None, None) => "no button".to_owned(),
        }
    }
}

/// The button of a login form as the declaration has it; none if it declares one that is not there.
pub(super) fn of_login<'a>(
    html: &'a Html,
    controls: &[Control<'a>],
    password: &Control<'a>,
    form: &FormLogin,
) -> Option<Pressed<'a>> {
    let extra = form.extra.iter().find_map(|(name, value)| in_extra(controls, name, value));
    if let Some(pressed) = extra {
        return Some(pressed);
    }
    match &form.button {
        LoginButton::Found => Some(after_password(controls, password).unwrap_or_else(|| on_enter(controls))),
        LoginButton::None => Some(Pressed::default()),
        LoginButton::Named(written) => named(controls, password, written).or_else(|| selected(html, controls, written)),
    }
}

/// What Enter presses: the form's first button, if it can be pressed.
pub(super) fn on_enter<'a>(controls: &[Control<'a>]) -> Pressed<'a> {
    controls.iter().find(|control| control.submits()).filter(|control| !control.disabled).map(press).unwrap_or_default()
}

/// A button that is known by where it sends the form.
pub(super) fn press<'a>(control: &Control<'a>) -> Pressed<'a> {
    let options = script_of(control.element).and_then(|script| options(&script));
    Pressed { button: Some(control.element), event: None, action: options.and_then(|options| options.action) }
}

/// The button that a further field names; or that no button is pressed, where it tells ASP.NET so.
fn in_extra<'a>(controls: &[Control<'a>], name: &str, value: &str) -> Option<Pressed<'a>> {
    if name == "__EVENTTARGET" && !value.is_empty() {
        return Some(Pressed::default());
    }
    let of_image = name.strip_suffix(".x").or(name.strip_suffix(".y"));
    let is_named = |control: &&Control<'a>| match control.kind {
        Some(Kind::Submit | Kind::Idle) => control.name() == Some(name),
        Some(Kind::Image) => control.name().is_some() && (control.name() == of_image || control.name() == Some(name)),
        _ => false,
    };
    let buttons = || controls.iter().filter(is_named);
    let named = buttons().find(|button| button.element.attr("value") == Some(value)).or_else(|| buttons().next())?;
    // One that does nothing by itself has a script that sends the form.
    Some(if named.submits() { press(named) } else { Pressed::default() })
}

/// The first that can be seen after the password, which is the first in the nearest element around both. Links and buttons
/// of scripts come after the buttons that send a form by themselves.
fn after_password<'a>(controls: &[Control<'a>], password: &Control<'a>) -> Option<Pressed<'a>> {
    let at = controls.iter().position(|control| control.element.id() == password.element.id())?;
    let after = || controls[at + 1..].iter().filter(|control| !control.unseen);
    let buttons = || after().filter(|control| control.submits());
    if let Some(first) = buttons().next() {
        // One that a script wakes is pressed; but not where another beside it can be.
        let around = nearest_around(password.element, first.element);
        let is_beside = |other: &&Control<'a>| around.is_some_and(|around| is_inside(other.element, around));
        let awake = buttons().take(50).take_while(is_beside).find(|control| !control.disabled);
        return Some(press(awake.unwrap_or(first)));
    }
    // Links have no form of their own; where the tree has the form torn apart, those around it do.
    let is_torn = password.form.is_some_and(|form| !is_inside(password.element, form));
    after().filter(|control| control.form.is_some() || is_torn).find_map(by_script)
}

/// The button of a name; of several, the first after the password.
fn named<'a>(controls: &[Control<'a>], password: &Control<'a>, name: &str) -> Option<Pressed<'a>> {
    let at = controls.iter().position(|control| control.element.id() == password.element.id())?;
    let is_it = |control: &&Control<'a>| control.submits() && control.name() == Some(name);
    controls[at..].iter().find(is_it).or_else(|| controls.iter().find(is_it)).map(press)
}

/// The button or link that a CSS selector finds, or that stands around or inside of what it finds.
fn selected<'a>(html: &'a Html, controls: &[Control<'a>], selector: &str) -> Option<Pressed<'a>> {
    let found = html.select(&Selector::parse(selector).ok()?).next()?;
    let around = found.ancestors().filter_map(ElementRef::wrap);
    // More than any button is made of.
    std::iter::once(found).chain(found.descendent_elements()).take(100).chain(around.take(100)).find_map(|element| {
        let control = by_node(controls, element.id())?;
        if control.submits() { Some(press(&control)) } else { by_script(&control) }
    })
}

/// What a link or an idle button does by a script that is understood without running it.
fn by_script<'a>(control: &Control<'a>) -> Option<Pressed<'a>> {
    if !matches!(control.kind, None | Some(Kind::Idle)) {
        return None;
    }
    let script = script_of(control.element)?;
    if let Some(options) = options(&script) {
        let event = options.sends.then_some([options.target, options.argument]);
        return event.is_some().then_some(Pressed { button: None, event, action: options.action });
    }
    if let Some(event) = arguments(&script, "__doPostBack(").and_then(|found| <[String; 2]>::try_from(found).ok()) {
        return Some(Pressed { button: None, event: Some(event), action: None });
    }
    script.contains("submit()").then(Pressed::default)
}

/// What stands in an element's `onclick` and `href`.
fn script_of(element: ElementRef<'_>) -> Option<String> {
    let clicked = element.attr("onclick").unwrap_or_default();
    let led = element.attr("href").unwrap_or_default().trim();
    let led = led.get(..11).filter(|scheme| scheme.eq_ignore_ascii_case("javascript:")).map(|_| &led[11..]);
    let led = percent_decode_str(led.unwrap_or_default()).decode_utf8_lossy();
    let script = format!("{clicked};{led}");
    (script.len() > 1).then_some(script)
}

/// `new WebForm_PostBackOptions(target, argument, validation, group, action, track, sends)`.
struct Options {
    target: String,
    argument: String,
    action: Option<String>,
    sends: bool,
}

fn options(script: &str) -> Option<Options> {
    let [target, argument, _, _, action, _, sends] = arguments(script, "WebForm_PostBackOptions(")?.try_into().ok()?;
    Some(Options { target, argument, action: Some(action).filter(|action| !action.is_empty()), sends: sends == "true" })
}

/// The constant arguments of a call; none if one is no constant.
fn arguments(script: &str, call: &str) -> Option<Vec<String>> {
    let (_, after) = script.split_once(call)?;
    // A call within a text, as `setTimeout` has it.
    let unescaped = after.trim_start().starts_with('\\').then(|| after.replace("\\'", "'").replace("\\\"", "\""));
    let mut rest = unescaped.as_deref().unwrap_or(after).trim_start();
    let mut found = Vec::new();
    loop {
        let (argument, after) = argument(rest)?;
        found.push(argument);
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return after.starts_with(')').then_some(found),
        }
    }
}

/// One argument, and what follows it.
fn argument(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    if quote != '\'' && quote != '"' {
        let end = text.find([',', ')'])?;
        let word = text[..end].trim();
        return matches!(word, "true" | "false" | "null" | "0" | "1").then(|| (word.to_owned(), &text[end..]));
    }
    let mut value = String::new();
    let mut signs = text[1..].char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            _ if sign == quote => return Some((value, &text[at + 2..])),
            '\\' => match signs.next()?.1 {
                'x' => value.push(by_code(&mut signs, 2)?),
                'u' => value.push(by_code(&mut signs, 4)?),
                other => value.push(other),
            },
            _ => value.push(sign),
        }
    }
    None
}

fn by_code(signs: &mut std::str::CharIndices<'_>, digits: usize) -> Option<char> {
    let code: String = signs.by_ref().take(digits).map(|(_, digit)| digit).collect();
    char::from_u32(u32::from_str_radix(&code, 16).ok()?)
}

/// The nearest element that both stand in.
fn nearest_around<'a>(one: ElementRef<'a>, other: ElementRef<'a>) -> Option<ElementRef<'a>> {
    one.ancestors().filter_map(ElementRef::wrap).find(|around| is_inside(other, *around))
}

fn is_inside(element: ElementRef<'_>, around: ElementRef<'_>) -> bool {
    element.ancestors().any(|ancestor| ancestor.id() == around.id())
}
