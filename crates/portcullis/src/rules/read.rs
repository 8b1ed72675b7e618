//! Reading a file of rules: its shape, which keys go together, and that every rule says something.
//!
//! Knows no workspace but the one that may stand in the file: names are checked for being names, not for meaning
//! anything. A rule with a fault is left out, and the file with it is never handed out.

use std::collections::HashMap;

use super::{Claim, Except, Matter, Rule, Rules};
use crate::diagnostic::{Code, Report};
use crate::json::{Kind, Value};
use crate::limits::Limits;
use crate::read::{FileKind, Habit, Reader, first_line};
use crate::source::Span;
use crate::text::{counted, quoted};
use crate::tied::{Form, TiedReader, Word, key_of};
use crate::workspace::Files;

/// What is said of a file of rules as a whole.
pub(super) const FORM: Form = Form {
    kind: FileKind::Rules,
    called: "file of rules",
    briefly: "file",
    list: "rules",
    item: "rule",
    habits: &[
        Habit { written: "assertions", known: "rules" },
        Habit { written: "invariants", known: "rules" },
        Habit { written: "constraints", known: "rules" },
    ],
    most: |limits| (limits.statements, "max-statements"),
    looks_like: "a file of rules looks like {\"rules\": [{\"never\": {\"actions\": \"delete\", \
    \"resource\": \"workspace\"}, \"except\": {\"roles\": [\"admin\"]}}]}",
    nothing_listed: "so nothing could break them",
    nothing_named: "so nothing could break this rule",
    nothing: Code::NothingRuled,
    nothing_here: "nothing is ruled out here",
    nothing_help: "a rule is one of `never`, `separate`, `only` and `at-most`, about `actions` and `resource` or about a `role`",
    mixed: Code::MixedRule,
};

const RULE_KEYS: &[&str] =
    &["name", "never", "separate", "only", "at-most", "actions", "resource", "object", "role", "except"];

const RULE_HABITS: &[Habit] = &[
    Habit { written: "title", known: "name" },
    Habit { written: "rule", known: "name" },
    Habit { written: "nobody", known: "never" },
    Habit { written: "deny", known: "never" },
    Habit { written: "at_most", known: "at-most" },
    Habit { written: "atmost", known: "at-most" },
    Habit { written: "max", known: "at-most" },
    Habit { written: "exactly", known: "only" },
    Habit { written: "unless", known: "except" },
    Habit { written: "action", known: "actions" },
    Habit { written: "resources", known: "resource" },
    Habit { written: "id", known: "object" },
];

const MATTER_KEYS: &[&str] = &["actions", "resource", "object", "role"];

const EXCEPT_KEYS: &[&str] = &["roles", "groups", "members"];

const EXCEPT_HABITS: &[Habit] = &[
    Habit { written: "role", known: "roles" },
    Habit { written: "group", known: "groups" },
    Habit { written: "member", known: "members" },
    Habit { written: "subject", known: "members" },
    Habit { written: "subjects", known: "members" },
    Habit { written: "users", known: "members" },
];

/// What rules are told apart by.
const CLAIMS: [&str; 4] = ["never", "separate", "only", "at-most"];

/// Each side is compared with each other, and looked at for each set of roles.
const MOST_SIDES: usize = 64;

/// Reads the rules that a value is, as far as they can be read.
pub(crate) fn read_rules(root: Value<'_>, files: &dyn Files, limits: &Limits, report: &mut Report) -> Rules {
    let mut reader = RulesReader { reader: Reader::new(root.source(), limits, report) };
    let (tied, rules) = reader.whole(root, files, RulesReader::rule);
    reader.distinct(rules.iter().filter_map(|rule| rule.name.as_ref()), "two rules have the name");
    Rules { tied, rules }
}

struct RulesReader<'r> {
    reader: Reader<'r>,
}

impl<'r> TiedReader<'r> for RulesReader<'r> {
    const FORM: &'static Form = &FORM;

    fn reader(&mut self) -> &mut Reader<'r> {
        &mut self.reader
    }
}

impl RulesReader<'_> {
    fn rule(&mut self, value: Value<'_>) -> Option<Rule> {
        if !self.reader.object(value, "a rule") {
            return None;
        }
        let strange = self.known_keys(value, "a rule", RULE_KEYS, RULE_HABITS);
        let name = value.get("name").map(|name| self.word(name, "a rule's name"));
        let claims: Vec<Value<'_>> = CLAIMS.into_iter().filter_map(|claim| key_of(value, claim)).collect();
        let key = match claims[..] {
            [key] => key,
            [first, second, ..] => {
                self.mixed(
                    first,
                    second,
                    "a rule is one of `never`, `separate`, `only` and `at-most`: write two",
                );
                return None;
            }
            [] => {
                if !strange {
                    let brace = Span::new(value.span().start, value.span().start + 1);
                    self.nothing(brace, "this rule says nothing");
                }
                return None;
            }
        };
        let claim = self.claim(value, key, strange);
        let except = self.except(value, key);
        // A name with a fault was reported, and so is whatever else there is to say of the rule.
        let name = match name {
            Some(name) => Some(name?),
            None => None,
        };
        Some(Rule { name, claim: claim?, except: except?, span: key.span() })
    }

    fn claim(&mut self, rule: Value<'_>, key: Value<'_>, strange: bool) -> Option<Claim> {
        let name = key.text();
        let value = rule.get(&name)?;
        let outside = MATTER_KEYS.iter().find_map(|outside| key_of(rule, outside));
        if let (Some(outside), "never" | "separate") = (outside, &*name) {
            self.mixed(key, outside, &format!("what {} is about stands inside it", quoted(&name)));
            return None;
        }
        match &*name {
            "never" => {
                if !self.reader.object(value, "`never`") {
                    return None;
                }
                let strange = self.known_keys(value, "`never`", MATTER_KEYS, RULE_HABITS);
                self.matter(value, "`never`", strange).map(Claim::Never)
            }
            "separate" => self.sides(value),
            "only" => {
                let members = self.words(value, "`only`");
                let matter = self.matter(rule, "this rule", strange);
                let members = members?;
                self.distinct(members.iter(), "`only` lists twice");
                Some(Claim::Only(members, matter?))
            }
            _ => {
                let most = self.number(value);
                let matter = self.matter(rule, "this rule", strange);
                Some(Claim::AtMost(most?, matter?))
            }
        }
    }

    fn sides(&mut self, value: Value<'_>) -> Option<Claim> {
        if value.kind() != Kind::Array {
            self.reader.wrong_shape(value, "`separate`", "a list of two sides, or more");
            return None;
        }
        let count = value.elements().count();
        if count < 2 {
            self.nothing(value.span(), "`separate` has fewer than two sides, and nothing is kept apart");
            return None;
        }
        if count > MOST_SIDES {
            let span = first_line(&self.reader.source, value.span());
            let message = format!("{} where the limit is {MOST_SIDES}", counted(count, "side"));
            let fault = self.reader.fault(Code::OverLimit, span, message, "here");
            self.reader.push(fault.help("keep fewer apart in one rule"));
            return None;
        }
        let sides: Vec<(Matter, Span)> = value
            .elements()
            .filter_map(|side| {
                if !self.reader.object(side, "a side of `separate`") {
                    return None;
                }
                let strange = self.known_keys(side, "a side of `separate`", MATTER_KEYS, RULE_HABITS);
                Some((self.matter(side, "this side", strange)?, side.span()))
            })
            .collect();
        (sides.len() == count).then_some(Claim::Separate(sides))
    }

    /// `actions` and `resource`, and perhaps `object`; or `role`.
    fn matter(&mut self, object: Value<'_>, what: &str, strange: bool) -> Option<Matter> {
        let others = ["actions", "resource", "object"];
        if let Some(role) = object.get("role") {
            if let (Some(role), Some(other)) =
                (key_of(object, "role"), others.iter().find_map(|other| key_of(object, other)))
            {
                self.mixed(other, role, "a rule is about actions on resources, or about a role");
                return None;
            }
            return self.word(role, "`role`").map(Matter::Role);
        }
        let mut missing = false;
        for key in ["actions", "resource"] {
            if object.get(key).is_none() {
                missing = true;
                if !strange {
                    let help =
                        "say what it is about: `\"actions\": …, \"resource\": …`, or `\"role\": \"NAME\"`";
                    self.reader.missing_key(object, what, key, help);
                }
            }
        }
        let mut list = |key: &str| {
            let (value, key) = (object.get(key)?, quoted(key));
            self.some_words(value, &key)
        };
        let (actions, kinds) = (list("actions"), list("resource"));
        let object = match object.get("object") {
            Some(id) => Some(self.word(id, "`object`")?),
            None => None,
        };
        if missing { None } else { Some(Matter::Permissions { actions: actions?, kinds: kinds?, object }) }
    }

    fn except(&mut self, rule: Value<'_>, key: Value<'_>) -> Option<Except> {
        let Some(value) = rule.get("except") else { return Some(Except::default()) };
        if let (Some(except), "only") = (key_of(rule, "except"), &*key.text()) {
            self.mixed(key, except, "`only` names everybody who may: name these there too");
            return None;
        }
        if !self.reader.object(value, "`except`") {
            return None;
        }
        self.known_keys(value, "`except`", EXCEPT_KEYS, EXCEPT_HABITS);
        let mut list = |key: &str| {
            let Some(value) = value.get(key) else { return Some(Vec::new()) };
            let words = self.words(value, &quoted(key))?;
            self.distinct(words.iter(), &format!("{} lists twice", quoted(key)));
            Some(words)
        };
        let (roles, groups, members) = (list("roles"), list("groups"), list("members"));
        Some(Except { roles: roles?, groups: groups?, members: members? })
    }

    fn number(&mut self, value: Value<'_>) -> Option<usize> {
        let number = (value.kind() == Kind::Number).then(|| value.raw().parse().ok()).flatten();
        if number.is_none() && value.kind() != Kind::Fault {
            let found = if value.kind() == Kind::Number { value.raw() } else { value.kind_name() };
            let message =
                format!("`at-most` must be how many, 0 or more and at most {}, found {found}", u32::MAX);
            let span = first_line(&self.reader.source, value.span());
            let fault = self.reader.fault(Code::WrongShape, span, message, "expected a whole number");
            self.reader.push(fault);
        }
        number.map(|number: u32| number as usize)
    }

    /// Names that stand twice are a slip; those of rules tell them apart in reports that are compared from day to day.
    fn distinct<'w>(&mut self, words: impl Iterator<Item = &'w Word>, what: &str) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for word in words {
            if let Some(first) = seen.insert(&word.text, word.span) {
                let message = format!("{what} {}", quoted(&word.text));
                let fault = self.reader.fault(Code::DuplicateName, word.span, message, "again here");
                let fault = fault.also(&self.reader.source, first, "first here");
                self.reader.push(fault.help("take one of the two out, or give it a name of its own"));
            }
        }
    }
}
