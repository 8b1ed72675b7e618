//! Numbers, times and JSON, each against what its standard says and not against a float or a calendar of somebody's.

use std::cmp::Ordering;

use super::super::decimal::Decimal;
use super::super::moment::Moment;
use super::*;

#[test]
fn numbers_compare_by_what_they_come_to() {
    let ascending = [
        "-1e400",
        "-1e308",
        "-9007199254740993",
        "-9007199254740992",
        "-1.5",
        "-1",
        "-0.1e-9223372036854775808",
        "0",
        "0.1e-9223372036854775808",
        "1e-9223372036854775808",
        "0.1",
        "0.10000000000000000000000000000000000000001",
        "1",
        "9.99",
        "10",
        "9007199254740992",
        "9007199254740993",
        "1e308",
        "1e400",
        "1e9223372036854775807",
        "10e9223372036854775807",
    ];
    for (at, one) in ascending.iter().enumerate() {
        for (other_at, other) in ascending.iter().enumerate() {
            let order = Decimal::read(one).unwrap().cmp(&Decimal::read(other).unwrap());
            assert_eq!(order, at.cmp(&other_at), "{one} and {other}");
        }
    }
}

#[test]
fn a_number_has_many_spellings() {
    let same = |spellings: &[&str]| {
        let first = Decimal::read(spellings[0]).unwrap();
        for spelling in spellings {
            let read = Decimal::read(spelling).unwrap();
            assert_eq!((read.cmp(&first), &read), (Ordering::Equal, &first), "{spelling}");
        }
    };
    same(&["1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "0.001e3", "1000e-0003", "1.000"]);
    same(&["0", "-0", "0.0", "-0.000e5", "0e-9223372036854775808", "0E+9223372036854775807"]);
    same(&["-120", "-1.2e2", "-12e1", "-1200e-1", "-0.12e3"]);
    same(&["100e00000000000000000000000000001", "1e3"]);
    for beyond in ["1e9223372036854775808", "1e-9223372036854775809", "0e99999999999999999999"] {
        assert!(Decimal::read(beyond).is_none(), "{beyond}");
    }
}

#[test]
fn times_compare_across_offsets() {
    // Each line is one point in time; the lines ascend.
    let lines: [&[&str]; 12] = [
        &["0000-01-01T00:00:00Z", "0000-01-01T01:00:00+01:00"],
        &["0000-02-29T00:00:00Z"],
        &["1969-12-31T23:59:59Z"],
        &["1970-01-01T00:00:00Z", "1970-01-01t00:00:00z", "1969-12-31T16:00:00-08:00"],
        &["1970-01-01T00:00:00.0000000000000000000000001Z"],
        &["1970-01-01T00:00:00.1Z", "1970-01-01T00:00:00.1000Z"],
        &["1970-01-01T00:00:00.12Z"],
        &["1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z", "1996-12-20T00:39:57.000-00:00"],
        &["2000-02-29T23:59:59+00:00"],
        &["2000-03-01T00:00:00Z", "2000-02-29T23:59:60Z", "2000-02-29T18:29:60-05:30"],
        &["2000-03-01T00:00:00.5Z", "2000-02-29T23:59:60.5Z"],
        &["9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"],
    ];
    for (at, line) in lines.iter().enumerate() {
        for (other_at, other) in lines.iter().enumerate() {
            for (one, other) in line.iter().flat_map(|one| other.iter().map(move |other| (one, other))) {
                let order = Moment::read(one).unwrap().cmp(&Moment::read(other).unwrap());
                assert_eq!(order, at.cmp(&other_at), "{one} and {other}");
            }
        }
    }
    // The one known count: 719,528 days lie between the first of January of the year 0 and of 1970.
    let days = |text| format!("{:?}", Moment::read(text).unwrap());
    assert!(days("1970-01-01T00:00:00Z").contains(&(719_528_i64 * 86_400).to_string()));
}

#[test]
fn what_is_no_time() {
    let wrong = [
        "",
        "now",
        "2024-01-01",
        "12:00:00Z",
        "2024-01-01T12:00:00",
        "2024-01-01 12:00:00Z",
        "2024-01-01T12:00Z",
        "2024-01-01T12:00:00.Z",
        "2024-01-01T12:00:00,5Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T12:60:00Z",
        "2024-01-01T12:00:61Z",
        "2024-00-01T12:00:00Z",
        "2024-13-01T12:00:00Z",
        "2024-04-31T12:00:00Z",
        "2023-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2024-1-01T12:00:00Z",
        "+2024-01-01T12:00:00Z",
        "02024-01-01T12:00:00Z",
        "2024-01-01T12:00:00+24:00",
        "2024-01-01T12:00:00+01:60",
        "2024-01-01T12:00:00+0100",
        "2024-01-01T12:00:00+01",
        "2024-01-01T12:00:00ZZ",
        " 2024-01-01T12:00:00Z",
        "2024-01-01T12:00:00Z ",
        "2024-01-01T12:00:00é",
        "2024-01-01T12:0é:00Z",
        "２024-01-01T12:00:00Z",
    ];
    for text in wrong {
        assert!(Moment::read(text).is_none(), "{text:?}");
    }
}

#[test]
fn json_keeps_the_digits_and_refuses_what_it_would_have_to_guess() {
    let Json::List(read) = Json::read(r#" [1.50, -0, 1E400, "A", null, {"b": [true]}] "#).unwrap() else {
        panic!("no list")
    };
    let digits: Vec<&str> = read
        .iter()
        .filter_map(|one| if let Json::Number(digits) = one { Some(&**digits) } else { None })
        .collect();
    assert_eq!(digits, ["1.50", "-0", "1E400"]);
    assert!(read[3].same(&Json::Text("A".to_owned())));
    assert!(read[5].same(&Json::from(&json!({ "b": [true] }))));
    for wrong in
        ["", "[1,]", "01", "{\"a\":1,\"a\":1}", "{\"a\":{\"b\":1,\"\\u0062\":1}}", "[1] 2", "\"\\ud800\""]
    {
        assert!(Json::read(wrong).is_err(), "{wrong}");
    }
    let nested = |depth: usize| Json::read(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert!(nested(128).is_ok());
    assert!(nested(129).is_err());
}

#[test]
fn the_same_value_in_other_words() {
    let same = |one: &str, other: &str| Json::read(one).unwrap().same(&Json::read(other).unwrap());
    assert!(same(r#"{"a": [1, {"b": 2.0}], "c": null}"#, r#"{"c": null, "a": [1e0, {"b": 2}]}"#));
    for (one, other) in [
        ("[1, 2]", "[2, 1]"),
        ("[1]", "[1, 1]"),
        (r#"{"a": null}"#, "{}"),
        (r#"{"a": 1}"#, r#"{"b": 1}"#),
        ("1", "\"1\""),
        ("0", "false"),
        ("null", "false"),
        ("9007199254740993", "9007199254740992"),
        ("1e99999999999999999999", "1e99999999999999999999"),
    ] {
        assert!(!same(one, other), "{one} {other}");
        assert!(!same(other, one), "{other} {one}");
    }
}
