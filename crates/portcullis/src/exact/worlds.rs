//! What can be the case: which entities are known, and which values an attribute can then have.
//!
//! Whether a request brings properties, a context, an id, and whether the object is stored, decides over all attributes
//! of the entity at once; there are a few such worlds, and each is looked at by itself. The plain ones come first, so that
//! an example needs nothing stored where a request is enough.

use super::Known;
use super::Setting;
use super::layout::{Cluster, Layout, Variable};
use crate::condition::{Attribute, Instant, Place, Root, Value};
use crate::limits::NAME_BYTES;
use crate::schema::Origin;

/// What is known of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entity {
    /// Its id and what the request says of it.
    Sent,
    /// Its type alone.
    TypeAlone,
    /// Its id, and nothing else.
    Bare,
    /// It is stored, and the request may say something too.
    Stored,
}

/// Which entities are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct World {
    pub(super) resource: Entity,
    pub(super) action: bool,
    pub(super) context: bool,
}

/// The value of one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Base {
    /// One of its pool.
    Value(usize),
    /// The entity has none; or the request says nothing.
    Missing,
    /// It is in conflict, broken, or its entity is not known.
    Unknown,
}

impl World {
    /// The worlds that make a difference to these attributes.
    pub(super) fn all(variables: &[Variable<'_, '_>]) -> Vec<World> {
        let reads = |root, property| {
            variables.iter().any(|variable| {
                variable.reference.root() == root
                    && matches!(variable.reference.place(), Place::Path(_)) == property
            })
        };
        let ids = variables
            .iter()
            .any(|one| one.reference.root() == Root::Resource && one.reference.place() == &Place::Id);
        let resources: &[Entity] = match (reads(Root::Resource, true), ids) {
            (true, true) => &[Entity::Sent, Entity::TypeAlone, Entity::Bare, Entity::Stored],
            (true, false) => &[Entity::Sent, Entity::TypeAlone, Entity::Stored],
            (false, true) => &[Entity::Bare, Entity::TypeAlone],
            (false, false) => &[Entity::TypeAlone],
        };
        let either = |reads| if reads { &[true, false][..] } else { &[false][..] };
        let mut all = Vec::new();
        for &resource in resources {
            for &action in either(reads(Root::Action, true)) {
                for &context in either(reads(Root::Context, true)) {
                    all.push(World { resource, action, context });
                }
            }
        }
        all
    }

    /// What an attribute can be. Clears `complete` where something is left out that might make a difference.
    pub(super) fn bases(
        self,
        variable: &Variable<'_, '_>,
        values: &[Attribute],
        setting: &Setting<'_, '_>,
        complete: &mut bool,
    ) -> Vec<Base> {
        if variable.known.iter().all(|known| matches!(known, Known::Fixed(_))) {
            return vec![Base::Missing];
        }
        let (known, unknown) = self.existence(variable, complete);
        let property = matches!(variable.reference.place(), Place::Path(_));
        let mut bases = if known && property { vec![Base::Missing] } else { Vec::new() };
        if known {
            let fitting =
                values.iter().enumerate().filter(|(_, value)| self.fits(variable, value.value(), setting));
            bases.extend(fitting.map(|(at, _)| Base::Value(at)));
        }
        if unknown {
            bases.push(Base::Unknown);
        }
        bases
    }

    /// Whether the attribute can be there or not be there, and whether that can be unknown.
    fn existence(self, variable: &Variable<'_, '_>, complete: &mut bool) -> (bool, bool) {
        let place = variable.reference.place();
        let Place::Path(parts) = place else {
            return match (variable.reference.root(), place) {
                (Root::Resource, Place::Id) => match self.resource {
                    Entity::TypeAlone => (false, true),
                    _ => (true, false),
                },
                (Root::Context, _) => (true, true),
                _ => (true, false),
            };
        };
        let mut in_store = || match variable.from() {
            Origin::Either => (true, true),
            // A reference that leads nowhere breaks everything below it.
            _ if variable.shares_first => {
                *complete &= parts.len() < 2;
                (true, false)
            }
            _ => (true, parts.len() > 1),
        };
        match variable.reference.root() {
            Root::Subject if variable.is_open() => in_store(),
            Root::Subject => (true, false),
            Root::Action => (self.action, !self.action),
            Root::Context => (self.context, !self.context),
            Root::Resource => match self.resource {
                Entity::TypeAlone | Entity::Bare => (false, true),
                Entity::Sent if variable.from() == Origin::Stored => (false, true),
                Entity::Sent => (true, false),
                Entity::Stored => in_store(),
            },
        }
    }

    /// Whether attributes of which one lies in another can be these at once.
    pub(super) fn agrees(
        self,
        layout: &Layout<'_, '_>,
        cluster: &Cluster<'_>,
        (outer_at, inner_at): (usize, usize),
        bases: &[Base],
        complete: &mut bool,
    ) -> bool {
        let variable = |at: usize| cluster.variables.get(at).and_then(|&number| layout.variables.get(number));
        let Some(outer) = variable(outer_at) else { return true };
        let base = |at: usize| bases.get(at).copied().unwrap_or(Base::Missing);
        let is_object = |base| match base {
            Base::Value(at) => {
                layout.value(outer, at).is_some_and(|value| value.value().as_object().is_some())
            }
            _ => false,
        };
        let is_fixed = outer.known.iter().any(|known| matches!(known, Known::Fixed(_)));
        match (base(outer_at), base(inner_at)) {
            // A request that says more than is stored of what the inner one lies in contradicts the store, or not: left open.
            (_, Base::Value(_)) if is_fixed => {
                *complete = false;
                false
            }
            (_, Base::Missing) | (Base::Unknown, Base::Unknown) => true,
            (Base::Unknown, Base::Value(_)) => outer.from() == Origin::Either,
            (outer, Base::Value(_)) => is_object(outer),
            (whole, Base::Unknown) if is_object(whole) => {
                // The object is a reference to nothing: then all inside it is unknown.
                let others =
                    || cluster.inside.iter().filter(|(at, other)| *at == outer_at && *other != inner_at);
                *complete &= others().next().is_none();
                others().next().is_none() && self.stores(outer)
            }
            (_, Base::Unknown) => false,
        }
    }

    /// Whether an attribute can have a value: an entity's own can be but names.
    fn fits(self, variable: &Variable<'_, '_>, value: Value<'_>, setting: &Setting<'_, '_>) -> bool {
        let (root, place) = (variable.reference.root(), variable.reference.place());
        if matches!(place, Place::Path(_)) {
            return true;
        }
        let Some(text) = value.as_str() else { return false };
        let is_name = !text.is_empty() && text.len() <= NAME_BYTES;
        match (root, place) {
            (Root::Resource, Place::Type) => {
                setting.resources.contains(&text) || (setting.resources.is_empty() && is_name)
            }
            (Root::Action, _) => setting.action.map_or(is_name, |action| action == text),
            (Root::Subject, _) => is_name,
            (Root::Context, _) => Instant::parse(text).is_some(),
            _ => is_name || self.resource != Entity::Stored,
        }
    }

    /// Whether the entity of an attribute has stored properties.
    fn stores(self, variable: &Variable<'_, '_>) -> bool {
        match variable.reference.root() {
            Root::Subject => true,
            Root::Resource => self.resource == Entity::Stored,
            Root::Action | Root::Context => false,
        }
    }
}

impl<'c> Layout<'c, '_> {
    /// A value of an attribute's pool.
    pub(super) fn value(&self, variable: &Variable<'_, '_>, at: usize) -> Option<&Attribute> {
        self.pools.get(variable.pool)?.all.get(at)
    }
}
