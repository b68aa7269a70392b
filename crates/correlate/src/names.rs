//! Texts that come again and again, as numbers.

use hashbrown::HashMap;

/// Gives each different text a number, counted from 0.
#[derive(Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Names {
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // Four thousand million different texts would not fit into memory.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        number
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map(Box::as_ref).unwrap_or_default()
    }
}

/// 64 bits of a text, for comparing; two different texts have equal ones by chance once in 10^19 pairs.
pub(crate) fn hash(text: &str) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // Fixed keys: the same evidence gives the same tables.
    let mut hasher = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}
