//! What the model says of a step.

use std::collections::BTreeSet;

use super::steps::{GROUPS, PEOPLE, ROLES, Step};
use super::{Invited, Model, Permissions, Person, said};
use crate::world::DAY;

/// What the model says of a step: done, done without any change, or why not.
pub(super) fn expected(model: &mut Model, actor: &str, step: &Step, now: i64) -> Result<(), &'static str> {
    let before = model.clone();
    let held = before.of_person(actor);
    let needs = |permission: &str| if held.contains(permission) { Ok(()) } else { Err("forbidden") };
    let own = |who: usize| PEOPLE[who] == actor;
    let mut directly = BTreeSet::new();
    let mut let_in = None;
    let mut changed = true;
    match step {
        Step::Join { who, role } => {
            needs("create people")?;
            let role = role.map_or(model.default.clone(), |role| ROLES[role].to_owned());
            if !model.roles.contains_key(&role) {
                return Err("not-found");
            }
            if model.people.contains_key(PEOPLE[*who]) {
                return Err("conflict");
            }
            model.people.insert(PEOPLE[*who].to_owned(), Person { role, suspended: false, keyed: false });
            directly.insert(PEOPLE[*who]);
        }
        Step::Role { who, role } => {
            needs("update people")?;
            let known = model.roles.contains_key(ROLES[*role]);
            let person = model.people.get_mut(PEOPLE[*who]).ok_or("not-found")?;
            if !known {
                return Err("not-found");
            }
            changed = person.role != ROLES[*role];
            ROLES[*role].clone_into(&mut person.role);
            directly.insert(PEOPLE[*who]);
        }
        Step::Suspend { who } | Step::Reactivate { who } => {
            let suspended = matches!(step, Step::Suspend { .. });
            if !(suspended && own(*who)) {
                needs("update people")?;
            }
            let person = model.people.get_mut(PEOPLE[*who]).ok_or("not-found")?;
            changed = person.suspended != suspended;
            person.suspended = suspended;
            if changed && !suspended {
                let_in = Some((0, PEOPLE[*who].to_owned()));
            }
            directly.insert(PEOPLE[*who]);
        }
        Step::Remove { who } => {
            if !own(*who) {
                needs("delete people")?;
            }
            model.people.remove(PEOPLE[*who]).ok_or("not-found")?;
            for (members, _) in model.groups.values_mut() {
                members.remove(PEOPLE[*who]);
            }
            model.invited.retain(|_, invited| invited.inviter != PEOPLE[*who]);
            directly.insert(PEOPLE[*who]);
        }
        Step::NewGroup { group } => {
            needs("create ws")?;
            if model.groups.contains_key(GROUPS[*group]) {
                return Err("conflict");
            }
            model.groups.insert(GROUPS[*group].to_owned(), Default::default());
        }
        Step::Enter { group, who } | Step::Leave { group, who } => {
            let enters = matches!(step, Step::Enter { .. });
            if enters || !own(*who) || !model.people.contains_key(PEOPLE[*who]) {
                needs("update people")?;
            }
            let known = model.people.contains_key(PEOPLE[*who]);
            let (members, _) = model.groups.get_mut(GROUPS[*group]).ok_or("not-found")?;
            if !known {
                return Err("not-found");
            }
            let who = PEOPLE[*who];
            changed = if enters { members.insert(who.to_owned()) } else { members.remove(who) };
            directly.insert(who);
        }
        Step::Give { group, role } | Step::Take { group, role } => {
            needs("update ws")?;
            let known = model.roles.contains_key(ROLES[*role]);
            let (_, roles) = model.groups.get_mut(GROUPS[*group]).ok_or("not-found")?;
            if !known {
                return Err("not-found");
            }
            let gives = matches!(step, Step::Give { .. });
            changed = if gives { roles.insert(ROLES[*role].to_owned()) } else { roles.remove(ROLES[*role]) };
        }
        Step::Dissolve { group } => {
            needs("delete ws")?;
            let (members, _) = model.groups.remove(GROUPS[*group]).ok_or("not-found")?;
            directly.extend(PEOPLE.into_iter().filter(|who| members.contains(*who)));
        }
        Step::NewRole { role, document } => {
            needs("create ws")?;
            if model.roles.contains_key(ROLES[*role]) {
                return Err("conflict");
            }
            model.roles.insert(ROLES[*role].to_owned(), said(*document));
        }
        Step::Save { role, document } => {
            needs("update ws")?;
            let said = said(*document);
            let role = model
                .roles
                .get_mut(ROLES[*role])
                .ok_or("not-found")
                .and_then(|known| if ROLES[*role] == "admin" { Err("not-allowed") } else { Ok(known) })?;
            *role = said;
        }
        Step::RemoveRole { role, other } => {
            needs("delete ws")?;
            let name = ROLES[*role];
            if !model.roles.contains_key(name) {
                return Err("not-found");
            }
            if *role < 2 {
                return Err("not-allowed");
            }
            let other = match other {
                Some(other) if !model.roles.contains_key(ROLES[*other]) => return Err("not-found"),
                Some(other) if other == role => return Err("invalid"),
                other => other.map(|other| ROLES[other].to_owned()),
            };
            let owners: Vec<&'static str> = PEOPLE
                .into_iter()
                .filter(|who| model.people.get(*who).is_some_and(|one| one.role == name))
                .collect();
            let used = !owners.is_empty()
                || model.default == name
                || model.groups.values().any(|(_, roles)| roles.contains(name))
                || model.invited.values().any(|one| one.role.as_deref() == Some(name));
            if used && other.is_none() {
                return Err("in-use");
            }
            model.roles.remove(name);
            if let Some(other) = other {
                for who in &owners {
                    if let Some(person) = model.people.get_mut(*who) {
                        person.role.clone_from(&other);
                    }
                }
                directly.extend(owners);
                for (_, roles) in model.groups.values_mut() {
                    if roles.remove(name) {
                        roles.insert(other.clone());
                    }
                }
                for one in model.invited.values_mut().filter(|one| one.role.as_deref() == Some(name)) {
                    one.role = Some(other.clone());
                }
                if model.default == name {
                    model.default = other;
                }
            }
        }
        Step::Default { role } => {
            needs("update ws")?;
            if !model.roles.contains_key(ROLES[*role]) {
                return Err("not-found");
            }
            ROLES[*role].clone_into(&mut model.default);
        }
        Step::Invite { who, role } => {
            needs("create people")?;
            if model.people.contains_key(PEOPLE[*who]) {
                return Err("conflict");
            }
            let role = role.map(|role| ROLES[role].to_owned());
            if role.as_ref().is_some_and(|role| !model.roles.contains_key(role)) {
                return Err("not-found");
            }
            match model.invited.get(PEOPLE[*who]) {
                Some(known) if known.expires > now => changed = false,
                _ => {
                    let invited = Invited { role, inviter: actor.to_owned(), expires: now + 30 * DAY };
                    model.invited.insert(PEOPLE[*who].to_owned(), invited);
                    let_in = Some((3, PEOPLE[*who].to_owned()));
                }
            }
        }
        Step::Cancel { who } => {
            needs("create people")?;
            model.invited.remove(PEOPLE[*who]).ok_or("not-found")?;
        }
        Step::Accept { .. } | Step::Pass { .. } => return Ok(()),
    }
    if !changed {
        return Ok(());
    }
    let (old, new) = (before.holders(), model.holders());
    let nothing = Permissions::new();
    let mut refusal = None;
    for (holder, now_held) in &new {
        // Members of invitations that are over count for nobody.
        if holder.0 == 3 && model.invited.get(&holder.1).is_some_and(|one| one.expires <= now) {
            continue;
        }
        let had = old.get(holder).filter(|_| let_in.as_ref() != Some(holder)).unwrap_or(&nothing);
        if now_held.difference(had).any(|permission| !held.contains(permission)) {
            refusal = refusal.or(Some("excess"));
        }
    }
    for (holder, had) in old.iter().filter(|(holder, _)| holder.0 == 0 && holder.1 != actor) {
        let now_held = new.get(holder).unwrap_or(&nothing);
        let lost = had.difference(now_held).next().is_some();
        // Of those who are let in again, what they held counts as given, not as theirs.
        let again = let_in.as_ref() == Some(holder);
        if (lost || directly.contains(&*holder.1)) && !again && !had.is_subset(&held) {
            refusal = refusal.or(Some("reaching-up"));
        }
    }
    if refusal.is_none() && !model.has_administrator() {
        refusal = Some("last-administrator");
    }
    match refusal {
        Some(refusal) => {
            *model = before;
            Err(refusal)
        }
        None => Ok(()),
    }
}
