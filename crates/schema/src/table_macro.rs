//! `table!`: one declaration, of which everything else is a projection.

/// Declares a table: the row type, the columns, the builder, and the [`Table`](crate::Table) itself:
/// `"name", Head, Role, Row => Rows, Column, TABLE { columns }`.
///
/// The head is one of [`Head`](crate::Head). Rows of a table with the common columns are pushed together with a
/// [`Common`](crate::Common); rows about a resource have a field `resource` for the six columns that name it.
/// A row that leaves a column out does not compile.
macro_rules! table {
    (
        $(#[doc = $doc:literal])*
        $name:literal, $head:ident, $role:expr, $row:ident => $rows:ident, $columns:ident, $table:ident {
            $( $(#[doc = $cdoc:literal])* $column:ident: $kind:ident, )*
        }
    ) => {
        $crate::table_macro::row! {
            $head $(#[doc = $doc])* $row<'a> {
                $( $(#[doc = $cdoc])* pub $column: <$crate::kind::$kind as $crate::kind::Cells>::Cell<'a>, )*
            }
        }

        /// The columns behind the head, so that readers name them without quoting them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(non_camel_case_types, reason = "they are named as the columns are")]
        pub enum $columns {
            $( $(#[doc = $cdoc])* $column, )*
        }

        impl $columns {
            /// Where the column stands in the files.
            pub const fn position(self) -> usize {
                self as usize + <$crate::rows::heads::$head as $crate::rows::HeadRows>::COUNT
            }
        }

        /// Collects rows into batches.
        #[derive(Default)]
        pub struct $rows {
            head: $crate::rows::heads::$head,
            /// Have columns fewer cells than there are rows?
            gaps: bool,
            $( $column: <$crate::kind::$kind as $crate::kind::Cells>::Builder, )*
        }

        impl $rows {
            fn append(&mut self, row: &$row<'_>) {
                $( <$crate::kind::$kind as $crate::kind::Cells>::append(&mut self.$column, &row.$column); )*
            }

            /// Makes null what rows that came cell by cell have left out.
            fn fill(&mut self) {
                if std::mem::take(&mut self.gaps) {
                    let rows = $crate::rows::HeadRows::waiting(&self.head);
                    $( <$crate::kind::$kind as $crate::kind::Cells>::fill(&mut self.$column, rows); )*
                }
            }

            fn batch(&mut self) -> arrow_array::RecordBatch {
                self.fill();
                let mut arrays = $crate::rows::HeadRows::finish(&mut self.head);
                $( arrays.push(<$crate::kind::$kind as $crate::kind::Cells>::finish(&mut self.$column)); )*
                arrow_array::RecordBatch::try_new($table.arrow_schema(), arrays)
                    .expect("the builders and the schema come from one declaration")
            }
        }

        $crate::table_macro::push! { $head $row $rows $columns { $( $column: $kind, )* } }

        $(#[doc = $doc])*
        pub static $table: $crate::Table = $crate::Table {
            name: $name,
            doc: concat!($($doc, "\n"),*),
            role: $role,
            head: $crate::Head::$head,
            own: || vec![$($crate::Column {
                name: $crate::table_macro::bare(stringify!($column)),
                kind: <$crate::kind::$kind as $crate::kind::Cells>::KIND,
                doc: concat!($($cdoc, "\n"),*),
            }),*],
        };
    };
}

/// The name of a column that Rust has as a keyword (`r#type`) is without the mark.
pub(crate) fn bare(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The row type.
macro_rules! row {
    (Resource $(#[$doc:meta])* $row:ident<$life:lifetime> { $($cells:tt)* }) => {
        $(#[$doc])*
        pub struct $row<$life> {
            /// The columns that name the resource.
            pub resource: $crate::tables::resource::ResourceHead<$life>,
            $($cells)*
        }
    };
    ($head:ident $(#[$doc:meta])* $row:ident<$life:lifetime> { $($cells:tt)* }) => {
        $(#[$doc])*
        pub struct $row<$life> { $($cells)* }
    };
}

/// How rows get into the builder and out of it.
macro_rules! push {
    (Common $row:ident $rows:ident $columns:ident { $( $column:ident: $kind:ident, )* }) => {
        impl $rows {
            pub fn push(&mut self, common: &$crate::Common<'_>, row: &$row<'_>) {
                self.fill();
                self.head.push(common);
                self.append(row);
            }

            /// Ends a row whose cells were set one by one; those that were not are null. For tables of which most rows
            /// leave most columns out.
            pub fn end_row(&mut self, common: &$crate::Common<'_>) {
                self.head.push(common);
                self.gaps = true;
            }

            /// Sets a cell of the row that [`end_row`](Self::end_row) will end, once; the column holds texts.
            #[inline]
            pub fn set_text(&mut self, column: $columns, text: &str) {
                let row = $crate::rows::HeadRows::waiting(&self.head);
                let builder = match column {
                    $( $columns::$column => <$crate::kind::$kind as $crate::kind::Cells>::texts(&mut self.$column), )*
                };
                if let Some(builder) = builder {
                    builder.set(row, text);
                }
            }

            /// The same of a column that holds integers.
            #[inline]
            pub fn set_int(&mut self, column: $columns, value: i64) {
                let row = $crate::rows::HeadRows::waiting(&self.head);
                let builder = match column {
                    $( $columns::$column => <$crate::kind::$kind as $crate::kind::Cells>::ints(&mut self.$column), )*
                };
                if let Some(builder) = builder {
                    $crate::kind::set(builder, row, value);
                }
            }

            /// The same of a column that holds instants, in microseconds since 1970.
            #[inline]
            pub fn set_time(&mut self, column: $columns, micros: i64) {
                let row = $crate::rows::HeadRows::waiting(&self.head);
                let builder = match column {
                    $( $columns::$column => <$crate::kind::$kind as $crate::kind::Cells>::times(&mut self.$column), )*
                };
                if let Some(builder) = builder {
                    $crate::kind::set(builder, row, micros);
                }
            }
        }

        impl $crate::Rows for $rows {
            fn len(&self) -> usize {
                $crate::rows::HeadRows::waiting(&self.head)
            }
            fn begin(&mut self, object: &str) {
                self.head.begin(object);
            }
            fn finish(&mut self) -> $crate::rows::Batch {
                let unique = self.head.take_unique();
                $crate::rows::Batch { rows: self.batch(), unique }
            }
        }
    };
    (Resource $row:ident $rows:ident $($columns:tt)*) => {
        impl $rows {
            pub fn push(&mut self, row: &$row<'_>) {
                self.head.push(&row.resource);
                self.append(row);
            }
        }
        $crate::table_macro::push! { @collect $rows }
    };
    (None $row:ident $rows:ident $($columns:tt)*) => {
        impl $rows {
            pub fn push(&mut self, row: &$row<'_>) {
                self.head.push();
                self.append(row);
            }
        }
        $crate::table_macro::push! { @collect $rows }
    };
    (@collect $rows:ident) => {
        impl $rows {
            pub fn len(&self) -> usize {
                $crate::rows::HeadRows::waiting(&self.head)
            }

            pub fn is_empty(&self) -> bool {
                $crate::rows::HeadRows::waiting(&self.head) == 0
            }

            pub fn finish(&mut self) -> arrow_array::RecordBatch {
                self.batch()
            }
        }
    };
}
pub(crate) use {push, row, table};
