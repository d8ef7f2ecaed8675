//! A page whose fields know their forms as a browser's do, however its tags are nested.

use std::borrow::Cow;
use std::cell::{Ref, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName};
use scraper::{Html, HtmlTreeSink};

use super::super::page;

/// What the tree calls its nodes by.
pub(super) type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// A page and the forms that its fields were given to while it was read.
pub(super) struct FormPage {
    pub html: Html,
    pub owners: HashMap<NodeId, NodeId>,
}

/// Reads a page; none if it is made to explode (SEC-080).
pub(super) fn read(text: &str) -> Option<FormPage> {
    let sink = Owners { inner: HtmlTreeSink::new(Html::new_document()), owners: RefCell::default() };
    page::read_in_pieces(text, sink, |sink| &sink.inner, Duration::from_secs(1))
}

/// Keeps what the tree alone does not show: old pages open a form between `<table>` and `<tr>`, and the tree has it empty;
/// the fields that follow are the form's until its end tag (HTML standard, “form element pointer”).
struct Owners {
    inner: HtmlTreeSink,
    owners: RefCell<HashMap<NodeId, NodeId>>,
}

impl TreeSink for Owners {
    type Output = FormPage;
    type Handle = NodeId;
    type ElemName<'a> = Ref<'a, QualName>;

    fn associate_with_form(&self, target: &NodeId, form: &NodeId, _: (&NodeId, Option<&NodeId>)) {
        self.owners.borrow_mut().insert(*target, *form);
    }
    fn finish(self) -> FormPage {
        FormPage { html: self.inner.finish(), owners: self.owners.into_inner() }
    }
    fn parse_error(&self, message: Cow<'static, str>) {
        self.inner.parse_error(message);
    }
    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }
    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }
    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        self.inner.same_node(one, other)
    }
    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.inner.elem_name(target)
    }
    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.inner.create_element(name, attributes, flags)
    }
    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.inner.create_comment(text)
    }
    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }
    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.inner.append_doctype_to_document(name, public, system);
    }
    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append(parent, child);
    }
    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append_before_sibling(sibling, child);
    }
    fn append_based_on_parent_node(&self, element: &NodeId, before: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append_based_on_parent_node(element, before, child);
    }
    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }
    fn reparent_children(&self, node: &NodeId, parent: &NodeId) {
        self.inner.reparent_children(node, parent);
    }
    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attributes);
    }
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }
    fn mark_script_already_started(&self, node: &NodeId) {
        self.inner.mark_script_already_started(node);
    }
}
