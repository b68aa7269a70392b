//! A result as rows of cells, with the names and types of its columns.

use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::arrow::schema::Schema;
use serde::Serialize;

use crate::cell::Cell;
use crate::error::{Error, Result};

/// The name and the type of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    pub name: String,
    /// The type, as Arrow prints it.
    pub data_type: String,
}

/// A result in memory, ready for a writer.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with the columns of `schema`.
    pub fn new(schema: &Schema) -> Table {
        let column = |field: &coldtrail_schema::arrow::schema::FieldRef| Column {
            name: field.name().clone(),
            data_type: field.data_type().to_string(),
        };
        Table { columns: schema.fields().iter().map(column).collect(), rows: Vec::new() }
    }

    /// A table of texts, for what is not a result of the query engine.
    pub fn of_texts(names: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), data_type: "Utf8".to_owned() };
        Table { columns: names.iter().map(column).collect(), rows: Vec::new() }
    }

    /// The rows of all batches, which have these columns.
    pub fn read(schema: &Schema, batches: &[RecordBatch]) -> Result<Table> {
        let mut table = Table::new(schema);
        for (number, batch) in batches.iter().enumerate() {
            table.push(number, batch)?;
        }
        Ok(table)
    }

    /// Adds the rows of a batch; `number` names it should it not fit.
    pub fn push(&mut self, number: usize, batch: &RecordBatch) -> Result<()> {
        let names = batch.schema_ref().fields().iter().map(|field| field.name());
        if !names.eq(self.columns.iter().map(|column| &column.name)) {
            let expected = self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
            let names = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
            return Err(Error::Columns { batch: number, expected, found: names.join(", ") });
        }
        let before = self.rows.len();
        self.rows.resize_with(before + batch.num_rows(), || Vec::with_capacity(batch.num_columns()));
        for (array, column) in batch.columns().iter().zip(&self.columns) {
            for (at, row) in self.rows[before..].iter_mut().enumerate() {
                row.push(Cell::read(array, at).map_err(|source| Error::Value {
                    column: column.name.clone(),
                    row: before + at,
                    data_type: column.data_type.clone(),
                    source,
                })?);
            }
        }
        Ok(())
    }
}
