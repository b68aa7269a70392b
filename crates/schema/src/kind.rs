//! The kinds of values a column can hold, and how each becomes Arrow.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
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
}

macro_rules! text_cells {
    ($($name:ident),*) => {$(
        pub struct $name;
        impl Cells for $name {
            const KIND: Kind = Kind::$name;
            type Cell<'a> = Option<Cow<'a, str>>;
            type Builder = StringBuilder;
            fn append(builder: &mut StringBuilder, cell: &Option<Cow<'_, str>>) {
                match cell {
                    Some(text) => builder.append_value(text),
                    None => builder.append_null(),
                }
            }
            fn finish(builder: &mut StringBuilder) -> ArrayRef {
                Arc::new(builder.finish())
            }
        }
    )*};
}
text_cells!(Text, Id, Key, Json);

macro_rules! plain_cells {
    ($($name:ident: $cell:ty, $builder:ty;)*) => {$(
        pub struct $name;
        impl Cells for $name {
            const KIND: Kind = Kind::$name;
            type Cell<'a> = Option<$cell>;
            type Builder = $builder;
            fn append(builder: &mut $builder, cell: &Option<$cell>) {
                builder.append_option(*cell);
            }
            fn finish(builder: &mut $builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
        }
    )*};
}
plain_cells! {
    Int: i64, Int64Builder;
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
        Arc::new(builder.finish().with_timezone("UTC"))
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
}

pub struct Texts;
/// A list builder whose items are named as Delta and Parquet name them.
pub struct TextsBuilder(ListBuilder<StringBuilder>);
impl Default for TextsBuilder {
    fn default() -> Self {
        TextsBuilder(ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true)))
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
        Arc::new(builder.0.finish())
    }
}
