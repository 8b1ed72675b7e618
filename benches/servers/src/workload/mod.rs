//! The workload: a workspace, questions as AuthZEN bodies, and the answer expected of each, made from a seed.
//!
//! Roles, members and single questions are those of `benches/src/field.rs`: Hightouch's five roles, members with one role of their own and up to two
//! through groups, ids of 23 bytes, ten types × nine actions; one question in 16 is about a stranger, one in 64 names an unknown action and as
//! many an unknown type. A batch is what an interface asks that draws a page for somebody: all 90 pairs of an action and a type about one subject,
//! in an order of its own, every resource with an id of its own. The caller is none of them: an administrator's key may ask about anybody.
//!
//! Each form of body is there twice, since Cerbos knows no members: once without and once with the subject's roles. Before anything is written
//! each decision of the library, on the very text of the workspace file, is compared with a naive reading of the rules.

pub mod cerbos;
mod text;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use portcullis::{NoFiles, Snapshot, Source, Workspace};
use portcullis_benches::arguments::about;
use portcullis_benches::field::{Field, Role, id_of};
use portcullis_testkit::generate::Prng;
use serde_json::Value;

use crate::Trouble;

/// The type of every subject: what a member is whose type is not said.
const USER: &str = "user";

/// The role that strangers have in bodies with roles, as Cerbos refuses to decide about somebody without.
const NOBODY: &str = "stranger";

/// Ids of objects are numbers below this.
const OBJECTS: usize = 100_000;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Members of the workspace.
    pub members: usize,
    /// Distinct single evaluations.
    pub singles: usize,
    /// Distinct batches of 90 evaluations.
    pub batches: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { members: 1_000, singles: 8_192, batches: 1_024 }
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The id of who asks.
    pub subject: String,
    /// What they want to do.
    pub action: String,
    /// The type of what they want to do it to, and its id.
    pub resource: (String, String),
}

/// A request: its body, and the decisions that it is expected to earn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// JSON.
    pub body: Vec<u8>,
    /// A decision for each evaluation.
    pub expected: Vec<bool>,
}

/// Bodies of one form, by the name of their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// One evaluation a request.
    Singles,
    /// 90 evaluations a request.
    Batches,
    /// One evaluation, with the subject's roles.
    SinglesWithRoles,
    /// 90 evaluations, with the subject's roles.
    BatchesWithRoles,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 4] = [Form::Singles, Form::Batches, Form::SinglesWithRoles, Form::BatchesWithRoles];

    /// The name on command lines and, without its ending, of the files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Singles => "singles",
            Form::Batches => "batches",
            Form::SinglesWithRoles => "singles-with-roles",
            Form::BatchesWithRoles => "batches-with-roles",
        }
    }

    /// The form of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Where requests of this form are posted.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Form::Singles | Form::SinglesWithRoles => "/access/v1/evaluation",
            Form::Batches | Form::BatchesWithRoles => "/access/v1/evaluations",
        }
    }
}

/// Makes the workload and writes it into a folder: `workspace.json`, a `.jsonl` of bodies and an `.expected` of decisions for each form, and
/// `cerbos/` with policies that decide the same.
///
/// # Errors
/// When the library and the naive reading differ, or a file cannot be written.
pub fn write(folder: &Path, sizes: Sizes) -> Result<(), Trouble> {
    fs::create_dir_all(folder).map_err(about(folder))?;
    let field = Field::new(sizes.members, portcullis_benches::field::FIVE.len())?;
    let text = text::workspace(&field)?;
    let file = folder.join("workspace.json");
    fs::write(&file, &text).map_err(about(&file))?;
    let judge = Judge::new(&field, text)?;

    let mut prng = Prng::new(0x05e7_7e75);
    let stream = field.stream(sizes.singles);
    let mut singles = Vec::with_capacity(sizes.singles);
    for ((subject, action, kind), &expected) in stream.questions().into_iter().zip(stream.expected()) {
        let question = question(subject, action, kind, &mut prng);
        if judge.decide(&question)? != expected {
            return Err(format!("the stream expects {expected} of {question:?}, and the rules do not").into());
        }
        singles.push((question, expected));
    }
    let mut batches = Vec::with_capacity(sizes.batches);
    for _ in 0..sizes.batches {
        let stranger = if prng.below(16) == 0 { field.count() } else { 0 };
        let subject = id_of(stranger + prng.below(field.count()));
        let mut grid: Vec<(&str, &str)> = Vec::new();
        for kind in field.vocabulary().types() {
            grid.extend(field.vocabulary().actions().into_iter().map(|action| (action, kind)));
        }
        for last in (1..grid.len()).rev() {
            grid.swap(last, prng.below(last + 1));
        }
        let mut asked = Vec::with_capacity(grid.len());
        for (action, kind) in grid {
            let question = question(&subject, action, kind, &mut prng);
            let expected = judge.decide(&question)?;
            asked.push((question, expected));
        }
        batches.push((subject, asked));
    }

    for form in Form::ALL {
        let roles = |subject: &str| match form {
            Form::SinglesWithRoles | Form::BatchesWithRoles => Some(judge.roles(subject)),
            Form::Singles | Form::Batches => None,
        };
        let requests: Vec<Request> = match form {
            Form::Singles | Form::SinglesWithRoles => singles
                .iter()
                .map(|(asked, expected)| single(asked, roles(&asked.subject), *expected))
                .collect(),
            Form::Batches | Form::BatchesWithRoles => {
                batches.iter().map(|(subject, asked)| batch(subject, roles(subject), asked)).collect()
            }
        };
        save(folder, form, &requests)?;
    }
    cerbos::write(&folder.join("cerbos"), &field)
}

/// Writes the workspace file alone, for who measures what a large one takes.
///
/// # Errors
/// When it does not compile or cannot be written.
pub fn write_workspace(file: &Path, members: usize) -> Result<(), Trouble> {
    let field = Field::new(members, portcullis_benches::field::FIVE.len())?;
    fs::write(file, text::workspace(&field)?).map_err(about(file))
}

fn question(subject: &str, action: &str, kind: &str, prng: &mut Prng) -> Question {
    let id = prng.below(OBJECTS).to_string();
    Question { subject: subject.to_owned(), action: action.to_owned(), resource: (kind.to_owned(), id) }
}

/// Knows what is right, by the library and by the rules.
struct Judge<'f> {
    snapshot: Snapshot,
    field: &'f Field,
    held: HashMap<&'f str, &'f [u32]>,
}

impl<'f> Judge<'f> {
    fn new(field: &'f Field, text: String) -> Result<Self, Trouble> {
        let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)?;
        let (snapshot, _) = workspace.compile()?;
        Ok(Judge { snapshot, field, held: field.members().collect() })
    }

    fn held(&self, subject: &str) -> impl Iterator<Item = &'f Role> {
        self.field.named(self.held.get(subject).copied().unwrap_or(&[]))
    }

    fn roles(&self, subject: &str) -> Vec<&'f str> {
        let held: Vec<&str> = self.held(subject).map(|role| &*role.name).collect();
        if held.is_empty() { vec![NOBODY] } else { held }
    }

    /// What library and rules say, if that is the same.
    fn decide(&self, asked: &Question) -> Result<bool, Trouble> {
        let (kind, _) = &asked.resource;
        let library = self.snapshot.check(&asked.subject, &asked.action, kind).is_allowed();
        let mut allowed = false;
        let mut denied = false;
        for rule in self.held(&asked.subject).flat_map(|role| &role.rules) {
            if rule.pairs().any(|pair| pair == (&*asked.action, &**kind)) {
                allowed |= !rule.deny;
                denied |= rule.deny;
            }
        }
        if library == (allowed && !denied) {
            return Ok(library);
        }
        Err(format!("the library says {library} of {asked:?}, and the rules do not").into())
    }
}

/// A subject as JSON. What these functions write is plain letters, digits and signs, in the order in which people write it; a body that is no JSON
/// would earn a 400 at the first server.
fn subject(id: &str, roles: Option<Vec<&str>>) -> String {
    match roles {
        Some(roles) => format!(
            r#"{{"type":"{USER}","id":"{id}","properties":{{"cerbos.roles":["{}"]}}}}"#,
            roles.join(r#"",""#)
        ),
        None => format!(r#"{{"type":"{USER}","id":"{id}"}}"#),
    }
}

fn wanted(asked: &Question) -> String {
    let Question { action, resource: (kind, id), .. } = asked;
    format!(r#""action":{{"name":"{action}"}},"resource":{{"type":"{kind}","id":"{id}"}}"#)
}

fn single(asked: &Question, roles: Option<Vec<&str>>, expected: bool) -> Request {
    let body = format!(r#"{{"subject":{},{}}}"#, subject(&asked.subject, roles), wanted(asked));
    Request { body: body.into_bytes(), expected: vec![expected] }
}

fn batch(who: &str, roles: Option<Vec<&str>>, asked: &[(Question, bool)]) -> Request {
    let items: Vec<String> = asked.iter().map(|(asked, _)| format!("{{{}}}", wanted(asked))).collect();
    let body = format!(r#"{{"subject":{},"evaluations":[{}]}}"#, subject(who, roles), items.join(","));
    let expected = asked.iter().map(|(_, expected)| *expected).collect();
    Request { body: body.into_bytes(), expected }
}

fn save(folder: &Path, form: Form, requests: &[Request]) -> Result<(), Trouble> {
    let (mut bodies, mut answers) = (Vec::new(), String::new());
    for request in requests {
        bodies.extend_from_slice(&request.body);
        bodies.push(b'\n');
        answers.extend(request.expected.iter().map(|&one| if one { '1' } else { '0' }));
        answers.push('\n');
    }
    let file = folder.join(format!("{}.jsonl", form.name()));
    fs::write(&file, bodies).map_err(about(&file))?;
    let file = folder.join(format!("{}.expected", form.name()));
    fs::write(&file, answers).map_err(about(&file))
}

/// Reads the requests of a form back.
///
/// # Errors
/// When a file cannot be read, or the two do not fit.
pub fn read(folder: &Path, form: Form) -> Result<Vec<Request>, Trouble> {
    let file = folder.join(format!("{}.jsonl", form.name()));
    let bodies = fs::read_to_string(&file).map_err(about(&file))?;
    let file = folder.join(format!("{}.expected", form.name()));
    let answers = fs::read_to_string(&file).map_err(about(&file))?;
    let (bodies, answers): (Vec<&str>, Vec<&str>) = (bodies.lines().collect(), answers.lines().collect());
    if bodies.is_empty() || bodies.len() != answers.len() {
        let (requests, answers) = (bodies.len(), answers.len());
        return Err(format!(
            "expected as many answers as requests, found {requests} requests and {answers} answers"
        )
        .into());
    }
    let request = |(body, answers): (&str, &str)| {
        let expected = answers.bytes().map(|one| one == b'1').collect();
        Request { body: body.as_bytes().to_vec(), expected }
    };
    Ok(bodies.into_iter().zip(answers).map(request).collect())
}

/// The questions of single evaluations, for transports that have other shapes.
///
/// # Errors
/// When a body is none.
pub fn questions(requests: &[Request]) -> Result<Vec<(Question, bool)>, Trouble> {
    let mut questions = Vec::with_capacity(requests.len());
    for request in requests {
        let body: Value = serde_json::from_slice(&request.body)?;
        let text = |pointer: &str| {
            let found = body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| Trouble::from(format!("a body has no text at {pointer}")))
        };
        let asked = Question {
            subject: text("/subject/id")?,
            action: text("/action/name")?,
            resource: (text("/resource/type")?, text("/resource/id")?),
        };
        questions.push((asked, request.expected.first().copied().unwrap_or(false)));
    }
    Ok(questions)
}

#[cfg(test)]
mod tests;
