//! Edits in any order: after each, the matrix is valid and says what a fresh one would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis_matrix::*;
use proptest::prelude::*;

/// One edit; numbers mean something whatever they are, modulo what there is.
#[derive(Clone, Debug)]
enum Edit {
    AddRole(u32, u32, u8),
    ReplaceRole(usize, u32, u32, u8),
    RemoveRole(usize),
    AddSubject(Vec<usize>),
    Assign(usize, Vec<usize>),
    Suspend(usize),
    Vacate(usize),
    Resume,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let held = || prop::collection::vec(any::<usize>(), 0..4);
    let edit = prop_oneof![
        2 => (any::<u32>(), 0..90_u32, any::<u8>()).prop_map(|(a, b, c)| Edit::AddRole(a, b, c)),
        3 => (any::<usize>(), any::<u32>(), 0..90_u32, any::<u8>())
            .prop_map(|(at, a, b, c)| Edit::ReplaceRole(at, a, b, c)),
        2 => any::<usize>().prop_map(Edit::RemoveRole),
        4 => held().prop_map(Edit::AddSubject),
        6 => (any::<usize>(), held()).prop_map(|(at, held)| Edit::Assign(at, held)),
        1 => any::<usize>().prop_map(Edit::Suspend),
        1 => any::<usize>().prop_map(Edit::Vacate),
        1 => Just(Edit::Resume),
    ];
    prop::collection::vec(edit, 1..60)
}

fn planes(permissions: u32, start: u32, length: u32, bits: u8) -> RolePlanes {
    let mut planes = RolePlanes::new(permissions);
    let start = start % permissions;
    let range = start..(start + length).min(permissions);
    for flag in Cell::from_bits_truncate(bits).iter() {
        let plane = match flag {
            Cell::ALLOW => planes.allow_mut(),
            Cell::DENY => planes.deny_mut(),
            Cell::ALLOW_IF => planes.allow_if_mut(),
            _ => planes.deny_if_mut(),
        };
        plane.insert_range(range.clone());
    }
    planes
}

/// What the edits should have come to, in plain values.
#[derive(Default)]
struct Model {
    roles: Vec<(RoleId, RolePlanes)>,
    /// Roles of each subject by id, from 1; nothing for one who is vacant or suspended.
    subjects: Vec<Option<Vec<RoleId>>>,
}

impl Model {
    fn pick(&self, numbers: &[usize]) -> Vec<RoleId> {
        let role = |number: &usize| self.roles.get(number % self.roles.len().max(1)).map(|(id, _)| *id);
        numbers.iter().filter_map(role).collect()
    }

    fn held(&self, role: RoleId) -> bool {
        self.subjects.iter().flatten().flatten().any(|held| *held == role)
    }

    fn verdict(&self, subject: usize, permission: PermissionId) -> Verdict {
        let held = self.subjects[subject].iter().flatten();
        let planes = held.filter_map(|role| self.roles.iter().find(|(id, _)| id == role));
        planes.fold(Cell::empty(), |cell, (_, planes)| cell | planes.cell(permission)).verdict()
    }
}

fn run(permissions: u32, layout: Layout, edits: &[Edit]) {
    let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
    let mut builder = MatrixBuilder::new(lineage, schema, permissions, layout, 5).unwrap();
    let mut model = Model::default();
    for edit in edits {
        let before = builder.matrix().clone();
        let told: Vec<Vec<_>> = (0..before.subjects())
            .map(|id| before.permissions_of(SubjectId::from_u32(id)).collect())
            .collect();
        match edit {
            Edit::AddRole(start, length, bits) => {
                let planes = planes(permissions, *start, *length, *bits);
                let role = builder.add_role(planes.clone()).unwrap();
                assert!(model.roles.iter().all(|(id, _)| *id != role), "{role:?} is taken");
                model.roles.push((role, planes));
            }
            Edit::ReplaceRole(at, start, length, bits) => {
                let Some(at) = at.checked_rem(model.roles.len()) else { continue };
                let planes = planes(permissions, *start, *length, *bits);
                builder.replace_role(model.roles[at].0, planes.clone()).unwrap();
                model.roles[at].1 = planes;
            }
            Edit::RemoveRole(at) => {
                let Some(at) = at.checked_rem(model.roles.len()) else { continue };
                let role = model.roles[at].0;
                if model.held(role) {
                    assert_eq!(builder.remove_role(role), Err(BuildError::RoleHeld { role }));
                } else {
                    builder.remove_role(role).unwrap();
                    model.roles.remove(at);
                    assert!(builder.matrix().role(role).is_none());
                }
            }
            Edit::AddSubject(numbers) => {
                let held = model.pick(numbers);
                let set = builder.add_set(&held).unwrap();
                let subject = builder.add_subject(set).unwrap();
                model.subjects.push(Some(held));
                assert_eq!(subject.id().index(), model.subjects.len(), "ids are never given out again");
            }
            Edit::Assign(at, numbers) => {
                let Some(at) = at.checked_rem(model.subjects.len()) else { continue };
                let held = model.pick(numbers);
                builder.assign(SubjectId::new(at + 1).unwrap(), &held).unwrap();
                model.subjects[at] = Some(held);
            }
            Edit::Suspend(at) | Edit::Vacate(at) => {
                let Some(at) = at.checked_rem(model.subjects.len()) else { continue };
                let subject = SubjectId::new(at + 1).unwrap();
                let suspend = matches!(edit, Edit::Suspend(_));
                if suspend { builder.suspend(subject) } else { builder.vacate(subject) }.unwrap();
                model.subjects[at] = None;
                let expected = if suspend { SetId::SUSPENDED } else { SetId::EMPTY };
                assert_eq!(builder.matrix().set_of(subject), expected);
            }
            Edit::Resume => builder = MatrixBuilder::resume(builder.build(), 17),
        }
        let matrix = builder.matrix();
        assert_eq!(matrix.validate(), Ok(()), "after {edit:?}");
        for subject in 0..model.subjects.len() {
            for permission in (0..permissions).step_by(3).map(PermissionId::from_u32) {
                let id = SubjectId::new(subject + 1).unwrap();
                assert_eq!(matrix.verdict(id, permission), model.verdict(subject, permission), "{edit:?}");
            }
        }
        // Whoever holds the matrix of before sees no change.
        let says = (0..before.subjects())
            .map(|id| before.permissions_of(SubjectId::from_u32(id)).collect::<Vec<_>>());
        assert!(says.eq(told), "a matrix was changed by {edit:?}");
    }
    // Sets are those of a fresh matrix, but those that were added and are held by nobody.
    let mut fresh = MatrixBuilder::new(lineage, schema, permissions, layout, 9).unwrap();
    for (_, planes) in &model.roles {
        fresh.add_role(planes.clone()).unwrap();
    }
    for held in model.subjects.iter().flatten() {
        let ids = held.iter().map(|role| model.roles.iter().position(|(id, _)| id == role).unwrap());
        fresh.add_set(&ids.map(|id| RoleId::new(id).unwrap()).collect::<Vec<_>>()).unwrap();
    }
    assert_eq!(builder.matrix().sets(), fresh.matrix().sets());
    assert_eq!(builder.matrix().pages(), fresh.matrix().pages());
    assert_eq!(builder.matrix().roles(), fresh.matrix().roles());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_edits_the_matrix_is_that_of_a_fresh_build(
        edits in edits(),
        permissions in prop_oneof![1..64_u32, 64..512_u32, 513..1_500_u32],
    ) {
        run(permissions, Layout::Auto, &edits);
        run(permissions, Layout::Paged, &edits);
    }
}

#[test]
fn edits_that_fail_change_nothing() {
    let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
    let mut builder = MatrixBuilder::new(lineage, schema, 10, Layout::Auto, 0).unwrap();
    let role = builder.add_role(planes(10, 0, 3, 1)).unwrap();
    let set = builder.add_set(&[role]).unwrap();
    let ann = builder.add_subject(set).unwrap().id();
    let (nobody, nothing) = (SubjectId::from_u32(9), RoleId::from_u32(9));
    let subject = SubjectId::UNKNOWN;
    assert_eq!(builder.vacate(subject), Err(BuildError::UnknownSubject { subject, subjects: 2 }));
    assert!(builder.suspend(nobody).is_err() && builder.assign(nobody, &[role]).is_err());
    assert_eq!(builder.assign(ann, &[nothing]), Err(BuildError::UnknownRole { role: nothing, roles: 1 }));
    assert!(builder.replace_role(nothing, RolePlanes::new(10)).is_err());
    assert!(builder.replace_role(role, RolePlanes::new(11)).is_err());
    assert_eq!(builder.remove_role(role), Err(BuildError::RoleHeld { role }));
    assert!(builder.remove_role(nothing).is_err());
    assert_eq!(builder.matrix().roles_of(ann), [role]);
    assert_eq!(builder.matrix().validate(), Ok(()));
    assert_eq!((builder.matrix().sets(), builder.matrix().subjects()), (2, 2));
}

/// Rows get a second plane with the first role that has conditions; what was handed out before stays as it was.
#[test]
fn the_first_conditions_find_room_in_every_layout() {
    let permissions = 130;
    for (layout, subjects) in [(Layout::Flat, 10), (Layout::Flat, 40_000), (Layout::Paged, 10)] {
        let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
        let mut builder = MatrixBuilder::new(lineage, schema, permissions, layout, 7).unwrap();
        let allow = planes(permissions, 60, 10, Cell::ALLOW.bits());
        let roles: Vec<RoleId> = (0..16).map(|_| builder.add_role(allow.clone()).unwrap()).collect();
        let held = |number: usize| {
            let bits = number % 65_535 + 1;
            (0..16).filter(|role| bits >> role & 1 == 1).map(|role| roles[role]).collect::<Vec<_>>()
        };
        for number in 0..subjects {
            let set = builder.add_set(&held(number)).unwrap();
            builder.add_subject(set).unwrap();
        }
        let before = builder.matrix().clone();
        let narrow = before.bytes();
        let read = PermissionId::from_u32(65);
        let verdicts = |matrix: &Matrix| -> Vec<Verdict> {
            (1..=subjects as u32).map(|id| matrix.verdict(SubjectId::from_u32(id), read)).collect()
        };
        assert_eq!(verdicts(&before), vec![Verdict::Allow; subjects]);

        // One role denies under conditions, which opens what all others grant; another way round, and back.
        for (bits, expected) in [
            (Cell::DENY_IF, Verdict::Open),
            (Cell::ALLOW_IF, Verdict::Allow),
            (Cell::DENY | Cell::DENY_IF, Verdict::Deny),
            (Cell::DENY_IF, Verdict::Open),
            (Cell::empty(), Verdict::Allow),
        ] {
            builder.replace_role(roles[0], planes(permissions, 60, 10, bits.bits())).unwrap();
            let matrix = builder.matrix();
            for (number, verdict) in verdicts(matrix).into_iter().enumerate() {
                let alone = held(number) == [roles[0]];
                let holds = held(number).contains(&roles[0]);
                let cell = matrix.cell(SubjectId::from_u32(number as u32 + 1), read);
                assert_eq!(verdict, cell.verdict());
                assert_eq!(verdict, if !alone && holds { expected } else { cell.verdict() });
            }
            if subjects < 100 {
                assert_eq!(matrix.validate(), Ok(()));
            }
        }
        assert_eq!(verdicts(&before), vec![Verdict::Allow; subjects]);
        assert_eq!(before.bytes(), narrow);
        // Subjects, sets and edits after that find the second plane, too.
        let last = builder.add_role(planes(permissions, 0, 5, Cell::ALLOW_IF.bits())).unwrap();
        builder.assign(SubjectId::from_u32(1), &[last]).unwrap();
        assert_eq!(
            builder.matrix().verdict(SubjectId::from_u32(1), PermissionId::from_u32(4)),
            Verdict::Open
        );
        builder.assign(SubjectId::from_u32(1), &[roles[3]]).unwrap();
        let resumed = MatrixBuilder::resume(builder.build(), 3);
        assert_eq!(
            resumed.matrix().verdict(SubjectId::from_u32(1), PermissionId::from_u32(4)),
            Verdict::Deny
        );
    }
}

/// Without conditions there is one plane, with them two: what that costs is told, and no more than that.
#[test]
fn a_matrix_without_conditions_keeps_one_plane() {
    let bytes = |conditions: bool| {
        let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
        let mut builder = MatrixBuilder::new(lineage, schema, 64, Layout::Flat, 7).unwrap();
        let bits = if conditions { Cell::ALLOW_IF } else { Cell::ALLOW };
        let roles: Vec<RoleId> =
            (0..15).map(|at| builder.add_role(planes(64, at, 3, bits.bits())).unwrap()).collect();
        for number in 1..1_usize << 15 {
            let held: Vec<RoleId> = roles
                .iter()
                .enumerate()
                .filter(|(at, _)| number >> at & 1 == 1)
                .map(|(_, role)| *role)
                .collect();
            builder.add_set(&held).unwrap();
        }
        builder.build().bytes()
    };
    let (one, two) = (bytes(false), bytes(true));
    let rows = (1 << 15) * 8;
    assert!((rows..rows * 11 / 10).contains(&(two - one)), "{one} {two}");
}
