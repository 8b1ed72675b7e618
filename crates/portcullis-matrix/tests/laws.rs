//! Random matrices: both layouts, the batch, and both searches say what the plan says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod plan;

use plan::plans;
use portcullis_matrix::*;
use proptest::prelude::*;

fn permissions(matrix: &Matrix) -> impl Iterator<Item = PermissionId> + use<> {
    (0..matrix.permissions()).map(PermissionId::from_u32)
}

fn subjects(matrix: &Matrix) -> impl Iterator<Item = SubjectId> + use<> {
    (0..matrix.subjects()).map(SubjectId::from_u32)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_layouts_say_what_the_plan_says(plan in plans(512)) {
        let flat = plan.build(Layout::Flat);
        let paged = plan.build(Layout::Paged);
        prop_assert_eq!(flat.validate(), Ok(()));
        prop_assert_eq!(paged.validate(), Ok(()));
        prop_assert_eq!(flat.sets(), paged.sets());
        for subject in 0..flat.subjects() + 2 {
            for permission in 0..plan.permissions + 70 {
                let expected = plan.verdict(subject, permission);
                let (subject, permission) = (SubjectId::from_u32(subject), PermissionId::from_u32(permission));
                prop_assert_eq!(flat.verdict(subject, permission), expected);
                prop_assert_eq!(paged.verdict(subject, permission), expected);
            }
        }
    }

    #[test]
    fn wide_schemas_say_what_the_plan_says(plan in plans(3_000)) {
        let matrix = plan.build(Layout::Auto);
        prop_assert_eq!(matrix.validate(), Ok(()));
        for subject in 0..matrix.subjects() + 1 {
            for permission in (0..plan.permissions + 600).step_by(7) {
                let expected = plan.verdict(subject, permission);
                let (subject, permission) = (SubjectId::from_u32(subject), PermissionId::from_u32(permission));
                prop_assert_eq!(matrix.verdict(subject, permission), expected);
            }
        }
    }

    #[test]
    fn what_and_who_agree_with_the_verdict_cell_by_cell(plan in plans(700)) {
        let matrix = plan.build(Layout::Auto);
        for subject in subjects(&matrix) {
            let what: Vec<_> = matrix.permissions_of(subject).collect();
            let expected: Vec<_> = permissions(&matrix)
                .map(|permission| (permission, matrix.verdict(subject, permission)))
                .filter(|(_, verdict)| !verdict.is_deny())
                .collect();
            prop_assert_eq!(what, expected);
        }
        for permission in permissions(&matrix) {
            let who: Vec<_> = matrix.subjects_of(permission).collect();
            // Taking all at once is what taking one by one is, from wherever one begins.
            for taken in [0, 1, who.len() / 2] {
                let mut rest = matrix.subjects_of(permission);
                rest.by_ref().take(taken).for_each(drop);
                let rest = rest.fold(Vec::new(), |mut rest, found| {
                    rest.push(found);
                    rest
                });
                prop_assert_eq!(&rest, &who[taken.min(who.len())..]);
            }
            let expected: Vec<_> = subjects(&matrix)
                .map(|subject| (subject, matrix.verdict(subject, permission)))
                .filter(|(_, verdict)| !verdict.is_deny())
                .collect();
            let allowed = expected.iter().filter(|(_, verdict)| verdict.is_allow()).count() as u32;
            let open = expected.len() as u32 - allowed;
            prop_assert_eq!(matrix.count_subjects_of(permission), Holders { allowed, open });
            prop_assert_eq!(who, expected);
        }
    }

    #[test]
    fn runs_of_bits_agree_with_the_verdict(plan in plans(700), first in 0..800_u32, count in 0..70_u32) {
        for layout in [Layout::Auto, Layout::Paged] {
            let matrix = plan.build(layout);
            for subject in subjects(&matrix) {
                let (mut granted, mut open) = (0, 0);
                for at in 0..count.min(64) {
                    let verdict = matrix.verdict(subject, PermissionId::from_u32(first + at));
                    granted |= u64::from(verdict.is_allow()) << at;
                    open |= u64::from(verdict.is_open()) << at;
                }
                let first = PermissionId::from_u32(first);
                prop_assert_eq!(matrix.granted_bits(subject, first, count), granted);
                prop_assert_eq!(matrix.open_bits(subject, first, count), open);
            }
        }
    }

    #[test]
    fn a_batch_is_its_questions_one_by_one(
        plan in plans(700),
        asked in prop::collection::vec((0..120_u32, 0..800_u32), 0..300),
        (surplus, words, open_words) in (0..3_usize, 0..7_usize, 0..7_usize),
    ) {
        for layout in [Layout::Auto, Layout::Paged] {
            let matrix = plan.build(layout);
            let who: Vec<_> = asked.iter().map(|(subject, _)| SubjectId::from_u32(*subject)).collect();
            let mut what: Vec<_> = asked.iter().map(|(_, permission)| PermissionId::from_u32(*permission)).collect();
            what.extend(vec![PermissionId::from_u32(0); surplus]);
            let (mut granted, mut open) = (vec![u64::MAX; words], vec![u64::MAX; open_words]);
            matrix.check_batch(&who, &what, &mut granted, &mut open);

            let (mut expected, mut expected_open) = (vec![0; words], vec![0; open_words]);
            for (at, (subject, permission)) in who.iter().zip(&what).enumerate() {
                let verdict = matrix.verdict(*subject, *permission);
                if let Some(word) = expected.get_mut(at / 64) {
                    *word |= u64::from(verdict.is_allow()) << (at % 64);
                }
                if let Some(word) = expected_open.get_mut(at / 64) {
                    *word |= u64::from(verdict.is_open()) << (at % 64);
                }
            }
            prop_assert_eq!(&granted, &expected);
            prop_assert_eq!(&open, &expected_open);

            let who: Vec<_> = who.iter().map(|id| Subject::new(matrix.lineage(), *id)).collect();
            let what: Vec<_> = what.iter().map(|id| Permission::new(matrix.schema(), *id)).collect();
            granted.fill(u64::MAX);
            open.fill(u64::MAX);
            matrix.check_handles(&who, &what, &mut granted, &mut open);
            prop_assert_eq!(granted, expected);
            prop_assert_eq!(open, expected_open);
        }
    }
}
