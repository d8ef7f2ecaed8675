//! What templates can call: `t`, `th`, `duration`, `asset`, `join`, `url`, `encode`, `digits`, `capital`, and a strict `if`.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluent_bundle::{FluentArgs, FluentValue};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::terms::escape;
use super::translations::Translations;
use crate::domain::language::Language;

/// Registers all helpers.
pub(super) fn register(
    registry: &mut Handlebars<'static>,
    translations: &Arc<Translations>,
    versions: &Arc<BTreeMap<String, String>>,
) {
    let (sentences, durations) = (Arc::clone(translations), Arc::clone(translations));
    registry.register_helper("t", text_of(move |helper, context| sentence(&sentences, helper, context, str::to_owned)));
    registry.register_helper("th", Box::new(SentenceWithMarkup(Arc::clone(translations))));
    registry.register_helper("duration", text_of(move |helper, context| duration(&durations, helper, context)));
    let versions = Arc::clone(versions);
    registry.register_helper("asset", text_of(move |helper, context| asset(&versions, helper, context)));
    registry.register_helper("join", text_of(|helper, _| join(helper)));
    registry.register_helper("url", text_of(|helper, _| Ok(safe_url(text(helper, 0)?).to_owned())));
    registry.register_helper("encode", text_of(|helper, _| Ok(encode(text(helper, 0)?))));
    registry.register_helper("digits", text_of(|helper, _| Ok(digits(text(helper, 0)?))));
    registry.register_helper("capital", text_of(|helper, _| Ok(capital(text(helper, 0)?))));
    registry.register_helper("if", Box::new(StrictIf { wanted: true }));
    registry.register_helper("unless", Box::new(StrictIf { wanted: false }));
}

/// A sentence that stands alone, and does so elsewhere behind a name.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A helper whose value is a text, escaped as a whole where its template escapes.
struct TextOf<F>(F);

fn text_of<F>(value: F) -> Box<dyn HelperDef + Send + Sync>
where
    F: Fn(&Helper<'_>, &Context) -> Result<String, RenderError> + Send + Sync + 'static,
{
    Box::new(TextOf(value))
}

impl<F> HelperDef for TextOf<F>
where
    F: Fn(&Helper<'_>, &Context) -> Result<String, RenderError>,
{
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(Value::String((self.0)(helper, context)?)))
    }
}

/// `{{th "key" name=value}}`: the sentence's own markup is trusted, its variables are escaped.
struct SentenceWithMarkup(Arc<Translations>);

impl HelperDef for SentenceWithMarkup {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        out.write(&sentence(&self.0, helper, context, registry.get_escape_fn())?)?;
        Ok(())
    }
}

/// `if` and `unless` for which a field that does not exist is an error; handlebars' own take it for false.
struct StrictIf {
    wanted: bool,
}

impl HelperDef for StrictIf {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let param = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("if", 0))?;
        if param.is_value_missing() {
            return Err(other(format!("no field `{}`", param.relative_path().map_or("?", String::as_str))));
        }
        let branch = if param.value().is_truthy(false) == self.wanted { helper.template() } else { helper.inverse() };
        branch.map_or(Ok(()), |template| template.render(registry, context, render, out))
    }
}

/// `{{t "key" name=value}}`.
fn sentence(
    translations: &Translations,
    helper: &Helper<'_>,
    context: &Context,
    escape: impl Fn(&str) -> String,
) -> Result<String, RenderError> {
    let mut args = FluentArgs::new();
    for (name, value) in helper.hash() {
        if value.is_value_missing() {
            return Err(other(format!("no value for `{name}`")));
        }
        match value.value() {
            // `args=object` hands over all of its fields.
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Some(value) = variable(value, &escape) {
                        args.set(name.clone(), value);
                    }
                }
            }
            value => {
                if let Some(value) = variable(value, &escape) {
                    args.set((*name).to_owned(), value);
                }
            }
        }
    }
    translations.format(language(context)?, text(helper, 0)?, &args).map_err(other)
}

/// `{{duration minutes=90}}`, `{{duration seconds=40}}`: whole hours, minutes or seconds in words.
fn duration(translations: &Translations, helper: &Helper<'_>, context: &Context) -> Result<String, RenderError> {
    let given = |name: &str| helper.hash_get(name).and_then(|value| value.value().as_u64());
    let seconds = match (given("minutes"), given("seconds")) {
        (Some(minutes), _) => minutes.saturating_mul(60),
        (None, Some(seconds)) => seconds,
        (None, None) => return Err(other("duration wants minutes= or seconds=".to_owned())),
    };
    let (key, count) = match seconds {
        0..=90 if seconds != 60 => ("duration-seconds", seconds),
        seconds if seconds % 3600 == 0 => ("duration-hours", seconds / 3600),
        seconds => ("duration-minutes", seconds.div_ceil(60)),
    };
    let mut args = FluentArgs::new();
    args.set("count", count);
    translations.format(language(context)?, key, &args).map_err(other)
}

/// `{{asset "vestibule.css"}}`: the address of an asset, with the version that lets browsers keep it.
fn asset(versions: &BTreeMap<String, String>, helper: &Helper<'_>, context: &Context) -> Result<String, RenderError> {
    let name = text(helper, 0)?;
    let version = versions.get(name).ok_or_else(|| other(format!("no asset `{name}`")))?;
    let base = context.data().pointer("/frame/assets").and_then(Value::as_str).unwrap_or_default();
    Ok(format!("{base}/{name}?v={version}"))
}

/// `(join "alert-" alert.kind)`: a key made of parts.
fn join(helper: &Helper<'_>) -> Result<String, RenderError> {
    let mut joined = String::new();
    for (index, param) in helper.params().iter().enumerate() {
        match param.value() {
            Value::Number(number) => joined.push_str(&number.to_string()),
            _ => joined.push_str(text(helper, index)?),
        }
    }
    Ok(joined)
}

fn variable(value: &Value, escape: impl Fn(&str) -> String) -> Option<FluentValue<'static>> {
    match value {
        Value::String(text) => Some(FluentValue::from(escape(text))),
        Value::Number(number) => number.as_i64().map(FluentValue::from),
        _ => None,
    }
}

fn language(context: &Context) -> Result<Language, RenderError> {
    let code = context.data().get("language").and_then(Value::as_str);
    code.and_then(Language::parse).ok_or_else(|| other("the context has no language".to_owned()))
}

fn text<'a>(helper: &'a Helper<'_>, index: usize) -> Result<&'a str, RenderError> {
    helper
        .param(index)
        .and_then(|param| param.value().as_str())
        .ok_or_else(|| other(format!("`{}` wants a text as parameter {index}", helper.name())))
}

fn other(what: String) -> RenderError {
    RenderErrorReason::Other(what).into()
}

/// `{{encode x}}`: a value in a query.
fn encode(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

/// `{{digits x}}`: a telephone number as `tel:` wants it.
fn digits(phone: &str) -> String {
    phone.chars().filter(|character| character.is_ascii_digit() || *character == '+').collect()
}

/// `{{url x}}`: an address that cannot run a script (SEC-072).
fn safe_url(url: &str) -> &str {
    let here = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    let known = ["https://", "http://", "mailto:", "tel:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if here || known { url } else { "#" }
}

/// For HTML templates; handlebars' own would also escape `=` in every link.
pub(super) fn escape_html(text: &str) -> String {
    escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_runs_a_script_is_no_link() {
        for url in ["javascript:alert(1)", " javascript:alert(1)", "//evil.example", "/\\evil.example", "data:,x", ""] {
            assert_eq!(safe_url(url), "#", "{url}");
        }
        for url in ["/login?client=A&societe=B", "https://a.example/x", "MAILTO:a@b.example"] {
            assert_eq!(safe_url(url), url);
        }
    }
}
