//! The reader of fields against the generated one: what this accepts, that reads alike.

use proptest::prelude::*;
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use super::super::asked::{Asked, Search, of_batch, of_stream};
use super::super::proto;
use super::super::sent::{LEVELS, attribute};
use super::*;

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

fn value() -> impl Strategy<Value = Value> {
    let number =
        prop_oneof![any::<i32>().prop_map(f64::from), -1e9..1e9, Just(1e300), Just(5e-324), Just(-0.0)];
    let leaf = prop_oneof![
        Just(Kind::NullValue(0)),
        any::<bool>().prop_map(Kind::BoolValue),
        number.prop_map(Kind::NumberValue),
        text().prop_map(Kind::StringValue),
    ];
    let value = |kind| Value { kind: Some(kind) };
    leaf.prop_map(value).prop_recursive(4, 24, 4, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        let fields = prop::collection::btree_map(text(), inner, 0..4);
        prop_oneof![
            list.prop_map(move |values| value(Kind::ListValue(ListValue { values }))),
            fields.prop_map(move |fields| value(Kind::StructValue(Struct { fields }))),
        ]
    })
}

fn sent() -> impl Strategy<Value = Option<Struct>> {
    prop::option::of(prop::collection::btree_map(text(), value(), 0..4).prop_map(|fields| Struct { fields }))
}

prop_compose! {
    fn entity()(r#type in text(), id in text(), properties in sent()) -> proto::Entity {
        proto::Entity { r#type, id, properties }
    }
}

prop_compose! {
    fn action()(name in text(), properties in sent()) -> proto::Action {
        proto::Action { name, properties }
    }
}

prop_compose! {
    fn check()(
        subject in prop::option::of(entity()), action in prop::option::of(action()), resource in prop::option::of(entity()),
        context in sent(), explain in any::<bool>(),
    ) -> proto::CheckRequest {
        proto::CheckRequest { subject, action, resource, context, explain }
    }
}

/// What a Struct says, as JSON text; null members are as good as none.
fn json(sent: &Struct) -> serde_json::Value {
    fn value(one: &Value) -> serde_json::Value {
        match one.kind.as_ref().unwrap() {
            Kind::NullValue(_) => serde_json::Value::Null,
            Kind::NumberValue(number) => serde_json::json!(number),
            Kind::StringValue(text) => text.as_str().into(),
            Kind::BoolValue(holds) => (*holds).into(),
            Kind::StructValue(fields) => json(fields),
            Kind::ListValue(list) => list.values.iter().map(value).collect(),
        }
    }
    sent.fields.iter().map(|(key, one)| (key.clone(), value(one))).collect()
}

fn read_from_json(sent: &Struct) -> portcullis::condition::Attribute {
    let text = json(sent).to_string();
    portcullis::condition::Attribute::read(&portcullis::Source::new("sent", &*text)).unwrap()
}

/// What is asked, by the generated reader's message.
fn holds(asked: &Asked<'_>, check: &proto::CheckRequest) {
    let (subject, action) = (check.subject.as_ref().unwrap(), check.action.as_ref().unwrap());
    let resource = check.resource.as_ref().unwrap();
    let question = asked.question(None);
    assert_eq!(question.subject_type, Some(&*subject.r#type));
    assert_eq!(question.object, Some(&*resource.id));
    assert_eq!(
        (question.subject, question.action, question.resource),
        (&*subject.id, &*action.name, &*resource.r#type)
    );
    assert_eq!(asked.explains, check.explain);
    let found = [
        (question.subject_properties, &subject.properties),
        (question.action_properties, &action.properties),
        (question.object_properties, &resource.properties),
        (question.context, &check.context),
    ];
    for (found, sent) in found {
        let expected = sent.as_ref().map(read_from_json);
        assert_eq!(found.map(|value| value.to_string()), expected.map(|value| value.to_string()));
    }
}

fn is_complete(check: &proto::CheckRequest) -> bool {
    let entity = |part: &Option<proto::Entity>| {
        part.as_ref().is_some_and(|part| !part.r#type.is_empty() && !part.id.is_empty())
    };
    entity(&check.subject)
        && entity(&check.resource)
        && check.action.as_ref().is_some_and(|action| !action.name.is_empty())
}

proptest! {
    #[test]
    fn questions_are_read_as_the_generated_reader_reads_them(check in check()) {
        let bytes = check.encode_to_vec();
        match Asked::read(&bytes, true) {
            Ok(asked) => holds(&asked, &check),
            Err(failure) => prop_assert!(!is_complete(&check), "{}", failure.message),
        }
    }

    #[test]
    fn what_is_accepted_of_broken_bytes_is_read_alike(
        check in check(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = check.encode_to_vec();
        prop_assume!(!bytes.is_empty());
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let read = proto::CheckRequest::decode(&*bytes);
        if let Ok(asked) = Asked::read(&bytes, true) {
            let Ok(read) = read else { panic!("only this reader takes {bytes:?}") };
            holds(&asked, &read);
        }
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = (Asked::read(&bytes, true), Search::read(&bytes), of_batch(&bytes, 3), of_stream(&bytes));
        let _ = attribute(&bytes);
    }

    #[test]
    fn batches_and_streams_hold_their_questions(checks in prop::collection::vec(check(), 0..5), id in any::<u64>()) {
        let batch = proto::CheckBatchRequest { checks: checks.clone(), semantic: 2 }.encode_to_vec();
        let (read, semantic) = of_batch(&batch, 5).unwrap();
        prop_assert_eq!(semantic, crate::authzen::Semantic::PermitOnFirstPermit);
        prop_assert_eq!(read.len(), checks.len());
        for (read, check) in read.into_iter().zip(&checks) {
            prop_assert_eq!(read, check.encode_to_vec());
        }
        prop_assert!(checks.is_empty() || of_batch(&batch, checks.len() - 1).is_err());
        let check = checks.into_iter().next();
        let stream = proto::CheckStreamRequest { id, check: check.clone() }.encode_to_vec();
        let expected = check.map(|check| check.encode_to_vec()).unwrap_or_default();
        prop_assert_eq!(of_stream(&stream).unwrap(), (id, &*expected));
    }
}

#[test]
fn what_stands_twice_is_refused() {
    let subject = proto::Entity { r#type: "user".to_owned(), id: "a".to_owned(), properties: None };
    let one =
        proto::CheckRequest { subject: Some(subject), ..proto::CheckRequest::default() }.encode_to_vec();
    let message = |bytes: &[u8]| Asked::read(bytes, true).unwrap_err().message;
    assert_eq!(message(&one), "`action` is missing");
    assert_eq!(message(&[&*one, &*one].concat()), TWICE);
    // A string in an entity, twice.
    assert_eq!(message(&[0x0a, 6, 0x0a, 1, b'a', 0x0a, 1, b'b']), TWICE);
    // The entry of a key, twice in a Struct.
    let entry = [0x0a, 7, 0x0a, 1, b'k', 0x12, 2, 0x20, 1];
    assert_eq!(attribute(&entry).unwrap().to_string(), r#"{"k": true}"#);
    assert!(attribute(&[entry, entry].concat()).unwrap_err().contains("twice"));
}

#[test]
fn depth_is_bounded_and_numbers_are_finite() {
    let nested = |levels: usize| {
        let mut inner = Struct::default();
        for _ in 1..levels {
            let value = Value { kind: Some(Kind::StructValue(inner)) };
            inner = Struct { fields: [("a".to_owned(), value)].into() };
        }
        inner.encode_to_vec()
    };
    assert!(attribute(&nested(LEVELS)).is_ok());
    assert!(attribute(&nested(LEVELS + 1)).unwrap_err().contains("deeper"));
    for number in [f64::NAN, f64::INFINITY] {
        let value = Value { kind: Some(Kind::NumberValue(number)) };
        let sent = Struct { fields: [("a".to_owned(), value)].into() }.encode_to_vec();
        assert!(attribute(&sent).unwrap_err().contains("finite"));
    }
    let nothing = Struct { fields: [("a".to_owned(), Value { kind: None })].into() }.encode_to_vec();
    assert!(attribute(&nothing).is_err());
}

#[test]
fn bytes_that_are_no_message_are_told_apart() {
    let fault = |bytes: &[u8]| Fields::of(bytes).next().unwrap_err();
    assert_eq!(fault(&[0x0a]), CUT);
    assert_eq!(fault(&[0x0a, 2, b'a']), CUT);
    assert_eq!(fault(&[0x09, 1, 2]), CUT);
    assert_eq!(fault(&[0x0d, 1]), CUT);
    assert_eq!(fault(&[0x80]), CUT);
    assert!(fault(&[0x02, 1]).contains("number that no field"));
    assert!(fault(&[0x0b]).contains("kind"));
    assert!(fault(&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]).contains("64 bits"));
    let most = [0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert_eq!(Fields::of(&most).next(), Ok(Some((1, Held::Varint(u64::MAX)))));
}
