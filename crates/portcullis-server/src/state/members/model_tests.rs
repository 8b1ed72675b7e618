//! Members against maps that keep whole rows, through random arrivals, changes and departures.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_testkit::generate::Prng;

use super::*;

/// What members are, kept plainly.
#[derive(Default)]
struct Model {
    rows: BTreeMap<Id, Member>,
}

impl Model {
    fn by_name(&self) -> Vec<&Member> {
        let mut all: Vec<&Member> = self.rows.values().collect();
        all.sort_by(|one, other| one.folded.cmp(&other.folded));
        all
    }

    fn some_id(&self, prng: &mut Prng) -> Option<Id> {
        let at = prng.below(self.rows.len());
        self.rows.keys().nth(at).copied()
    }
}

fn id(prng: &mut Prng) -> Id {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&prng.bits().to_be_bytes());
    bytes[8..].copy_from_slice(&prng.bits().to_be_bytes());
    // Many begin alike, as nobody's would by chance.
    if prng.below(3) == 0 {
        bytes[..4].copy_from_slice(&[7, 7, 7, prng.below(2) as u8]);
    }
    Id::from_bytes(bytes)
}

fn role(prng: &mut Prng) -> Id {
    Id::from_bytes([prng.below(6) as u8 + 1; 16])
}

fn somebody(id: Id, name: &str, prng: &mut Prng) -> Member {
    let properties = match prng.below(8) {
        0 => Some(format!("{{\"n\": {}}}", prng.below(1_000))),
        1 if prng.below(40) == 0 => Some("x".repeat(prng.below(200_000))),
        _ => None,
    };
    Member {
        id,
        version: prng.bits() >> prng.below(64),
        subject: if prng.below(2) == 0 { name.to_owned() } else { name.to_uppercase() },
        folded: name.to_owned(),
        kind: if prng.below(4) == 0 { "service".to_owned() } else { "user".to_owned() },
        role: role(prng),
        properties,
        suspended: prng.below(5) == 0,
        created: prng.bits().cast_signed() >> prng.below(64),
    }
}

/// A name that nobody has, as the step is part of it; those before and after it differ late, early, or in the length.
fn name(step: usize, prng: &mut Prng) -> String {
    match prng.below(3) {
        0 => format!("someone.with.a.long.name.{step:06}@acme.example"),
        1 => format!("{step}é"),
        _ => format!("{:03}.{step}", prng.below(1_000)),
    }
}

fn rows<'m>(members: impl Iterator<Item = Membership<'m>>) -> Vec<Member> {
    members.map(Membership::to_row).collect()
}

/// Everything that can be asked.
fn compare(members: &Members, model: &Model, prng: &mut Prng) {
    assert_eq!(members.len(), model.rows.len());
    let named = model.by_name();
    assert!(members.by_name().map(Membership::to_row).eq(named.iter().copied().cloned()));
    let all: BTreeMap<Id, Member> = rows(members.iter()).into_iter().map(|row| (row.id, row)).collect();
    assert!(all == model.rows && members.iter().count() == all.len());
    assert!(members.iter().map(|member| member.number).is_sorted());
    for role in (0..8).map(|number| Id::from_bytes([number; 16])) {
        let expected = model.rows.values().filter(|row| row.role == role);
        let found: BTreeSet<Id> = members.with_role(role).map(|member| member.id).collect();
        assert_eq!(found, expected.map(|row| row.id).collect());
        assert_eq!(members.count_with_role(role), found.len());
    }
    for row in model.rows.values() {
        let found = members.get(&row.id).unwrap();
        assert_eq!(members.number(&row.id), Some(found.number));
        assert_eq!(members.named(&row.folded).map(|member| member.id), Some(row.id));
        assert_eq!(members.at(found.number).map(Membership::to_row).as_ref(), Some(row));
    }
    let stranger = id(prng);
    assert!(members.get(&stranger).is_none() && members.named("nobody").is_none());
    for at in (0..named.len()).step_by(1 + named.len() / 7) {
        let rest = rows(members.after(Some(&named[at].folded)));
        assert!(rest.iter().eq(named[at + 1..].iter().copied()));
        // A name that nobody has is after the one that it is longer than.
        let later = format!("{}\0", named[at].folded);
        assert!(rows(members.after(Some(&later))).iter().eq(named[at + 1..].iter().copied()));
    }
    assert_eq!(members.after(None).count(), named.len());
}

#[test]
fn members_are_those_of_a_map_whatever_comes_and_goes() {
    let mut prng = Prng::new(0x3e3b_e125);
    let (mut members, mut model) = (Members::default(), Model::default());
    compare(&members, &model, &mut prng);
    for step in 0..9_000 {
        // A crowd gathers, stays, and leaves.
        let (come, stay) = if step < 3_000 { (6, 9) } else { (2, 6) };
        match prng.below(10) {
            dice if dice < come => {
                let (id, name) = (id(&mut prng), name(step, &mut prng));
                let row = somebody(id, &name, &mut prng);
                members.put(&row).unwrap();
                model.rows.insert(row.id, row);
            }
            dice if dice < stay => {
                let Some(id) = model.some_id(&mut prng) else { continue };
                let is_renamed = prng.below(3) == 0;
                let name = if is_renamed { name(step, &mut prng) } else { model.rows[&id].folded.clone() };
                let row = somebody(id, &name, &mut prng);
                let number = members.number(&id);
                assert_eq!(members.put(&row), number);
                model.rows.insert(id, row);
            }
            _ => {
                let Some(id) = model.some_id(&mut prng) else { continue };
                assert!(members.remove(&id) && !members.remove(&id));
                model.rows.remove(&id);
            }
        }
        if step % 500 == 0 {
            compare(&members, &model, &mut prng);
        }
    }
    compare(&members, &model, &mut prng);
    for id in model.rows.keys() {
        assert!(members.remove(id));
    }
    model.rows.clear();
    compare(&members, &model, &mut prng);
    assert_eq!(members.records.weight(), (0, 0));
    assert!(members.owners.numbers.is_empty());
}

#[test]
fn naming_all_at_once_comes_to_what_naming_each_does() {
    let mut prng = Prng::new(0xa11);
    let (mut members, mut model) = (Members::default(), Model::default());
    for step in 0..3_000 {
        let (id, name) = (id(&mut prng), name(step, &mut prng));
        let row = somebody(id, &name, &mut prng);
        members.put_unnamed(&row).unwrap();
        model.rows.insert(row.id, row);
    }
    assert!(members.named(&model.by_name()[0].folded).is_none());
    members.name_all();
    compare(&members, &model, &mut prng);
    for id in model.rows.keys().copied().collect::<Vec<_>>() {
        if prng.below(2) == 0 {
            assert!(members.remove(&id));
            model.rows.remove(&id);
        }
    }
    members.name_all();
    compare(&members, &model, &mut prng);
}

#[test]
fn rows_are_read_as_they_are_written_whatever_they_say() {
    let mut members = Members::default();
    let usual = Member {
        id: Id::from_bytes([9; 16]),
        version: 0,
        subject: "ann".to_owned(),
        folded: "ann".to_owned(),
        kind: "user".to_owned(),
        role: Id::from_bytes([1; 16]),
        properties: None,
        suspended: false,
        created: 0,
    };
    let long = "ñ".repeat(70_000);
    for row in [
        Member { version: u64::MAX, created: i64::MIN, ..usual.clone() },
        Member { version: 127, created: -1, suspended: true, ..usual.clone() },
        Member { subject: String::new(), folded: String::new(), kind: String::new(), ..usual.clone() },
        Member { properties: Some(String::new()), ..usual.clone() },
        Member {
            subject: long.clone(),
            folded: "x".to_owned(),
            properties: Some(long.clone()),
            ..usual.clone()
        },
        Member { kind: long, role: Id::NIL, ..usual.clone() },
        usual,
    ] {
        members.put(&row).unwrap();
        assert_eq!(members.get(&row.id).map(Membership::to_row), Some(row.clone()));
        assert_eq!(members.named(&row.folded).map(|member| member.id), Some(row.id));
    }
    assert_eq!(members.len(), 1);
}

/// A thousand times so many as there are members.
#[test]
fn garbage_is_cleared_away_however_often_rows_are_written() {
    let mut prng = Prng::new(0x6a5b);
    for count in [1, 3, 2_000] {
        let (mut members, mut heaviest) = (Members::default(), 0);
        let ids: Vec<Id> = (0..count).map(|_| id(&mut prng)).collect();
        for step in 0..60_000 {
            let at = prng.below(count);
            let row =
                Member { properties: None, ..somebody(ids[at], &format!("u{at}@acme.example"), &mut prng) };
            members.put(&row).unwrap();
            let (bytes, garbage) = members.records.weight();
            heaviest = heaviest.max(bytes);
            assert!(2 * garbage <= bytes + 2 * 4_096, "{garbage} of {bytes} after {step}");
        }
        // At most half of it, in chunks of which one may be new.
        assert!(heaviest <= 2 * 90 * count + (80 << 10), "{heaviest} bytes for {count}");
        if count <= 3 {
            assert!(heaviest <= 16 << 10, "{heaviest} bytes for {count}");
        }
        assert_eq!(members.len(), count.min(members.iter().count()));
    }
}

#[test]
fn numbers_and_roles_are_given_out_again() {
    let mut prng = Prng::new(0xa6a1);
    let mut members = Members::default();
    for round in 0..200_u8 {
        let new: Vec<Id> = (0..10).map(|_| id(&mut prng)).collect();
        for (at, id) in new.iter().enumerate() {
            let name = format!("{round}.{at}");
            let row = Member { role: Id::from_bytes([round; 16]), ..somebody(*id, &name, &mut prng) };
            members.put(&row).unwrap();
        }
        assert_eq!(members.count_with_role(Id::from_bytes([round; 16])), 10);
        for id in new {
            members.remove(&id);
        }
    }
    assert_eq!((members.given, members.owners.roles.len()), (10, 1));
}

#[test]
fn a_member_takes_little_more_than_its_name() {
    let mut prng = Prng::new(0x5a11);
    let (mut members, count) = (Members::default(), 50_000);
    for number in 0..count {
        let name = format!("usr{number:07}@acme.corp.io");
        let row = Member {
            id: Id::from_bytes(
                [prng.bits().to_be_bytes(), prng.bits().to_be_bytes()].concat().try_into().unwrap(),
            ),
            version: 1,
            subject: name.clone(),
            folded: name,
            kind: "user".to_owned(),
            role: role(&mut prng),
            properties: None,
            suspended: false,
            created: 1_763_900_000_000,
        };
        members.put_unnamed(&row).unwrap();
    }
    members.name_all();
    let (bytes, garbage) = members.records.weight();
    assert!(bytes <= 52 * count && garbage == 0, "{} bytes a row", bytes / count);
    let owners = members.owners.roles.iter().map(|(_, members)| members.bytes()).sum::<usize>();
    let indexes = [members.places.bytes(), members.by_id.bytes(), members.by_name.bytes(), owners];
    let all = bytes + indexes.iter().sum::<usize>();
    assert!(all <= 80 * count, "{} bytes a member, of indexes {indexes:?}", all / count);
}
