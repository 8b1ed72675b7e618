//! From a vocabulary as written to a numbered, indexed [`Schema`].
//!
//! The reader has checked every name; what is left to go wrong here is running out of numbers.

use std::sync::{Arc, OnceLock};

use portcullis_matrix::Stamp;

use super::pairs::{Pairs, PairsBuilder};
use super::{Administration, Attributes, Inner, Named, NamedHow, ResourceType, Schema};
use crate::names::Numbered;

/// One type as written.
#[derive(Default)]
pub(super) struct TypeDraft {
    pub(super) name: String,
    pub(super) actions: Vec<String>,
    pub(super) aliases: Vec<String>,
    pub(super) covers: Vec<String>,
    pub(super) reserved: bool,
    pub(super) attributes: Attributes,
}

/// A vocabulary as written: every name legal and used once.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) types: Vec<TypeDraft>,
    pub(super) administration: Option<Administration>,
    /// How many of the types, the last ones, no wildcard reaches.
    pub(super) apart: usize,
    pub(super) subject_attributes: Attributes,
}

impl Draft {
    /// Numbers and indexes.
    ///
    /// # Errors
    /// When the process has no stamp left, or the names no number.
    pub(super) fn build(self) -> Result<Schema, String> {
        let full = "the names of the schema take more than four gigabytes";
        let mut actions = Numbered::default();
        let mut resources = Numbered::default();
        let mut named = Vec::new();
        let mut types: Vec<ResourceType> = Vec::with_capacity(self.types.len());
        let mut admitted: Vec<u32> = Vec::new();
        for (index, draft) in self.types.into_iter().enumerate() {
            let first = admitted.len() as u32;
            for action in &draft.actions {
                admitted.push(actions.intern(action).ok_or(full)?.0);
            }
            let own = std::iter::once((&draft.name, NamedHow::Own));
            let aliases = draft.aliases.iter().map(|name| (name, NamedHow::Alias));
            let covers = draft.covers.iter().map(|name| (name, NamedHow::Covered));
            for (name, how) in own.chain(aliases).chain(covers) {
                resources.intern(name).ok_or(full)?;
                named.push(Named { kind: index as u32, how });
            }
            let boxed = |names: Vec<String>| names.into_iter().map(String::into_boxed_str).collect();
            types.push(ResourceType {
                name: draft.name.into_boxed_str(),
                first,
                count: admitted.len() as u32 - first,
                aliases: boxed(draft.aliases),
                covers: boxed(draft.covers),
                reserved: draft.reserved,
                attributes: draft.attributes,
            });
        }
        let (by_action, by_action_ends) = index_by_action(&admitted, actions.len());
        let mut owners = Vec::with_capacity(admitted.len());
        for (number, kind) in (0..).zip(&types) {
            owners.extend(std::iter::repeat_n(number, kind.count as usize));
        }
        let pairs = index_pairs(&types, &actions, &admitted);
        let sorted = |names: &mut dyn Iterator<Item = (Box<str>, u32)>| {
            let mut all: Vec<(Box<str>, u32)> = names.collect();
            all.sort_unstable();
            all
        };
        let sorted_actions = sorted(&mut actions.iter().map(Box::from).zip(0..));
        let wild = types.len() - self.apart.min(types.len());
        let reach = types.get(wild).map_or(admitted.len() as u32, |kind| kind.first);
        // Patterns are expanded over these.
        let sorted_types = sorted(&mut types.iter().take(wild).map(|kind| kind.name.clone()).zip(0..));
        let declaring = (0..).zip(&types).filter(|(_, kind)| !kind.attributes.is_empty());
        let declaring = declaring.map(|(number, _)| number).collect();
        let inner = Inner {
            name: self.name.into_boxed_str(),
            stamp: Stamp::fresh().map_err(|error| error.to_string())?,
            types,
            actions,
            resources,
            named,
            admitted,
            by_action,
            by_action_ends,
            owners,
            pairs,
            sorted_actions,
            sorted_types,
            administration: self.administration,
            subject_attributes: self.subject_attributes,
            declaring,
            reach,
            administered: OnceLock::new(),
        };
        Ok(Schema { inner: Arc::new(inner) })
    }
}

/// The permissions of each action, grouped by counting.
fn index_by_action(admitted: &[u32], actions: usize) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<u32> = (0..admitted.len() as u32).collect();
    order.sort_by_key(|&id| admitted.get(id as usize).copied());
    let ends = (0..actions as u32)
        .map(|action| {
            order.partition_point(|&id| admitted.get(id as usize).is_some_and(|&a| a <= action)) as u32
        })
        .collect();
    (order, ends)
}

/// While there are no more than this many pairs of known names, the table of pairs holds them all.
const SMALL: usize = 4_096;

fn index_pairs(types: &[ResourceType], actions: &Numbered, admitted: &[u32]) -> Pairs {
    let names = types.iter().map(|kind| 1 + kind.aliases.len() + kind.covers.len()).sum::<usize>();
    let is_small = names.saturating_mul(actions.len()) <= SMALL;
    let mut builder = PairsBuilder::new(actions.iter());
    for kind in types {
        let own = || kind.permissions().filter_map(|id| Some((*admitted.get(id as usize)?, Some(id))));
        if !is_small {
            builder.add(&kind.name, own());
            continue;
        }
        let admitted: Vec<(u32, Option<u32>)> = own().collect();
        let permission =
            |action| admitted.iter().find(|(number, _)| *number == action).and_then(|pair| pair.1);
        for name in kind.names() {
            builder.add(name, (0..actions.len() as u32).map(|action| (action, permission(action))));
        }
    }
    builder.build()
}
