//! `table!`: one declaration, of which everything else is a projection.

/// Declares a table: the row type, the builder, and the [`Table`](crate::Table) itself.
///
/// `events` tables begin with the common columns (see [`Common`](crate::Common)); `plain` ones do not.
/// A row that leaves a column out does not compile.
macro_rules! table {
    (
        $(#[doc = $doc:literal])*
        events $name:literal, $reference:literal, $row:ident => $rows:ident, $columns:ident, $table:ident {
            $( $(#[doc = $cdoc:literal])* $column:ident: $kind:ident, )*
        }
    ) => {
        $(#[doc = $doc])*
        pub struct $row<'a> {
            $( $(#[doc = $cdoc])* pub $column: <$crate::kind::$kind as $crate::kind::Cells>::Cell<'a>, )*
        }

        /// The columns, so that readers name them without quoting them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(non_camel_case_types, reason = "they are named as the columns are")]
        pub enum $columns {
            $( $(#[doc = $cdoc])* $column, )*
        }

        impl $columns {
            /// Where the column stands in the files.
            pub const fn position(self) -> usize {
                self as usize + $crate::tables::common::COUNT
            }
        }

        /// Collects rows into batches.
        #[derive(Default)]
        pub struct $rows {
            common: $crate::tables::common::CommonRows,
            $( $column: <$crate::kind::$kind as $crate::kind::Cells>::Builder, )*
        }

        impl $rows {
            pub fn push(&mut self, common: &$crate::Common<'_>, row: &$row<'_>) {
                self.common.push(common);
                $( <$crate::kind::$kind as $crate::kind::Cells>::append(&mut self.$column, &row.$column); )*
            }
        }

        impl $crate::Rows for $rows {
            fn len(&self) -> usize {
                self.common.len()
            }
            fn begin(&mut self, object: &str) {
                self.common.begin(object);
            }
            fn finish(&mut self) -> $crate::rows::Batch {
                let unique = self.common.take_unique();
                let mut arrays = self.common.finish();
                $( arrays.push(<$crate::kind::$kind as $crate::kind::Cells>::finish(&mut self.$column)); )*
                let rows = arrow_array::RecordBatch::try_new($table.arrow_schema(), arrays)
                    .expect("the builders and the schema come from one declaration");
                $crate::rows::Batch { rows, unique }
            }
        }

        $(#[doc = $doc])*
        pub static $table: $crate::Table = $crate::Table::new(
            $name,
            concat!($($doc, "\n"),*),
            $reference,
            true,
            || {
                let mut columns = $crate::tables::common::columns();
                columns.extend([$($crate::Column {
                    name: stringify!($column),
                    kind: <$crate::kind::$kind as $crate::kind::Cells>::KIND,
                    doc: concat!($($cdoc, "\n"),*),
                }),*]);
                columns
            },
        );
    };
    (
        $(#[doc = $doc:literal])*
        plain $name:literal, $row:ident => $rows:ident, $columns:ident, $table:ident {
            $( $(#[doc = $cdoc:literal])* $column:ident: $kind:ident, )*
        }
    ) => {
        $(#[doc = $doc])*
        pub struct $row<'a> {
            $( $(#[doc = $cdoc])* pub $column: <$crate::kind::$kind as $crate::kind::Cells>::Cell<'a>, )*
        }

        /// The columns, so that readers name them without quoting them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(non_camel_case_types, reason = "they are named as the columns are")]
        pub enum $columns {
            $( $(#[doc = $cdoc])* $column, )*
        }

        impl $columns {
            /// Where the column stands in the files.
            pub const fn position(self) -> usize {
                self as usize
            }
        }

        /// Collects rows into batches.
        #[derive(Default)]
        pub struct $rows {
            len: usize,
            $( $column: <$crate::kind::$kind as $crate::kind::Cells>::Builder, )*
        }

        impl $rows {
            pub fn push(&mut self, row: &$row<'_>) {
                self.len += 1;
                $( <$crate::kind::$kind as $crate::kind::Cells>::append(&mut self.$column, &row.$column); )*
            }

            pub fn len(&self) -> usize {
                self.len
            }

            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            pub fn finish(&mut self) -> arrow_array::RecordBatch {
                self.len = 0;
                let arrays = vec![$( <$crate::kind::$kind as $crate::kind::Cells>::finish(&mut self.$column) ),*];
                arrow_array::RecordBatch::try_new($table.arrow_schema(), arrays)
                    .expect("the builders and the schema come from one declaration")
            }
        }

        $(#[doc = $doc])*
        pub static $table: $crate::Table = $crate::Table::new(
            $name,
            concat!($($doc, "\n"),*),
            "",
            false,
            || vec![$($crate::Column {
                name: stringify!($column),
                kind: <$crate::kind::$kind as $crate::kind::Cells>::KIND,
                doc: concat!($($cdoc, "\n"),*),
            }),*],
        );
    };
}
pub(crate) use table;
