//! The table of codes: one entry each, in the order of their numbers.
//!
//! P00.. are faults of the text, P01.. of a policy document, P02.. of its meaning under a schema,
//! P03.. of a workspace, P04.. of a schema, P05.. of a test suite, P07.. of a plan's columns. A new code takes the next number of its hundred; a number
//! P03.. of a workspace, P04.. of a schema, P05.. of a test suite, P08.. of a file of rules. A new code takes the next number of its hundred; a number
//! P03.. of a workspace, P04.. of a schema, P05.. of a test suite,
//! P06.. of an edit, P09.. are findings about what compiles. A new code takes the next number of its hundred; a number
//! is never used again. A text that earns each code stands in `examples.rs`.

use super::Severity::{Error, Note, Warning};
use super::code::{Entry, codes};

codes! {
    /// The bytes are not UTF-8 text.
    InvalidUtf8 = Entry::new("P0001", Error, "not UTF-8",
        "Policies are UTF-8 text. Editors on some systems save UTF-16 or an older encoding; save the file as UTF-8.");
    /// There is nothing to read.
    EmptyText = Entry::new("P0002", Error, "empty text",
        "A file without a JSON value says nothing, not even that everything is denied. An empty policy is written as a document with an empty list.");
    /// A comma after the last item.
    TrailingComma = Entry::new("P0003", Error, "trailing comma",
        "JavaScript allows a comma after the last item, JSON does not; a published example of this language has one. Remove it.");
    /// A comment in JSON.
    Comment = Entry::new("P0004", Error, "comment",
        "JSON has no comments, and tools that drop them disagree about where they end. Say what a role is for in its name, or in a file beside it.");
    /// Curly quotes in place of straight ones.
    SmartQuotes = Entry::new("P0005", Error, "smart quotes",
        r##"Word processors and web pages turn `"` into curly quotes. JSON knows only the straight one; replace them all."##);
    /// Text in single quotes.
    SingleQuotes = Entry::new("P0006", Error, "single quotes",
        "JSON takes text in double quotes only.");
    /// A bare word that is no JSON value.
    UnquotedText = Entry::new("P0007", Error, "text without quotes",
        "Keys and text stand in double quotes; the only bare words of JSON are true, false and null, in lower case.");
    /// A bracket or a quote that is never closed.
    Unclosed = Entry::new("P0008", Error, "never closed",
        "Something was opened and the text, or the line in the case of a string, ended first. Often the end of a file was cut off in copying.");
    /// Two items without a comma between them.
    MissingComma = Entry::new("P0009", Error, "missing comma",
        "Items of lists and objects are kept apart by commas.");
    /// A character that has no meaning where it stands.
    UnexpectedToken = Entry::new("P0010", Error, "unexpected character",
        "The text is not JSON at this place. The message says what was expected.");
    /// A backslash or control character that JSON does not allow in text.
    BadEscape = Entry::new("P0011", Error, "bad escape",
        "Inside quotes a backslash starts one of the escapes of JSON, and control characters must be written as escapes.");
    /// A number that is not JSON.
    BadNumber = Entry::new("P0012", Error, "bad number",
        "JSON numbers have no leading zero or plus sign, and digits on both sides of a point.");
    /// Text after the end of the document.
    TextAfterEnd = Entry::new("P0013", Error, "text after the end",
        "A file holds one JSON value. Several documents are several files.");
    /// Lists and objects nest deeper than the limit.
    TooDeep = Entry::new("P0014", Error, "nested too deep",
        "Nesting is bounded, 64 levels unless `--max-nesting` says otherwise and 512 at most, so that no text can exhaust a reader. Real documents need four.");
    /// A key that stands twice in one object.
    DuplicateKey = Entry::new("P0015", Error, "duplicate key",
        "Programs disagree about which of two equal keys counts, so a document with one would mean different things to different readers.");
    /// Something passes a limit.
    OverLimit = Entry::new("P0016", Error, "over a limit",
        "Everything that comes from outside is bounded. The message names the limit and the flag of the command line that raises it, where one does.");
    /// None of the product's files.
    UnknownKind = Entry::new("P0017", Error, "unknown kind of file",
        "A file's kind is told by its keys: a policy document has `policies`, a schema `resources`, a workspace `members`, a test suite `tests`, a file of rules `rules`.");
    /// A value of another kind than the format has there.
    WrongShape = Entry::new("P0101", Error, "wrong kind of value",
        "The message says what was expected and what was found.");
    /// A key that the format requires is absent.
    MissingKey = Entry::new("P0102", Error, "missing key",
        "Nothing is assumed: a statement without an effect neither allows nor denies.");
    /// A key that the format does not have.
    UnknownKey = Entry::new("P0103", Error, "unknown key",
        "A misspelt key must not change what a document means, so keys that are not known are refused instead of ignored.");
    /// A statement that stands alone.
    BareStatement = Entry::new("P0104", Error, "statement without its document",
        "What web pages show is often one statement. A policy document wraps statements in a version and a list.");
    /// A version other than the language's.
    UnknownVersion = Entry::new("P0105", Error, "unknown version",
        "The version names the language, whose meaning never changes. There is one so far.");
    /// An effect other than allow and deny.
    UnknownEffect = Entry::new("P0106", Error, "unknown effect",
        "The effect is `allow` or `deny`, in lower case.");
    /// A name that is empty, too long or holds what it may not.
    IllegalName = Entry::new("P0107", Error, "illegal name",
        "Names have 1 to 512 bytes of Unicode text. Names of actions and resource types hold no `*`, which makes patterns.");
    /// Conditions that say nothing.
    EmptyConditions = Entry::new("P0108", Error, "empty conditions",
        r##"An empty object could be read as always or as never. Leave `conditions` out, or write `"*"`, when there is no condition."##);
    /// An operator that the language does not have.
    UnknownOperator = Entry::new("P0110", Error, "unknown operator",
        "Conditions have six operators: `equals`, `in`, `notin`, `greaterthan`, `lessthan` and `exists`. A test that was passed over would make an allow mean more than what is written.");
    /// An operand that the operator could never compare with.
    WrongOperand = Entry::new("P0111", Error, "wrong operand",
        "`equals` takes a string, a number, true or false; `in` and `notin` a list of these; `greaterthan` and `lessthan` a number or a time as RFC 3339 writes it; `exists` true or false. All but `exists` take another attribute, as in `{\"ref\": \"subject.email\"}`. A test with anything else would be unknown for ever: an allow would never apply and a deny always.");
    /// A reference that names no attribute.
    BadReference = Entry::new("P0112", Error, "reference that names no attribute",
        "A reference is a path of up to 32 parts with one dot between them. It starts at `subject`, `resource`, `action` or `context`, else at the resource. Ids, types, the action's name and the clock have nothing inside.");
    /// An action that the schema does not have.
    UnknownAction = Entry::new("P0201", Error, "unknown action",
        "A name that means nothing grants nothing and, in a deny, protects nothing; either way it is not what was meant.");
    /// A resource type that the schema does not have.
    UnknownResource = Entry::new("P0202", Error, "unknown resource type",
        "A name that means nothing grants nothing and, in a deny, protects nothing; either way it is not what was meant.");
    /// A name that another type covers.
    CoveredName = Entry::new("P0203", Error, "covered name in a document",
        "Some names are questions only: API keys, for example, are decided as `workspace`. A document that names one would mean all of the covering type, more than it says, so it has to say so.");
    /// Another name of a type.
    Alias = Entry::new("P0204", Warning, "alias",
        "Aliases keep published documents working. New ones read better with the schema's own name.");
    /// A statement names pairs that do not exist.
    Inadmissible = Entry::new("P0205", Warning, "pair that the schema does not admit",
        "Not every action makes sense on every type: `start` is for syncs. Such pairs are no permissions, so naming them grants nothing.");
    /// An allow none of whose pairs exists.
    GrantsNothing = Entry::new("P0206", Warning, "statement that grants nothing",
        "The statement has no effect at all. It is either a slip or a leftover.");
    /// A deny none of whose pairs exists.
    ProtectsNothing = Entry::new("P0207", Error, "deny that protects nothing",
        "Somebody believes that something is protected which is not. That is worse than a statement without effect, so it is an error.");
    /// A pattern without a match; an error in a deny.
    NoMatch = Entry::new("P0208", Warning, "pattern that matches nothing",
        "Patterns match the schema's own names, not aliases; case matters and `*` is any run of characters, also none. In a deny a pattern without a match would protect nothing, so there it is an error.");
    /// A list without names; an error in a deny.
    EmptyList = Entry::new("P0209", Warning, "empty list",
        "An empty list selects nothing. In a deny it would protect nothing, so there it is an error.");
    /// A type that the schema reserves.
    ReservedType = Entry::new("P0210", Note, "reserved type",
        "The vendor lists the type but nothing uses it yet. It compiles and decides like any other; the note is there so that nobody relies on it.");
    /// An attribute that the schema does not declare.
    UndeclaredAttribute = Entry::new("P0211", Error, "undeclared attribute",
        "A type that declares attributes in the schema may be asked about those alone, and so may subjects once the schema declares some of theirs. A misspelt attribute is missing of everything: an allow would never apply and a deny always. Mend the name, or declare the attribute.");
    /// An operator or an operand that does not suit the declared type.
    OperandOfOtherType = Entry::new("P0212", Error, "comparison that the declared type does not allow",
        "The schema declares what the values of an attribute are, and these could never be compared so: the test would be unknown for ever, an allow would never apply and a deny always.");
    /// A member or group with a role that does not exist.
    UnknownRole = Entry::new("P0301", Error, "unknown role",
        "Roles are those under `roles` and, with the built-in schema, `admin`, `editor` and `viewer`.");
    /// A group lists somebody who is not a member.
    UnknownMember = Entry::new("P0302", Error, "group member who is no member",
        "Groups add roles to members; whoever is not a member is denied everything, so listing them would promise what is not given.");
    /// The default role does not exist.
    UnknownDefaultRole = Entry::new("P0303", Error, "unknown default role",
        "Members that name no role get the default role, so it has to exist.");
    /// A member names no role and there is no default role.
    NoRole = Entry::new("P0304", Error, "member without a role",
        "Every member has exactly one role of their own. Name one, or set `default_role`.");
    /// A role with the name of a built-in role or its alias.
    BuiltInRole = Entry::new("P0305", Error, "built-in role redefined",
        "`admin`, `editor`, `viewer` and its alias `reader` mean what their vendor publishes; a workspace that redefined them would mislead everybody who knows them.");
    /// Another name of a built-in role.
    RoleAlias = Entry::new("P0306", Warning, "alias of a role",
        "The page calls the role Viewer and its JSON Reader; `viewer` is its name here.");
    /// Two members, roles, groups or objects of one name.
    DuplicateName = Entry::new("P0307", Error, "name used twice",
        "One of the two would silently win.");
    /// A stored object whose type the schema does not have.
    UnknownObjectType = Entry::new("P0308", Error, "object of an unknown type",
        "Stored objects take a type's own name; aliases and covered names are for questions.");
    /// A file that a workspace names cannot be read.
    UnreadableFile = Entry::new("P0309", Error, "file that cannot be read",
        "Paths are relative to the workspace file. The message says what the system said.");
    /// A schema name that is neither built in nor a path.
    UnknownSchema = Entry::new("P0310", Error, "unknown built-in schema",
        "A name without `/` and `.json` is a built-in schema; anything else is a path.");
    /// A type, alias, covered name or action that stands twice.
    NameUsedTwice = Entry::new("P0401", Error, "name used twice in a schema",
        "A name is a type, an alias or a covered name, once; otherwise a question could mean two things.");
    /// A type that admits no action.
    NoActions = Entry::new("P0402", Error, "type without actions",
        "A type without actions has no permission, so nothing could ever be said about it.");
    /// A status other than reserved.
    UnknownStatus = Entry::new("P0403", Error, "unknown status",
        "The only status is `reserved`.");
    /// Administration names a type that does not exist.
    UnknownAdministration = Entry::new("P0404", Error, "unknown administration type",
        "`administration` says which types administer the workspace itself; both must be types of the schema.");
    /// An attribute of an unknown type or origin.
    BadAttribute = Entry::new("P0405", Error, "bad attribute declaration",
        "An attribute is a string, number, boolean, time, list or object, and comes from stored, request or either. Its path is the keys down to it with dots between them; `id` and `type` are the entity's own and need no declaration.");
    /// The compiler ran out of numbers.
    OutOfNumbers = Entry::new("P0406", Error, "out of numbers",
        "Roles, sets of roles and permissions are numbered in 32 bits, and a process can make four billion compilations. The message says which.");
    /// A type that looks as if it administered, and does not.
    NoAdministration = Entry::new("P0407", Note, "a type `workspace` that administers nothing",
        "Who may change a stored workspace is said by the types that `administration` names. Without it a type `workspace` is a type like others, and the reserved types `portcullis.workspace` and `portcullis.membership` administer, which no wildcard reaches.");
    /// A test or a suite that asks nothing.
    NothingTested = Entry::new("P0501", Error, "test that asks nothing",
        "A test that asks nothing passes whatever the roles say, and somebody relies on it.");
    /// Keys that say two different things about one test.
    MixedTest = Entry::new("P0502", Error, "keys that do not go together",
        "A test says what some may and may not, or what exactly they may, or who exactly may do one thing. It is about members or about roles held alone. Each is a test of its own.");
    /// A permission that both may and may not be granted.
    Contradiction = Entry::new("P0503", Error, "test that contradicts itself",
        "What must be allowed and denied at once is never as expected. Names that overlap are a common cause: `*` holds every other name, and a covered name is its type.");
    /// A pair that no role could grant.
    NeverAdmitted = Entry::new("P0504", Error, "test of a pair that the schema does not admit",
        "Such a pair is denied to everybody whatever the roles say: expecting a deny could not fail, and expecting an allow could not pass.");
    /// Somebody who is no member.
    Stranger = Entry::new("P0505", Warning, "test of somebody who is no member",
        "Whoever is no member is denied everything. That may be what is tested, of somebody who left; of a misspelt id it tests nothing.");
    /// A suspended member of whom only denials are expected.
    SuspendedMember = Entry::new("P0506", Warning, "test of what a suspended member may not",
        r##"Whoever is suspended is denied everything, so saying what they may not passes whatever the roles say. `"grid": {}` tests the suspension itself and fails once it is lifted; a test of their roles tests what they would come back to."##);
    /// A pattern, or a group's or a role's name, where members are meant.
    NotAMember = Entry::new("P0507", Error, "pattern, group or role in place of a member",
        "A test names members by their ids. Anything else that stands in their place would be somebody who is no member, who is denied everything, and so a test that expects denials could not fail.");
    /// An edit of a role, group or member that does not exist.
    NotThere = Entry::new("P0601", Error, "edit of what is not there",
        "A running workspace was to be edited, and the role, group or member that the edit names does not exist. Nothing was changed.");
    /// A role that is to be removed while somebody has it.
    RoleInUse = Entry::new("P0602", Error, "role in use",
        "A role can be removed when nobody has it: no member as their own, no group, and it is not the default role. Taking it from its holders in silence would deny them what they do for a living. Nothing was changed.");
    /// A key of a map of columns that is no attribute of an object, or that stands for one twice.
    ColumnAttribute = Entry::new("P0701", Error, "no attribute of the object",
        "A map of columns says where the attributes of an object are. What is the subject's, the action's or the request's is known before any row is looked at, and the type is the one that was asked.");
    /// A column's name that no database takes.
    ColumnName = Entry::new("P0702", Error, "bad name of a column",
        "Names of columns are quoted when they are put into SQL, so any will do that the database has: not an empty one, and none with a NUL. A list holds names that qualify each other. PostgreSQL cuts longer names than 63 bytes short, which may make them another column's.");
    /// An attribute without a column.
    NoColumn = Entry::new("P0703", Error, "no column for an attribute",
        "The conditions that remain read this attribute of the object, and the map of columns does not say where it is. An attribute of another object that the row refers to is a column of a join.");
    /// What a dialect does not say exactly.
    NotInSql = Entry::new("P0704", Error, "not to be said in SQL",
        "A plan in SQL is true of just the rows that a check allows. What a database would round, or compare in another way than a condition does, is refused. The plan as a tree says it all the same.");
    /// A column's type that is not known, or not what the schema declares.
    ColumnType = Entry::new("P0705", Error, "type of a column",
        "How values are compared depends on what they are. The schema's declaration counts; where there is none the map may say it, and else it is what the attribute is compared with, if that tells.");
    /// A rule that no workspace could break.
    NothingRuled = Entry::new("P0801", Error, "rule that could not be broken",
        "A rule that always holds is worse than none, since somebody relies on it. An empty list, one side alone and names that the schema admits on none of the types rule out nothing: mend them, or take them out.");
    /// Keys that do not go together in one rule.
    MixedRule = Entry::new("P0802", Error, "keys that do not go together in a rule",
        "A rule is one of `never`, `separate`, `only` and `at-most`, about actions on resources or about a role. Write two rules for two things.");
    /// Sides that one permission is on both of.
    OverlappingSides = Entry::new("P0803", Error, "sides that overlap",
        "Two sides of `separate` are kept apart in one pair of hands. Whoever may what is on both sides would break the rule by that alone: the rule would say that nobody may, which is what `never` is for.");
    /// A group that the workspace does not have.
    UnknownGroup = Entry::new("P0804", Error, "unknown group in a rule",
        "A rule excepts the members of groups by the names that stand under `groups` in the workspace. Excepting a group that is not there excepts nobody.");
    /// A rule names somebody who is no member.
    UnknownSubject = Entry::new("P0805", Error, "somebody in a rule who is no member",
        "A rule names members by their ids. Somebody who left is to be taken out of the rule, so that nobody who comes to have the id later is excepted by it.");
    /// A rule about an object that is not stored.
    UnknownObject = Entry::new("P0806", Error, "object in a rule that is not stored",
        "A rule about one object names its one resource type and the id of an object that the workspace stores. Without `object` a rule is about all of them, stored or not.");
    /// A statement that an earlier one repeats.
    RepeatedStatement = Entry::new("P0901", Warning, "statement that stands twice",
        "Two statements of a document say the same: the same effect on the same permissions under the same condition, however they are written. One of them can go. Left in, it misleads whoever changes the other and wonders why nothing happens.");
    /// A statement that can be removed without any decision changing.
    IdleStatement = Entry::new("P0902", Warning, "statement that changes nothing",
        "Without the statement every decision stays the same, whatever other roles somebody holds. An allow changes nothing where other allows of the document grant all of it, or denies of the document take all of it away. A deny changes nothing only where other denies of the document cover it: that the document grants nothing there makes it no less a deny of what other roles grant. Where there are conditions, the others must apply whenever this one does: without a condition, under the same, or under some of its tests. All statements that are reported can be removed together.");
    /// A list of actions that names all of them.
    ListOfAll = Entry::new("P0903", Note, "list of actions that equals `*` today",
        "The list names every action that the schema admits on these types. That is as good as `\"*\"` today, and differs once the schema gains an action: `\"*\"` then covers it and the list does not. Which of the two is meant only the author knows; a list is the careful choice in an allow, and `\"*\"` in a deny.");
    /// A role that says what another says.
    EqualRole = Entry::new("P0904", Warning, "role equal to another",
        "Two roles grant and deny the same, under conditions that come to the same, so that one can stand in for the other whatever else somebody holds. Two names for one thing drift apart: somebody changes one and believes to have changed both.");
    /// A role that another role contains.
    ContainedRole = Entry::new("P0905", Note, "role contained in another",
        "The other role says all that this one says: it grants whatever this one grants and denies whatever this one denies. Whoever holds it needs this one no more. That is often as it should be, a reader beside an editor; the note names the smallest such role. Built-in roles and roles that grant everything contain every role, more or less, and are not named.");
    /// A role that nobody has.
    UnusedRole = Entry::new("P0906", Warning, "role that nobody has",
        "No member has the role as their own, no group brings it, and it is not the default role. It decides nothing, and waits for somebody to be given it by mistake. In a workspace without members, which is a collection of roles, nothing is unused.");
    /// A group that nobody is in.
    UnusedGroup = Entry::new("P0907", Warning, "group that nobody is in",
        "A group without members gives its roles to nobody.");
    /// A condition that is true of no question.
    NeverHolds = Entry::new("P0908", Warning, "condition that can never hold",
        "Whatever is asked, the condition is never true: its tests exclude each other, or what the statement is about excludes them. An allow under it grants nothing. A deny under it denies nothing, or only where something that it reads is unknown, which nobody can have meant in this way.");
    /// A condition that restricts nothing.
    AlwaysHolds = Entry::new("P0909", Warning, "condition that always holds",
        "Whatever is asked, the statement applies. Somebody wrote the condition to restrict it, and it does not: an allow is given to more than was meant. That makes it a warning, though nothing changes if the condition is left out.");
    /// A deny that also denies what has no such attribute.
    DenyOfMissing = Entry::new("P0910", Warning, "deny that reads what may be missing",
        "A deny applies where its condition is unknown, and a test of a missing attribute is unknown. So this one denies every object without the label too, and every question on the type alone. Missing data never opens the gate, but here it may close more than was meant. With `\"exists\": true` beside it, the test spares what is known to have no such attribute; what is unknown stays denied. To say that what has none is to be denied, write a deny of its own with `\"exists\": false`.");
    /// A group that changes nothing for any member.
    IdleGroup = Entry::new("P0911", Warning, "group that adds nothing",
        "Every member of the group has all that its roles grant through their own role and other groups, and its denies take nothing from anybody in it. Whoever removes somebody from it believes to have taken something from them.");
}
