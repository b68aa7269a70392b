//! Aggregates whose state is one row.

use std::cmp::Ordering;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::{SortOptions, sort_to_indices};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::{as_boolean_array, as_float64_array, as_int64_array};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

/// The value that stands beside the greatest or least key.
#[derive(Debug)]
pub(super) struct Best {
    greatest: bool,
    value: ScalarValue,
    key: ScalarValue,
}

impl Best {
    pub(super) fn new(greatest: bool, value: &DataType, key: &DataType) -> Result<Best> {
        Ok(Best { greatest, value: ScalarValue::try_from(value)?, key: ScalarValue::try_from(key)? })
    }
}

impl Accumulator for Best {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        let [values, keys, ..] = arrays else { return internal_err!("two arguments are expected") };
        if keys.data_type().is_null() {
            return Ok(());
        }
        let order = SortOptions { descending: self.greatest, nulls_first: false };
        let first = sort_to_indices(keys, Some(order), Some(1))?;
        let Some(at) = first.values().first().and_then(|at| usize::try_from(*at).ok()) else { return Ok(()) };
        if keys.is_null(at) {
            return Ok(());
        }
        let key = ScalarValue::try_from_array(keys, at)?;
        let better = if self.greatest { Ordering::Greater } else { Ordering::Less };
        if self.key.is_null() || key.partial_cmp(&self.key) == Some(better) {
            self.value = ScalarValue::try_from_array(values, at)?.compacted();
            self.key = key.compacted();
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), self.key.clone()])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size() + self.key.size()
    }
}

/// Rows in which something is true.
#[derive(Debug, Default)]
pub(super) struct Count {
    number: i64,
}

impl Accumulator for Count {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        let [flags, ..] = arrays else { return internal_err!("an argument is expected") };
        let number = as_boolean_array(flags)?.true_count();
        self.number = self.number.saturating_add(crate::functions::json::count(number));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [numbers, ..] = states else { return internal_err!("a state is expected") };
        self.number = as_int64_array(numbers)?.iter().flatten().fold(self.number, i64::saturating_add);
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.number)))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The mean of logarithms.
#[derive(Debug, Default)]
pub(super) struct Mean {
    sum: f64,
    number: i64,
}

impl Accumulator for Mean {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        let [numbers, ..] = arrays else { return internal_err!("an argument is expected") };
        for number in as_float64_array(numbers)?.iter().flatten() {
            self.sum += number.ln();
            self.number += 1;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [sums, numbers, ..] = states else { return internal_err!("two states are expected") };
        self.sum += as_float64_array(sums)?.iter().flatten().sum::<f64>();
        self.number = as_int64_array(numbers)?.iter().flatten().fold(self.number, i64::saturating_add);
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Float64(Some(self.sum)), ScalarValue::Int64(Some(self.number))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mean = (self.number > 0).then(|| (self.sum / self.number as f64).exp());
        Ok(ScalarValue::Float64(mean))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
