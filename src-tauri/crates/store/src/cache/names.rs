//! Numbers for the names of kinds, services and events. Each name is stored once, and entries' rows have only its
//! number.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Whether a name is that of an entry's kind, of a service or of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Kind = 0,
    Service = 1,
    Event = 2,
}

impl Class {
    pub(super) const ALL: [Class; 3] = [Class::Kind, Class::Service, Class::Event];
}

/// The number of a name; 0 means no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NameId(pub u32);

impl NameId {
    pub const NONE: NameId = NameId(0);
}

/// Names by number and numbers by name. A new name gets its number at once and is stored with the rows that use it.
#[derive(Debug, Clone, Default)]
pub struct Names {
    ids: [HashMap<String, NameId, RandomState>; 3],
    names: HashMap<NameId, String, RandomState>,
    new: Vec<(NameId, Class)>,
}

impl Names {
    /// The name's number, a new one if it has none yet; [`NameId::NONE`] for `None`.
    pub fn id(&mut self, class: Class, name: Option<&str>) -> NameId {
        let Some(name) = name else {
            return NameId::NONE;
        };
        if let Some(id) = self.find(class, name) {
            return id;
        }
        // Numbers are consecutive from 1, across kinds, services and events.
        let id = NameId(u32::try_from(self.names.len() + 1).unwrap_or(u32::MAX));
        self.insert(id, class, name.to_owned());
        self.new.push((id, class));
        id
    }

    pub fn find(&self, class: Class, name: &str) -> Option<NameId> {
        self.ids[class as usize].get(name).copied()
    }

    /// The name with this number; `None` for [`NameId::NONE`].
    pub fn name(&self, id: NameId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    pub fn all(&self, class: Class) -> impl Iterator<Item = (&str, NameId)> {
        self.ids[class as usize]
            .iter()
            .map(|(name, id)| (name.as_str(), *id))
    }

    /// The names that are not stored yet; afterwards they count as stored.
    pub(crate) fn take_new(&mut self) -> Vec<(NameId, Class, String)> {
        std::mem::take(&mut self.new)
            .into_iter()
            .map(|(id, class)| (id, class, self.names[&id].clone()))
            .collect()
    }

    pub(super) fn insert(&mut self, id: NameId, class: Class, name: String) {
        self.ids[class as usize].insert(name.clone(), id);
        self.names.insert(id, name);
    }
}
