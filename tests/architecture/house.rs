//! Reads sources as the compiler does: which name leads to which file and which library, whatever way it goes.
//!
//! A path is followed through `use`, renaming, re-exports, type aliases, groups, `self` and `super`, in macros and in
//! the strings of attributes as well. What stands under `#[cfg(test)]` is not read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ImplItem, Item};

/// The crate's own name, by which its program names it.
const SELF: &str = "vestibule";

/// Everything that ships of one crate.
#[derive(Default)]
pub struct House {
    modules: Vec<Module>,
    /// By the path from the root.
    by_path: BTreeMap<Vec<String>, usize>,
    /// Each `macro_rules!` and the module where it stands.
    macros: BTreeMap<String, usize>,
    libraries: BTreeSet<String>,
    /// What this reader cannot look through, and what therefore may not be there.
    pub hidden: Vec<String>,
}

/// A file, or a module within one.
pub struct Module {
    /// Below the crate's folder.
    pub file: String,
    path: Vec<String>,
    /// Every path that is named, with its line.
    named: Vec<(usize, Vec<String>)>,
    /// What `use` and `type` call by another name, or hand on.
    bound: BTreeMap<String, Vec<Vec<String>>>,
    defined: BTreeSet<String>,
    /// Every word with its line, for what no path shows.
    pub words: Vec<(usize, String)>,
    /// Every `.call`, with its line and the word before the dot.
    pub calls: Vec<(usize, String, String)>,
    /// The lines that hold code.
    pub lines: BTreeSet<usize>,
    /// Each trait that is implemented, and how many lines of code that takes.
    pub impls: Vec<(String, usize)>,
}

/// Where a name leads: every module on the way and at the end, or a library with the whole path in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    Module(usize),
    Library(Vec<String>),
}

/// A name in a file, and one place where it leads.
pub struct Arrow {
    pub line: usize,
    pub from: usize,
    pub path: Vec<String>,
    pub to: Stop,
}

impl House {
    /// Reads the crate whose root stands in this folder.
    pub fn read(folder: &Path, roots: &[&str], libraries: &[String]) -> Self {
        let files = super::files(folder, "rs").into_iter().map(|path| {
            let name = path.strip_prefix(folder).expect("a file below the folder").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a source file"))
        });
        Self::of(&files.collect(), roots, libraries)
    }

    /// The same of sources that are at hand.
    pub fn of(files: &BTreeMap<String, String>, roots: &[&str], libraries: &[String]) -> Self {
        let mut house = Self { libraries: libraries.iter().cloned().collect(), ..Self::default() };
        house.libraries.extend(["std", "core", "alloc"].map(str::to_owned));
        for root in roots {
            let path = if *root == "main.rs" && roots.len() > 1 { vec!["main".to_owned()] } else { Vec::new() };
            house.enter(files, root, &path);
        }
        house
    }

    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter()
    }

    pub fn module(&self, number: usize) -> &Module {
        &self.modules[number]
    }

    /// The lines of code of each file.
    pub fn lengths(&self) -> BTreeMap<&str, usize> {
        let mut lengths = BTreeMap::new();
        for module in &self.modules {
            *lengths.entry(module.file.as_str()).or_default() += module.lines.len();
        }
        lengths
    }

    /// Every name, and everywhere that it leads.
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = Vec::new();
        for (from, module) in self.modules.iter().enumerate() {
            for (line, path) in &module.named {
                let mut way = Way::default();
                self.follow(from, path, &mut way);
                let stops = way.ends.into_iter().chain(way.passed.into_iter().map(Stop::Module));
                arrows.extend(stops.map(|to| Arrow { line: *line, from, path: path.clone(), to }));
            }
        }
        arrows
    }

    /// The files that lead to one another in a circle. A file is part of the module that it stands in, and may name
    /// what that holds: such a name is no way back.
    pub fn circles(&self) -> Vec<Vec<&str>> {
        let mut leads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for arrow in self.arrows() {
            let Stop::Module(to) = arrow.to else { continue };
            let (from, to) = (&self.modules[arrow.from], &self.modules[to]);
            if from.file != to.file && !from.path.starts_with(&to.path) {
                leads.entry(&from.file).or_default().insert(&to.file);
            }
        }
        let reached: BTreeMap<&str, BTreeSet<&str>> = leads.keys().map(|file| (*file, reached(&leads, file))).collect();
        let both = |one: &str, other: &str| reached.get(one).is_some_and(|found| found.contains(other));
        let circle =
            |file: &&str| reached.keys().copied().filter(|other| both(file, other) && both(other, file)).collect();
        let circles: BTreeSet<Vec<&str>> =
            reached.keys().map(circle).filter(|circle: &Vec<&str>| !circle.is_empty()).collect();
        circles.into_iter().collect()
    }

    fn enter(&mut self, files: &BTreeMap<String, String>, file: &str, path: &[String]) {
        let text = &files[file];
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.enter_items(files, file, path, parsed.items);
    }

    fn enter_items(&mut self, files: &BTreeMap<String, String>, file: &str, path: &[String], items: Vec<Item>) {
        let mut module = Module::new(file, path.to_owned());
        let mut inner = Vec::new();
        let number = self.modules.len();
        for item in items.into_iter().filter_map(as_shipped) {
            match item {
                Item::Mod(item) => {
                    module.defined.insert(item.ident.to_string());
                    if item.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
                        self.hidden.push(format!("{file}: `mod {}` with a path of its own", item.ident));
                    }
                    inner.push(item);
                }
                Item::Macro(item) if item.ident.is_some() => {
                    let name = item.ident.as_ref().expect("a name").to_string();
                    module.read(item.to_token_stream());
                    self.macros.insert(name.clone(), number);
                    module.defined.insert(name);
                }
                item => module.read_item(&item),
            }
        }
        if module.words.iter().any(|(_, word)| word == "include!") {
            self.hidden.push(format!("{file}: `include!` of a source"));
        }
        if module.named.iter().any(|(_, path)| path.last().is_some_and(|last| last == "*")) {
            self.hidden.push(format!("{file}: names that come out of a `*`"));
        }
        self.modules.push(module);
        self.by_path.insert(path.to_owned(), number);
        for item in inner {
            let name = item.ident.to_string();
            let path: Vec<String> = path.iter().cloned().chain([name]).collect();
            if let Some((_, items)) = item.content {
                self.enter_items(files, file, &path, items);
                continue;
            }
            let names = [format!("{}.rs", path.join("/")), format!("{}/mod.rs", path.join("/"))];
            match names.iter().find(|name| files.contains_key(*name)) {
                Some(found) => self.enter(files, found, &path),
                None => self.hidden.push(format!("{file}: `mod {}` that is in no file", item.ident)),
            }
        }
    }

    fn follow(&self, at: usize, path: &[String], way: &mut Way) {
        if !way.seen.insert((at, path.to_vec())) {
            return;
        }
        let Some((first, rest)) = path.split_first() else { return };
        let library = |path: &[String]| Stop::Library(path.to_vec());
        match first.as_str() {
            "crate" | SELF => self.descend(0, rest, way),
            "self" => self.descend(at, rest, way),
            "super" => self.descend(self.above(at), rest, way),
            "" => drop(way.ends.insert(library(rest))),
            name if self.knows(at, name) => self.descend(at, path, way),
            name if self.libraries.contains(name) => drop(way.ends.insert(library(path))),
            name => {
                if let Some(definer) = name.strip_suffix('!').and_then(|name| self.macros.get(name)) {
                    way.ends.insert(Stop::Module(*definer));
                }
            }
        }
    }

    fn descend(&self, at: usize, path: &[String], way: &mut Way) {
        let Some((first, rest)) = path.split_first() else {
            way.ends.insert(Stop::Module(at));
            return;
        };
        let first = first.trim_end_matches('!');
        match first {
            "self" => return self.descend(at, rest, way),
            "super" => return self.descend(self.above(at), rest, way),
            _ => {}
        }
        let module = &self.modules[at];
        if let Some(inner) = self.inner(at, first) {
            return self.descend(inner, rest, way);
        }
        let before = way.ends.len();
        for target in module.bound.get(first).into_iter().flatten() {
            way.passed.insert(at);
            if target[0] != first {
                self.follow(at, &[target, rest].concat(), way);
            } else if self.libraries.contains(first) {
                way.ends.insert(Stop::Library([target, rest].concat()));
            }
        }
        if module.defined.contains(first) || way.ends.len() == before {
            way.ends.insert(Stop::Module(at));
        }
    }

    fn knows(&self, at: usize, name: &str) -> bool {
        let (module, name) = (&self.modules[at], name.trim_end_matches('!'));
        self.inner(at, name).is_some() || module.bound.contains_key(name) || module.defined.contains(name)
    }

    fn inner(&self, at: usize, name: &str) -> Option<usize> {
        let path: Vec<String> = self.modules[at].path.iter().cloned().chain([name.to_owned()]).collect();
        self.by_path.get(&path).copied()
    }

    fn above(&self, at: usize) -> usize {
        let path = &self.modules[at].path;
        path.split_last().and_then(|(_, above)| self.by_path.get(above)).copied().unwrap_or_default()
    }
}

/// Where one name leads.
#[derive(Default)]
struct Way {
    ends: BTreeSet<Stop>,
    passed: BTreeSet<usize>,
    seen: BTreeSet<(usize, Vec<String>)>,
}

impl Module {
    fn new(file: &str, path: Vec<String>) -> Self {
        Self {
            file: file.to_owned(),
            path,
            named: Vec::new(),
            bound: BTreeMap::new(),
            defined: BTreeSet::new(),
            words: Vec::new(),
            calls: Vec::new(),
            lines: BTreeSet::new(),
            impls: Vec::new(),
        }
    }

    /// The module of the map that it belongs to.
    pub fn layer(&self) -> &str {
        self.file.split(['/', '.']).next().unwrap_or_default()
    }

    fn read_item(&mut self, item: &Item) {
        let tokens = item.to_token_stream();
        let before = self.lines.len();
        match item {
            Item::Impl(item) => {
                self.read(tokens);
                if let Some((of, _)) = &item.trait_
                    && let Some(last) = of.segments.last()
                {
                    self.impls.push((last.ident.to_string(), self.lines.len() - before));
                }
                return;
            }
            Item::ExternCrate(item) => {
                let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name).to_string();
                let of = if item.ident == "self" { SELF.to_owned() } else { item.ident.to_string() };
                self.named.push((item.ident.span().start().line, vec![of.clone()]));
                self.bound.entry(name).or_default().push(vec![of]);
            }
            Item::Type(item) => {
                let (paths, words) = (self.named.len(), self.words.len());
                self.read(item.ty.to_token_stream());
                let words = self.words[words..].iter().map(|(_, word)| vec![word.clone()]);
                let targets: Vec<_> = self.named[paths..].iter().map(|(_, path)| path.clone()).chain(words).collect();
                self.bound.entry(item.ident.to_string()).or_default().extend(targets);
            }
            _ => {}
        }
        self.defined.extend(name_of(item));
        self.read(tokens);
    }

    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = self.read_at(&tokens, at);
        }
    }

    /// Reads what stands here, and tells where the next stands.
    fn read_at(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        match &tokens[at] {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = tokens.get(at + 1)
                    && group.delimiter() == Delimiter::Bracket
                {
                    self.read_attribute(group.stream());
                    return at + 2;
                }
                self.line(&tokens[at]);
            }
            TokenTree::Group(group) => {
                self.lines.extend([group.span_open().start().line, group.span_close().end().line]);
                self.read(group.stream());
            }
            TokenTree::Ident(word) if word == "use" && !is(tokens.get(at + 1), '<') => {
                self.line(&tokens[at]);
                return self.read_use(tokens, at + 1, &[]);
            }
            TokenTree::Ident(name) if is(before(tokens, at, 1), '.') => {
                let called = matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                if called || colons(tokens, at + 1) {
                    let of = before(tokens, at, 2).map(ToString::to_string).unwrap_or_default();
                    self.calls.push((name.span().start().line, of, name.to_string()));
                }
                self.word(&tokens[at]);
            }
            TokenTree::Ident(_) => return self.read_path(tokens, at, Vec::new()),
            TokenTree::Punct(_) if colons(tokens, at) => {
                // After `>` or `)` it goes on with what stands in a type, before a path without one it names a library.
                let alone = !matches!(before(tokens, at, 1), Some(TokenTree::Ident(_) | TokenTree::Group(_)))
                    && (!is(before(tokens, at, 1), '>')
                        || is(before(tokens, at, 2), '-')
                        || is(before(tokens, at, 2), '='));
                if alone && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) {
                    return self.read_path(tokens, at + 2, vec![String::new()]);
                }
                return at + 2;
            }
            token => self.line(token),
        }
        at + 1
    }

    /// `a::b::c`, or `a::b!`, from its first name on.
    fn read_path(&mut self, tokens: &[TokenTree], mut at: usize, mut path: Vec<String>) -> usize {
        let line = tokens[at].span().start().line;
        while let Some(TokenTree::Ident(name)) = tokens.get(at) {
            self.word(&tokens[at]);
            path.push(name.to_string());
            at += 1;
            if is(tokens.get(at), '!') && !is(tokens.get(at + 1), '=') {
                let last = path.last_mut().expect("a name");
                last.push('!');
                let called = last.clone();
                self.words.push((line, called));
            }
            if !colons(tokens, at) || !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) {
                break;
            }
            at += 2;
        }
        if path.len() > 1 || path[0].ends_with('!') {
            self.named.push((line, path));
        }
        at
    }

    /// What follows `use`, up to its `;` or the `,` or end of its group.
    fn read_use(&mut self, tokens: &[TokenTree], mut at: usize, base: &[String]) -> usize {
        let mut path = base.to_vec();
        let mut name = None;
        while let Some(token) = tokens.get(at) {
            self.line(token);
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = tokens.get(at).map(ToString::to_string);
                    at += 1;
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    self.read_group(group.stream(), &path);
                    return at;
                }
                TokenTree::Punct(sign) if matches!(sign.as_char(), ';' | ',') => break,
                TokenTree::Punct(sign) if sign.as_char() == '*' => path.push("*".to_owned()),
                TokenTree::Punct(sign) if sign.as_char() == ':' && path.is_empty() => {
                    path.push(String::new());
                    at += 1;
                }
                _ => {}
            }
        }
        self.bind(path, name, at, tokens);
        at
    }

    fn read_group(&mut self, tokens: TokenStream, base: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is(tokens.get(at), ',') {
                at += 1;
            } else {
                at = self.read_use(&tokens, at, base);
            }
        }
    }

    fn bind(&mut self, mut path: Vec<String>, name: Option<String>, at: usize, tokens: &[TokenTree]) {
        let line = tokens[at - 1].span().start().line;
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let Some(last) = path.last().cloned() else { return };
        self.named.push((line, path.clone()));
        self.bound.entry(name.unwrap_or(last)).or_default().push(path);
    }

    /// The strings in an attribute may hold paths, as serde's do; those of a doc comment hold prose.
    fn read_attribute(&mut self, tokens: TokenStream) {
        if tokens.clone().into_iter().next().is_some_and(|token| token.to_string() == "doc") {
            return;
        }
        for token in tokens.clone() {
            let inner = match token {
                TokenTree::Group(group) => group.stream().into_iter().collect(),
                token => vec![token],
            };
            let texts = inner.iter().filter_map(|token| syn::parse_str::<syn::LitStr>(&token.to_string()).ok());
            let paths: Vec<_> = texts.filter_map(|text| text.parse::<syn::Path>().ok()).collect();
            for path in paths {
                self.read(path.to_token_stream());
            }
        }
        self.read(tokens);
    }

    fn word(&mut self, token: &TokenTree) {
        self.words.push((token.span().start().line, token.to_string()));
        self.line(token);
    }

    fn line(&mut self, token: &TokenTree) {
        self.lines.extend(token.span().start().line..=token.span().end().line);
    }
}

/// Every file that this one leads to, over others too.
fn reached<'a>(leads: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &'a str) -> BTreeSet<&'a str> {
    let (mut found, mut left) = (BTreeSet::new(), vec![start]);
    while let Some(file) = left.pop() {
        left.extend(leads.get(file).into_iter().flatten().copied().filter(|next| found.insert(*next)));
    }
    found
}

/// The item without what only tests have of it.
fn as_shipped(item: Item) -> Option<Item> {
    if is_of_tests(&item.to_token_stream()) {
        return None;
    }
    Some(match item {
        Item::Impl(mut item) => {
            item.items.retain(|inner: &ImplItem| !is_of_tests(&inner.to_token_stream()));
            Item::Impl(item)
        }
        item => item,
    })
}

fn is_of_tests(tokens: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let attributes = tokens.chunks(2).take_while(|pair| is(pair.first(), '#'));
    attributes.filter_map(|pair| pair.get(1)).any(|attribute| {
        let text: String = attribute.to_string().split_whitespace().collect();
        text == "[cfg(test)]" || text.starts_with("[cfg(all(test,")
    })
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn before(tokens: &[TokenTree], at: usize, by: usize) -> Option<&TokenTree> {
    at.checked_sub(by).and_then(|at| tokens.get(at))
}

fn is(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == sign)
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    is(tokens.get(at), ':') && is(tokens.get(at + 1), ':')
}
