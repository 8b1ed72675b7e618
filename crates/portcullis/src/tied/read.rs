//! Reading what files tied to a workspace share: the head, the list as a list, and the names in it.
//!
//! The two kinds of file say the same things in words of their own, which stand in a [`Form`]. A reader of either kind
//! is a [`TiedReader`], and has the steps that both take; what an item may say, and which names must not stand twice, are
//! its own. Names are checked for being names, not for meaning anything.

use std::sync::Arc;

use super::{Meant, Tied, Word};
use crate::diagnostic::{Code, Report, Severity};
use crate::json::{Kind, Tape, Value};
use crate::limits::Limits;
use crate::read::{FileKind, Habit, Reader, first_line, fits};
use crate::source::{Source, Span};
use crate::text::quoted;
use crate::workspace::{Files, read_workspace};

/// One kind of file: its keys, its bound, and its words for what both kinds get wrong.
pub(crate) struct Form {
    pub(crate) kind: FileKind,
    /// What such a file is called in messages, in full.
    pub(crate) called: &'static str,
    /// What it is called where it is clear which is meant.
    pub(crate) briefly: &'static str,
    /// The key of its list.
    pub(crate) list: &'static str,
    /// What one of the list is called.
    pub(crate) item: &'static str,
    /// Keys that authors write by habit.
    pub(crate) habits: &'static [Habit],
    /// How long the list may be, and the flag that raises it.
    pub(crate) most: fn(&Limits) -> (usize, &'static str),
    /// For whoever gave something that is not even an object.
    pub(crate) looks_like: &'static str,
    /// What comes of a list with nothing in it.
    pub(crate) nothing_listed: &'static str,
    /// What comes of an item that names nothing where it should.
    pub(crate) nothing_named: &'static str,
    /// The fault of saying nothing, what stands at its place, and what to do.
    pub(crate) nothing: Code,
    pub(crate) nothing_here: &'static str,
    pub(crate) nothing_help: &'static str,
    /// The fault of two keys that do not go together.
    pub(crate) mixed: Code,
}

/// Reads a text that should be a file of some form. Of an empty one says what such a file looks like, and not what a
/// policy document does.
pub(crate) fn read_text<T>(
    source: &Arc<Source>,
    limits: &Limits,
    form: &Form,
    read: impl FnOnce(Value<'_>, &mut Report) -> T,
) -> Result<(T, Report), Report> {
    let mut report = Report::new();
    if !fits(source, limits.document_bytes, "max-document-bytes", &mut report) {
        return Err(report);
    }
    let Some(tape) = Tape::read(source, limits, &mut report) else {
        let Some(empty) = report.iter().find(|fault| fault.code == Code::EmptyText) else {
            return Err(report);
        };
        let mut told = Report::new();
        told.push(empty.clone().help(form.looks_like));
        return Err(told);
    };
    let file = read(tape.root(), &mut report);
    report.sorted().finish(file)
}

/// A reader of one kind of file.
pub(crate) trait TiedReader<'r> {
    /// The kind of file.
    const FORM: &'static Form;

    fn reader(&mut self) -> &mut Reader<'r>;

    /// The whole file, each of its list read by `item`. `files` brings what a workspace inside it names.
    fn whole<T>(
        &mut self,
        root: Value<'_>,
        files: &dyn Files,
        mut item: impl FnMut(&mut Self, Value<'_>) -> Option<T>,
    ) -> (Tied, Vec<T>) {
        let Form { called, briefly, list, habits, .. } = Self::FORM;
        let source = Arc::clone(root.source());
        let mut tied = Tied { source, span: root.span(), meant: Meant::Faulty, briefly };
        let what = format!("a {called}");
        if self.another_kind(root) || !self.reader().object(root, &what) {
            return (tied, Vec::new());
        }
        let strange = self.known_keys(root, &what, &["workspace", list], habits);
        tied.meant = match root.get("workspace") {
            Some(value) => read_meant(value, self.reader(), files),
            // It may stand under the key that is not known.
            None if strange => Meant::Faulty,
            None => Meant::Unnamed,
        };
        let Some(items) = root.get(list) else {
            if !strange {
                let help = format!("add `\"{list}\": […]`");
                self.reader().missing_key(root, &format!("this {called}"), list, &help);
            }
            return (tied, Vec::new());
        };
        if items.kind() != Kind::Array {
            self.reader().wrong_shape(items, &format!("`{list}`"), &format!("a list of {list}"));
            return (tied, Vec::new());
        }
        let count = items.elements().count();
        if count == 0 {
            let message = format!("`{list}` is an empty list, {}", Self::FORM.nothing_listed);
            self.nothing(items.span(), &message);
        }
        let (most, flag) = (Self::FORM.most)(self.reader().limits);
        if !self.reader().within(count, most, Self::FORM.item, flag, items.span()) {
            return (tied, Vec::new());
        }
        (tied, items.elements().filter_map(|value| item(self, value)).collect())
    }

    /// Whether this is another of the product's files; one message is then enough.
    fn another_kind(&mut self, root: Value<'_>) -> bool {
        let Form { kind, called, list, looks_like, .. } = Self::FORM;
        let (found, help) = match FileKind::of(root) {
            // A list of statements, it may be; whoever wants a file of this kind more likely wrote the list in it.
            _ if root.kind() == Kind::Array => ("a list", (*looks_like).to_owned()),
            Some(found) if found != *kind => (found.called(), format!("a {called} has `{list}`")),
            _ => return false,
        };
        let reader = self.reader();
        let span = first_line(&reader.source, root.span());
        let fault = reader.fault(Code::UnknownKind, span, format!("this is {found}, not a {called}"), "");
        reader.push(fault.help(help));
        true
    }

    /// Reports unknown keys and says whether there were any: what is missing may then stand under one of them.
    fn known_keys(&mut self, object: Value<'_>, what: &str, known: &[&str], habits: &[Habit]) -> bool {
        let reader = self.reader();
        let before = reader.report.count(Severity::Error);
        reader.known_keys(object, what, known, habits);
        reader.report.count(Severity::Error) > before
    }

    fn word(&mut self, value: Value<'_>, what: &str) -> Option<Word> {
        read_word(value, what, self.reader())
    }

    /// A name, or a list of names.
    fn words(&mut self, value: Value<'_>, what: &str) -> Option<Vec<Word>> {
        if value.is_text() {
            return self.word(value, what).map(|word| vec![word]);
        }
        let reader = self.reader();
        if value.kind() != Kind::Array {
            reader.wrong_shape(value, what, "a name or a list of names");
            return None;
        }
        let count = value.elements().count();
        if !reader.within(count, reader.limits.list_names, "name", "max-names", value.span()) {
            return None;
        }
        let item = format!("a name in {what}");
        let words: Vec<Word> = value.elements().filter_map(|element| self.word(element, &item)).collect();
        (words.len() == count).then_some(words)
    }

    /// The same, and not an empty list.
    fn some_words(&mut self, value: Value<'_>, what: &str) -> Option<Vec<Word>> {
        let words = self.words(value, what)?;
        if words.is_empty() {
            let message = format!("{what} is an empty list, {}", Self::FORM.nothing_named);
            self.nothing(value.span(), &message);
            return None;
        }
        Some(words)
    }

    /// Whatever a workspace says, this says nothing of it.
    fn nothing(&mut self, span: Span, message: &str) {
        let reader = self.reader();
        let span = first_line(&reader.source, span);
        let fault = reader.fault(Self::FORM.nothing, span, message, Self::FORM.nothing_here);
        reader.push(fault.help(Self::FORM.nothing_help));
    }

    /// Two keys do not go together.
    fn mixed(&mut self, first: Value<'_>, second: Value<'_>, help: &str) {
        let reader = self.reader();
        let message = format!("{} and {} do not go together", quoted(&first.text()), quoted(&second.text()));
        let fault = reader.fault(Self::FORM.mixed, second.span(), message, "beside this");
        let fault = fault.also(&reader.source, first.span(), "there is this");
        reader.push(fault.help(help));
    }
}

/// A path, or the workspace itself.
fn read_meant(value: Value<'_>, reader: &mut Reader<'_>, files: &dyn Files) -> Meant {
    if value.kind() == Kind::Object {
        let workspace = read_workspace(value, files, reader.limits, &mut *reader.report);
        return workspace.map_or(Meant::Faulty, |workspace| Meant::Own(Box::new(workspace)));
    }
    if !value.is_text() {
        reader.wrong_shape(value, "`workspace`", "the path of a workspace file, or a workspace");
        return Meant::Faulty;
    }
    read_word(value, "the path of the workspace", reader).map_or(Meant::Faulty, Meant::File)
}

fn read_word(value: Value<'_>, what: &str, reader: &mut Reader<'_>) -> Option<Word> {
    let name = reader.name(value, what)?;
    Some(Word { text: Box::from(&*name), span: value.span() })
}

/// The key itself, for its place.
pub(crate) fn key_of<'t>(object: Value<'t>, name: &str) -> Option<Value<'t>> {
    object.members().map(|(key, _)| key).find(|key| key.text() == name)
}
