//! regorus, a Rego engine: its interpreter, and its RVM, which runs bytecode compiled beforehand.
//!
//! Members and roles are data under nested objects, so that each step of the policy is a look-up by key: the roles of a member, and for each
//! role what it says about a type and an action. Rego has no order among rules, hence `denied` is a rule of its own; it is only looked at
//! where something allows. The input object is built for every question. Feature `arc` is on, as the RVM does not compile
//! without it; data and program are shared by reference, so nothing is copied for a question.

use std::collections::BTreeMap;

use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Rule};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine as Rego, Value};

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "nested objects looked up by key, input built for every question";

const POLICY: &str = r#"package field

default allow := false

allow if {
    some role in data.members[input.subject]
    data.roles[role].allow[input.resource][input.action]
    not denied
}

denied if {
    some role in data.members[input.subject]
    data.roles[role].deny[input.resource][input.action]
}
"#;

const ALLOW: &str = "data.field.allow";

fn object<K: Into<Value>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
    entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<BTreeMap<Value, Value>>().into()
}

fn data(field: &Field) -> Value {
    let role = |rules: &[Rule], deny: bool| {
        let mut says: BTreeMap<&str, BTreeMap<Value, Value>> = BTreeMap::new();
        for (action, kind) in rules.iter().filter(|rule| rule.deny == deny).flat_map(Rule::pairs) {
            says.entry(kind).or_default().insert(action.into(), true.into());
        }
        object(says.into_iter().map(|(kind, actions)| (kind, Value::from(actions))))
    };
    let roles = field.roles.iter().map(|it| {
        let says = object([("allow", role(&it.rules, false)), ("deny", role(&it.rules, true))]);
        (&*it.name, says)
    });
    // Members of the same role share its name.
    let names: Vec<Value> = field.roles.iter().map(|role| Value::from(&*role.name)).collect();
    let members = field.members().map(|(id, held)| {
        let held: Vec<Value> = held.iter().filter_map(|&role| names.get(role as usize)).cloned().collect();
        (id, Value::from(held))
    });
    object([("members", object(members)), ("roles", object(roles))])
}

fn input((subject, action, resource): Question<'_>) -> Value {
    object([("subject", subject.into()), ("action", action.into()), ("resource", Value::from(resource))])
}

fn loaded(field: &Field) -> Result<Rego, Trouble> {
    let mut engine = Rego::new();
    engine.add_policy("field.rego".to_owned(), POLICY.to_owned())?;
    engine.add_data(data(field))?;
    Ok(engine)
}

fn told(question: Question<'_>, answer: Result<Value, impl std::fmt::Display>) -> bool {
    match answer {
        Ok(Value::Bool(allowed)) => allowed,
        Ok(other) => broken(question, format!("{other} instead of true or false")),
        Err(error) => broken(question, error),
    }
}

/// Rules interpreted.
pub struct Interpreter(Rego);

impl Engine for Interpreter {
    fn load(field: &Field) -> Result<Self, Trouble> {
        loaded(field).map(Interpreter)
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        self.0.set_input(input(question));
        told(question, self.0.eval_rule(ALLOW.to_owned()))
    }
}

/// Rules compiled to bytecode.
pub struct Bytecode(RegoVM);

impl Engine for Bytecode {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut engine = loaded(field)?;
        let policy = engine.compile_with_entrypoint(&ALLOW.into())?;
        let program = Compiler::compile_from_policy(&policy, &[ALLOW]).map_err(|error| error.to_string())?;
        let mut vm = RegoVM::new();
        vm.load_program(program);
        vm.set_data(engine.get_data()).map_err(|error| error.to_string())?;
        Ok(Bytecode(vm))
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        self.0.set_input(input(question));
        told(question, self.0.execute())
    }
}
