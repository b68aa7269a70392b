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
            $( $column: <$crate::kind::$kind as $crate::kind::Cells>::Builder, )*
        }

        impl $rows {
            fn append(&mut self, row: &$row<'_>) {
                $( <$crate::kind::$kind as $crate::kind::Cells>::append(&mut self.$column, &row.$column); )*
            }

            fn batch(&mut self) -> arrow_array::RecordBatch {
                let mut arrays = $crate::rows::HeadRows::finish(&mut self.head);
                $( arrays.push(<$crate::kind::$kind as $crate::kind::Cells>::finish(&mut self.$column)); )*
                arrow_array::RecordBatch::try_new($table.arrow_schema(), arrays)
                    .expect("the builders and the schema come from one declaration")
            }
        }

        $crate::table_macro::push! { $head $row $rows }

        $(#[doc = $doc])*
        pub static $table: $crate::Table = $crate::Table {
            name: $name,
            doc: concat!($($doc, "\n"),*),
            role: $role,
            head: $crate::Head::$head,
            own: || vec![$($crate::Column {
                name: stringify!($column),
                kind: <$crate::kind::$kind as $crate::kind::Cells>::KIND,
                doc: concat!($($cdoc, "\n"),*),
            }),*],
        };
    };
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
    (Common $row:ident $rows:ident) => {
        impl $rows {
            pub fn push(&mut self, common: &$crate::Common<'_>, row: &$row<'_>) {
                self.head.push(common);
                self.append(row);
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
    (Resource $row:ident $rows:ident) => {
        impl $rows {
            pub fn push(&mut self, row: &$row<'_>) {
                self.head.push(&row.resource);
                self.append(row);
            }
        }
        $crate::table_macro::push! { @collect $rows }
    };
    (None $row:ident $rows:ident) => {
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
