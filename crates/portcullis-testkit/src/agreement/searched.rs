//! Searches held against the reference: who may, what somebody may, and what depends on conditions.
//!
//! A search speaks of every request that could be made and the reference of one at a time. So what is listed as allowed
//! must be allowed when nothing is sent, and what is not listed must be denied; what roles settle without conditions must
//! be listed as the rule says. Requests are held against the answer to their names where they are asked.

use std::collections::BTreeSet;

use portcullis::matrix::Verdict;
use portcullis::{Answer, Decision, Question};

use super::Pair;

impl Pair {
    pub(super) fn agree_on_who(&self, actions: &[&str], resources: &[&str]) {
        let members: Vec<&str> = self.reference.members().collect();
        for (action, resource) in
            actions.iter().flat_map(|one| resources.iter().map(move |other| (one, other)))
        {
            let reason = self.snapshot.permission(action, resource).err();
            let found = self.snapshot.who_on(&Question::new("", action, resource));
            assert_eq!(found.as_ref().err(), reason.as_ref(), "{action} {resource}");
            assert_eq!(self.snapshot.who(action, resource).err(), reason, "{action} {resource}");
            let found = found.unwrap_or_default();
            let plain = self.snapshot.who(action, resource).unwrap_or_default();
            assert_eq!(plain, found.allowed, "who may {action} {resource}");
            assert!(plain.is_sorted());
            let depends: Vec<&str> = found.conditional.iter().map(|(id, _)| *id).collect();
            let decided = self.reference.who(action, resource);
            for id in plain.iter().chain(&depends) {
                assert!(members.binary_search(id).is_ok(), "{id} is no member");
            }
            for id in &members {
                let listed = [plain.contains(id), depends.contains(id)];
                self.agree_on_listed((id, action, resource), listed, decided.contains(*id));
            }
        }
    }

    pub(super) fn agree_on_what(&self, members: &[&str]) {
        assert_eq!(self.snapshot.member_count(), members.len());
        assert!(self.snapshot.what("nobody").is_none());
        for member in members {
            let by_type = self.snapshot.what_by_type(member).unwrap();
            let plain: BTreeSet<(&str, &str)> = self.snapshot.what(member).unwrap().collect();
            let grouped = by_type.iter().flat_map(|(own, actions)| {
                assert!(actions.is_sorted() && !actions.is_empty());
                actions.iter().map(|action| (*action, *own))
            });
            assert_eq!(grouped.collect::<BTreeSet<_>>(), plain, "what {member} may");
            let depends: BTreeSet<(&str, &str)> =
                self.snapshot.what_if(member).unwrap().map(|(names, _)| names).collect();
            let decided = self.reference.what(member);
            let mut left = plain.len() + depends.len();
            for (action, own) in self.reference.vocabulary().permissions() {
                let listed = [plain.contains(&(action, own)), depends.contains(&(action, own))];
                left -= listed.iter().filter(|listed| **listed).count();
                let may = decided.get(own).is_some_and(|actions| actions.contains(action));
                self.agree_on_listed((member, action, own), listed, may);
            }
            assert_eq!(left, 0, "what {member} may is more than there is");
        }
    }

    /// A cell that is listed as allowed, as conditional, or not at all.
    fn agree_on_listed(&self, asked: super::Asked<'_>, listed: [bool; 2], decided: bool) {
        match (listed, self.verdict(asked)) {
            ([true, false], Verdict::Allow | Verdict::Open) => assert!(decided, "{asked:?} is listed"),
            ([false, true], Verdict::Open) => {}
            ([false, false], Verdict::Deny | Verdict::Open) => assert!(!decided, "{asked:?} is not listed"),
            (listed, verdict) => panic!("{asked:?} is {verdict:?} and listed {listed:?}"),
        }
    }

    /// A decision is one of those that the answer to the question's names foretells.
    pub(super) fn agree_on_answer(&self, question: &Question<'_>, decision: Decision) {
        let about_another = |known: &str| question.subject_type.is_some_and(|claimed| claimed != known);
        if self.snapshot.member_type(question.subject).is_some_and(about_another) {
            return;
        }
        match self.snapshot.answer(question) {
            Err(_) | Ok(Answer::Denied { .. }) => assert!(!decision.is_allowed(), "{question:?}"),
            // What is sent may contradict what is stored, and then it is not known.
            Ok(Answer::Allowed) => {
                let sent = question.subject_properties.or(question.object_properties);
                assert!(decision.is_allowed() || sent.is_some(), "{question:?}");
            }
            Ok(Answer::Conditional(provisos)) => assert!(!provisos.is_empty(), "{question:?}"),
        }
    }
}
