//! Aggregates that keep every key once: sets, maps, and how often each value is there.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, MapArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_list_array;
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::{list_of, map_of};

/// What is kept beside a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Its first value.
    First,
    /// How often it came.
    Number,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Keyed {
    keeps: Keeps,
    key_type: DataType,
    value_type: DataType,
    places: HashMap<ScalarValue, usize>,
    /// In the order in which they came.
    keys: Vec<ScalarValue>,
    values: Vec<ScalarValue>,
    /// The bytes of all keys and values.
    size: usize,
}

impl Keyed {
    pub(super) fn new(keeps: Keeps, key_type: DataType, value_type: DataType) -> Keyed {
        let (keys, values) = (Vec::new(), Vec::new());
        Keyed { keeps, key_type, value_type, places: HashMap::new(), keys, values, size: 0 }
    }

    fn add(&mut self, key: ScalarValue, value: ScalarValue) {
        match self.places.get(&key) {
            Some(at) => {
                let kept = if self.keeps == Keeps::Number { self.values.get_mut(*at) } else { None };
                if let (Some(ScalarValue::Int64(Some(kept))), ScalarValue::Int64(Some(more))) = (kept, value) {
                    *kept = kept.saturating_add(more);
                }
            }
            None => {
                let (key, value) = (key.compacted(), value.compacted());
                // A key stands in the list and in the index.
                self.size += 2 * key.size() + value.size() + size_of::<usize>();
                self.places.insert(key.clone(), self.keys.len());
                self.keys.push(key);
                self.values.push(value);
            }
        }
    }

    fn add_all(&mut self, keys: &ArrayRef, values: Option<&ArrayRef>) -> Result<()> {
        for row in 0..keys.len() {
            // A map has no null among its keys; a set may have it.
            if keys.is_null(row) && self.keeps != Keeps::Nothing {
                continue;
            }
            let value = match (self.keeps, values) {
                (Keeps::Nothing, _) => ScalarValue::Null,
                (_, Some(values)) => ScalarValue::try_from_array(values, row)?,
                (Keeps::Number, None) => ScalarValue::Int64(Some(1)),
                (Keeps::First, None) => return internal_err!("values are expected"),
            };
            self.add(ScalarValue::try_from_array(keys, row)?, value);
        }
        Ok(())
    }

    fn map(&self) -> Result<ScalarValue> {
        let map_type = map_of(self.key_type.clone(), self.value_type.clone());
        let DataType::Map(field, _) = &map_type else { return internal_err!("a map is expected") };
        let DataType::Struct(fields) = field.data_type() else { return internal_err!("entries are expected") };
        let keys = ScalarValue::iter_to_array(self.keys.iter().cloned())?;
        let values = ScalarValue::iter_to_array(self.values.iter().cloned())?;
        let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
        let offsets = OffsetBuffer::<i32>::from_lengths([self.keys.len()]);
        let map = MapArray::try_new(Arc::clone(field), offsets, entries, None, false)?;
        Ok(ScalarValue::Map(Arc::new(map)))
    }

    fn list(values: &[ScalarValue], data_type: &DataType) -> ScalarValue {
        ScalarValue::List(ScalarValue::new_list_nullable(values, data_type))
    }
}

impl Accumulator for Keyed {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        let [keys, rest @ ..] = arrays else { return internal_err!("an argument is expected") };
        self.add_all(keys, if self.keeps == Keeps::First { rest.first() } else { None })
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [keys, rest @ ..] = states else { return internal_err!("a state is expected") };
        let keys = as_list_array(keys)?;
        let values = rest.first().map(|values| as_list_array(values)).transpose()?;
        for row in 0..keys.len() {
            if keys.is_valid(row) {
                let values = values.map(|values| values.value(row));
                self.add_all(&keys.value(row), values.as_ref())?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let keys = Keyed::list(&self.keys, &self.key_type);
        Ok(match self.keeps {
            Keeps::Nothing => vec![keys],
            _ => vec![keys, Keyed::list(&self.values, &self.value_type)],
        })
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match (self.keeps, self.keys.is_empty()) {
            (Keeps::Nothing, true) => ScalarValue::try_from(&list_of(self.key_type.clone())),
            (Keeps::Nothing, false) => Ok(Keyed::list(&self.keys, &self.key_type)),
            (_, true) => ScalarValue::try_from(&map_of(self.key_type.clone(), self.value_type.clone())),
            (_, false) => self.map(),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.size
    }
}
