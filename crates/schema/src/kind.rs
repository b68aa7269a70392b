//! The kinds of values a column can hold, and how each becomes Arrow.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, PrimitiveBuilder,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, new_null_array};
use arrow_schema::{DataType, Field, TimeUnit};

use crate::pivots::Words;

/// What a column holds; storage follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text whose values repeat.
    Text,
    /// Text searched by equality whose values hardly repeat: a Bloom filter, no dictionary.
    Id,
    /// Text searched by equality whose values repeat: a Bloom filter and a dictionary.
    Key,
    /// JSON text, as it was written.
    Json,
    /// A signed 64-bit integer.
    Int,
    /// A 64-bit hash: no dictionary.
    Hash,
    Real,
    Flag,
    /// An instant: microseconds since 1970, UTC.
    Time,
    /// A list of texts.
    Texts,
    Bytes,
    /// A day; only the partition column.
    Date,
}

impl Kind {
    pub fn arrow_type(self) -> DataType {
        match self {
            Kind::Text | Kind::Id | Kind::Key | Kind::Json => DataType::Utf8,
            Kind::Int | Kind::Hash => DataType::Int64,
            Kind::Real => DataType::Float64,
            Kind::Flag => DataType::Boolean,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Kind::Texts => DataType::List(Arc::new(Field::new("element", DataType::Utf8, true))),
            Kind::Bytes => DataType::Binary,
            Kind::Date => DataType::Date32,
        }
    }

    /// The word that the documentation uses for it.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Text | Kind::Id | Kind::Key => "text",
            Kind::Json => "JSON text",
            Kind::Int | Kind::Hash => "integer",
            Kind::Real => "number",
            Kind::Flag => "boolean",
            Kind::Time => "timestamp (UTC, µs)",
            Kind::Texts => "list of text",
            Kind::Bytes => "bytes",
            Kind::Date => "date",
        }
    }

    /// Is a Bloom filter written for it?
    pub fn has_bloom_filter(self) -> bool {
        matches!(self, Kind::Id | Kind::Key)
    }

    /// Do values repeat, so that a dictionary pays?
    pub fn has_dictionary(self) -> bool {
        !matches!(self, Kind::Id | Kind::Hash | Kind::Bytes)
    }
}

/// How one kind of cell is collected; implemented by the zero-sized types below, which `table!` names.
pub trait Cells {
    const KIND: Kind;
    type Cell<'a>;
    type Builder: Default;
    fn append(builder: &mut Self::Builder, cell: &Self::Cell<'_>);
    fn finish(builder: &mut Self::Builder) -> ArrayRef;
    /// Appends nulls until there are `rows` cells.
    fn fill(builder: &mut Self::Builder, rows: usize);
    /// The builder, if the column holds texts.
    fn texts(_builder: &mut Self::Builder) -> Option<&mut TextBuilder> {
        None
    }
    /// The builder, if the column holds integers.
    fn ints(_builder: &mut Self::Builder) -> Option<&mut Int64Builder> {
        None
    }
    /// The builder, if the column holds instants.
    fn times(_builder: &mut Self::Builder) -> Option<&mut TimestampMicrosecondBuilder> {
        None
    }
}

/// The room for the next batch, after one of `used`: batches are alike, and growing by doubling copies everything
/// once and leaves a half of the memory unused.
fn room(used: usize) -> usize {
    used + used / 8
}

/// Collects texts. Many columns are null nearly always, so nulls are only counted until a text comes.
#[derive(Default)]
pub struct TextBuilder {
    inner: StringBuilder,
    nulls: usize,
}

impl TextBuilder {
    #[inline]
    fn append(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.settle();
                self.inner.append_value(text);
            }
            None => self.nulls += 1,
        }
    }

    /// Puts a text into the row `row`, and nulls into the rows before that have none yet.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, text: &str) {
        self.fill(row);
        self.append(Some(text));
    }

    #[inline]
    fn fill(&mut self, rows: usize) {
        self.nulls += rows.saturating_sub(self.inner.len() + self.nulls);
    }

    fn settle(&mut self) {
        if self.nulls > 0 {
            self.inner.append_nulls(self.nulls);
            self.nulls = 0;
        }
    }

    fn finish(&mut self) -> ArrayRef {
        if self.inner.is_empty() {
            return new_null_array(&DataType::Utf8, std::mem::take(&mut self.nulls));
        }
        self.settle();
        let next = StringBuilder::with_capacity(room(self.inner.len()), room(self.inner.values_slice().len()));
        Arc::new(std::mem::replace(&mut self.inner, next).finish())
    }
}

macro_rules! text_cells {
    ($($name:ident),*) => {$(
        pub struct $name;
        impl Cells for $name {
            const KIND: Kind = Kind::$name;
            type Cell<'a> = Option<Cow<'a, str>>;
            type Builder = TextBuilder;
            fn append(builder: &mut TextBuilder, cell: &Option<Cow<'_, str>>) {
                builder.append(cell.as_deref());
            }
            fn finish(builder: &mut TextBuilder) -> ArrayRef {
                builder.finish()
            }
            fn fill(builder: &mut TextBuilder, rows: usize) {
                builder.fill(rows);
            }
            fn texts(builder: &mut TextBuilder) -> Option<&mut TextBuilder> {
                Some(builder)
            }
        }
    )*};
}
text_cells!(Text, Id, Key, Json);

/// Puts a value into the row `row`, and nulls into the rows before that have none yet.
#[inline]
pub(crate) fn set<T: ArrowPrimitiveType>(builder: &mut PrimitiveBuilder<T>, row: usize, value: T::Native) {
    if builder.len() < row {
        builder.append_nulls(row - builder.len());
    }
    builder.append_value(value);
}

macro_rules! plain_cells {
    ($($name:ident: $cell:ty, $builder:ty $(, $also:ident)?;)*) => {$(
        pub struct $name;
        impl Cells for $name {
            const KIND: Kind = Kind::$name;
            type Cell<'a> = Option<$cell>;
            type Builder = $builder;
            fn append(builder: &mut $builder, cell: &Option<$cell>) {
                builder.append_option(*cell);
            }
            fn finish(builder: &mut $builder) -> ArrayRef {
                let next = <$builder>::with_capacity(room(builder.len()));
                Arc::new(std::mem::replace(builder, next).finish())
            }
            fn fill(builder: &mut $builder, rows: usize) {
                builder.append_nulls(rows.saturating_sub(builder.len()));
            }
            $(fn $also(builder: &mut $builder) -> Option<&mut $builder> {
                Some(builder)
            })?
        }
    )*};
}
plain_cells! {
    Int: i64, Int64Builder, ints;
    Hash: i64, Int64Builder;
    Real: f64, Float64Builder;
    Flag: bool, BooleanBuilder;
}

pub struct Time;
impl Cells for Time {
    const KIND: Kind = Kind::Time;
    type Cell<'a> = Option<i64>;
    type Builder = TimestampMicrosecondBuilder;
    fn append(builder: &mut TimestampMicrosecondBuilder, cell: &Option<i64>) {
        builder.append_option(*cell);
    }
    fn finish(builder: &mut TimestampMicrosecondBuilder) -> ArrayRef {
        let next = TimestampMicrosecondBuilder::with_capacity(room(builder.len()));
        Arc::new(std::mem::replace(builder, next).finish().with_timezone("UTC"))
    }
    fn fill(builder: &mut TimestampMicrosecondBuilder, rows: usize) {
        builder.append_nulls(rows.saturating_sub(builder.len()));
    }
    fn times(builder: &mut TimestampMicrosecondBuilder) -> Option<&mut TimestampMicrosecondBuilder> {
        Some(builder)
    }
}

pub struct Bytes;
impl Cells for Bytes {
    const KIND: Kind = Kind::Bytes;
    type Cell<'a> = Option<Cow<'a, [u8]>>;
    type Builder = BinaryBuilder;
    fn append(builder: &mut BinaryBuilder, cell: &Option<Cow<'_, [u8]>>) {
        match cell {
            Some(bytes) => builder.append_value(bytes),
            None => builder.append_null(),
        }
    }
    fn finish(builder: &mut BinaryBuilder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn fill(builder: &mut BinaryBuilder, rows: usize) {
        builder.append_nulls(rows.saturating_sub(builder.len()));
    }
}

pub struct Texts;
/// A list builder whose items are named as Delta and Parquet name them.
pub struct TextsBuilder(ListBuilder<StringBuilder>);
impl TextsBuilder {
    fn with_capacity(lists: usize, texts: usize, bytes: usize) -> TextsBuilder {
        let builder = ListBuilder::with_capacity(StringBuilder::with_capacity(texts, bytes), lists);
        TextsBuilder(builder.with_field(Field::new("element", DataType::Utf8, true)))
    }
}
impl Default for TextsBuilder {
    fn default() -> Self {
        TextsBuilder::with_capacity(0, 0, 0)
    }
}
impl Cells for Texts {
    const KIND: Kind = Kind::Texts;
    type Cell<'a> = Option<&'a Words>;
    type Builder = TextsBuilder;
    fn append(builder: &mut TextsBuilder, cell: &Option<&Words>) {
        if let Some(words) = cell {
            for word in words.iter() {
                builder.0.values().append_value(word);
            }
        }
        builder.0.append(cell.is_some());
    }
    fn finish(builder: &mut TextsBuilder) -> ArrayRef {
        let texts = builder.0.values();
        let (count, bytes) = (room(texts.len()), room(texts.values_slice().len()));
        let next = TextsBuilder::with_capacity(room(builder.0.len()), count, bytes);
        Arc::new(std::mem::replace(builder, next).0.finish())
    }
    fn fill(builder: &mut TextsBuilder, rows: usize) {
        for _ in builder.0.len()..rows {
            builder.0.append(false);
        }
    }
}
