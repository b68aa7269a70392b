//! The columns that tables about a resource of AWS Config begin with.

use arrow_array::ArrayRef;

use crate::column::Column;
use crate::kind::{Cells, Key, Text};
use crate::rows::HeadRows;

macro_rules! head {
    ($( $(#[doc = $doc:literal])* $column:ident: $kind:ident, )*) => {
        /// The columns that name a resource, of one row.
        #[derive(Debug, Clone, Default)]
        pub struct ResourceHead<'a> {
            $( $(#[doc = $doc])* pub $column: <$kind as Cells>::Cell<'a>, )*
        }

        /// The columns, so that readers name them without quoting them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(non_camel_case_types, reason = "they are named as the columns are")]
        pub enum ResourceColumn {
            $( $(#[doc = $doc])* $column, )*
        }

        /// How many there are.
        pub const COUNT: usize = [$(ResourceColumn::$column),*].len();

        /// The columns, in order.
        pub fn columns() -> Vec<Column> {
            vec![$( Column {
                name: stringify!($column),
                kind: <$kind as Cells>::KIND,
                doc: concat!($($doc, "\n"),*),
            } ),*]
        }

        #[derive(Default)]
        pub struct ResourceRows {
            len: usize,
            $( $column: <$kind as Cells>::Builder, )*
        }

        impl ResourceRows {
            pub fn push(&mut self, head: &ResourceHead<'_>) {
                self.len += 1;
                $( <$kind as Cells>::append(&mut self.$column, &head.$column); )*
            }
        }

        impl HeadRows for ResourceRows {
            const COUNT: usize = COUNT;
            fn waiting(&self) -> usize {
                self.len
            }
            fn finish(&mut self) -> Vec<ArrayRef> {
                self.len = 0;
                vec![$( <$kind as Cells>::finish(&mut self.$column) ),*]
            }
        }
    };
}

head! {
    /// The account of the resource.
    awsaccountid: Text,
    /// The region of the resource; `global` for IAM.
    awsregion: Text,
    /// The type, such as AWS::EC2::SecurityGroup.
    resourcetype: Text,
    /// The id of the resource.
    resourceid: Key,
    /// The name of the resource.
    resourcename: Key,
    /// The ARN of the resource.
    arn: Key,
}

impl ResourceColumn {
    /// Where the column stands in the files.
    pub const fn position(self) -> usize {
        self as usize
    }
}
