//! What is noted beside members' names is their sets of roles, whatever was edited: checks by names believe it.

use portcullis_testkit::generate::Prng;

use super::*;
use crate::names::UNNOTED;
use crate::workspace::{Group, Member, Workspace};

const ROLES: [&str; 3] = ["viewer", "editor", "admin"];

fn workspace(prng: &mut Prng) -> Workspace {
    let mut workspace = Workspace::new("acme", Schema::hightouch().unwrap());
    for number in 0..400 {
        let member = Member::with_role(*prng.pick(&ROLES).unwrap());
        workspace.add_member(id(number), if prng.below(9) == 0 { member.suspended() } else { member });
    }
    for (number, role) in ROLES.into_iter().enumerate() {
        let group = Group::new().role(role).member(id(number)).member(id(20 + number));
        workspace.add_group(group_name(number), group);
    }
    workspace
}

/// Some ids are too long for a slot.
fn id(number: usize) -> String {
    if number % 11 == 10 {
        format!("svc-loader-{number}@warehouse.internal.acme.example")
    } else {
        format!("member-{number}@acme.example")
    }
}

fn group_name(number: usize) -> String {
    format!("group {number}")
}

/// Every member's set of roles stands beside the name, and nobody else has one; of members nothing may stand there where `void` notes are possible.
fn agree(snapshot: &Snapshot, void: bool) -> usize {
    let directory = snapshot.directory();
    for member in 0..900 {
        let members = &directory.members;
        let note = members.note_of(members.noted_or_nobody(&id(member)));
        let expected = members.get(&id(member)).map_or(0, |number| {
            let set = snapshot.matrix().set_of(subject_of(number)).as_u32();
            assert!(set < UNNOTED);
            set
        });
        assert!(note == expected || void && note == UNNOTED, "{member}: {note}");
    }
    snapshot.matrix().sets() as usize
}

#[test]
fn sets_noted_beside_names_are_those_of_the_matrix_after_any_edits() {
    let (mut done, mut sets) = (0, 0);
    for seed in 0..8 {
        let mut prng = Prng::new(seed);
        let mut writer = Writer::new(workspace(&mut prng).compile().unwrap().0);
        let mut kept = vec![Arc::clone(writer.snapshot())];
        for step in 0..600 {
            let (member, group) = (id(prng.below(600)), group_name(prng.below(5)));
            let role = *prng.pick(&ROLES).unwrap();
            let edited = match prng.below(11) {
                0 | 1 => writer.add_member(&member, Member::with_role(role)).map(drop),
                2 => writer.add_member(&member, Member::with_role(role).suspended()).map(drop),
                3 => writer.remove_member(&member),
                4 => writer.set_member_role(&member, role).map(drop),
                5 => writer.suspend_member(&member),
                6 => writer.reactivate_member(&member),
                7 => writer.add_to_group(&group, &member),
                8 => writer.remove_from_group(&group, &member),
                9 => writer.set_group_roles(&group, [role, ROLES[prng.below(3)]]).map(drop),
                _ if prng.below(3) > 0 => writer.remove_group(&group),
                _ => {
                    let members = (0..40).map(|_| id(prng.below(600)));
                    let known: Vec<String> =
                        members.filter(|id| writer.directory().number(id).is_some()).collect();
                    let group_of = known.into_iter().fold(Group::new().role(role), Group::member);
                    writer.add_group(&group, group_of).map(drop)
                }
            };
            done += usize::from(edited.is_ok());
            match prng.below(20) {
                0..3 => kept.push(Arc::clone(writer.publish())),
                3 => writer.discard(),
                _ => {}
            }
            if step % 10 == 0 {
                sets = sets.max(agree(&writer.candidate(), true));
            }
        }
        // So few shards are written anew before they are published.
        for snapshot in &kept {
            agree(snapshot, false);
        }
    }
    assert!(done > 2_000 && sets > 6, "{done} edits, {sets} sets");
}
