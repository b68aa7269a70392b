//! The functions about lists and maps.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::unicode::reverse;
use datafusion::functions_nested::array_has::{array_has_any_udf, array_has_udf};
use datafusion::functions_nested::arrays_zip::arrays_zip_udf;
use datafusion::functions_nested::map_keys::map_keys_udf;
use datafusion::functions_nested::map_values::map_values_udf;
use datafusion::functions_nested::range::gen_series_udf;
use datafusion::functions_nested::remove::array_remove_all_udf;
use datafusion::functions_nested::repeat::array_repeat_udf;
use datafusion::functions_nested::reverse::array_reverse_udf;

use super::lookup::{element_at, found};
use super::{array_position, array_sort, cardinality, json_keys, json_values, network_contains, slice};
use crate::functions::call::Takes::{Any, Element, Integer, Key, List, Text};
use crate::functions::call::{gives, is_list, own, picked};
use crate::functions::{Function, entry};

pub(in crate::functions) const LIST: &[Function] = &[
    entry(
        "element_at",
        "element_at(map, key)",
        "The value of a key in a map or in the text of a JSON object, or the n-th element of a list, from the end by a \
         negative n. Null where it is not there.",
        (r#"element_at('{"bucketName":"logs","n":1}', 'bucketName')"#, "logs"),
        |name| own(name, &[Any, Key], 0, found, element_at),
    ),
    entry(
        "map_keys",
        "map_keys(map)",
        "The keys of a map or of the text of a JSON object, as a list.",
        (r#"map_keys('{"a":1,"b":2}')"#, "[a, b]"),
        |name| {
            picked(name, |types| match types.first() {
                Some(DataType::Map(_, _)) => map_keys_udf(),
                _ => Arc::new(own("map_keys", &[Text], 0, gives::texts, json_keys)),
            })
        },
    ),
    entry(
        "map_values",
        "map_values(map)",
        "The values of a map or of the text of a JSON object, as a list.",
        (r#"map_values('{"a":1,"b":{"c":2}}')"#, r#"[1, {"c":2}]"#),
        |name| {
            picked(name, |types| match types.first() {
                Some(DataType::Map(_, _)) => map_values_udf(),
                _ => Arc::new(own("map_values", &[Text], 0, gives::texts, json_values)),
            })
        },
    ),
    entry(
        "cardinality",
        "cardinality(x)",
        "How many elements a list, a map or the text of a JSON object or list has.",
        ("cardinality(split('a,b', ','))", "2"),
        |name| own(name, &[Any], 0, gives::integer, cardinality),
    ),
    entry(
        "contains",
        "contains(list, x)",
        "Is it an element of the list? Of a network as text and an address: is the address in the network?",
        ("contains('10.0.0.0/8', '10.1.2.3')", "true"),
        |name| {
            picked(name, |types| match types.first().is_some_and(is_list) {
                true => array_has_udf(),
                false => Arc::new(own("contains", &[Text, Text], 0, gives::flag, network_contains)),
            })
        },
    ),
    entry(
        "sequence",
        "sequence(from, to[, step])",
        "The numbers or times from one to the other, upwards unless a step is given.",
        ("sequence(1, 7, 3)", "[1, 4, 7]"),
        |name| picked(name, |_| gen_series_udf()),
    ),
    entry("repeat", "repeat(x, n)", "A list of n times the same.", ("repeat('a', 2)", "[a, a]"), |name| {
        picked(name, |_| array_repeat_udf())
    }),
    entry(
        "slice",
        "slice(list, start, length)",
        "A piece of a list; a negative start counts from the end.",
        ("slice(split('a,b,c,d', ','), -3, 2)", "[b, c]"),
        |name| own(name, &[List, Integer, Integer], 0, gives::first, slice),
    ),
    entry(
        "array_position",
        "array_position(list, x)",
        "The place of the first element that equals it, from 1; 0 for none.",
        ("array_position(split('a,b', ','), 'c')", "0"),
        |name| own(name, &[List, Element], 0, gives::integer, array_position),
    ),
    entry(
        "array_remove",
        "array_remove(list, x)",
        "The list without all elements that equal it.",
        ("array_remove(split('a,b,a', ','), 'a')", "[b]"),
        |name| picked(name, |_| array_remove_all_udf()),
    ),
    entry(
        "arrays_overlap",
        "arrays_overlap(a, b)",
        "Have two lists an element in common?",
        ("arrays_overlap(split('a,b', ','), split('b,c', ','))", "true"),
        |name| picked(name, |_| array_has_any_udf()),
    ),
    entry(
        "array_sort",
        "array_sort(list)",
        "The elements upwards, nulls last.",
        ("array_sort(split('c,a,b', ','))", "[a, b, c]"),
        |name| own(name, &[List], 0, gives::first, array_sort),
    ),
    entry("reverse", "reverse(x)", "A text or a list backwards.", ("reverse(split('a,b', ','))", "[b, a]"), |name| {
        picked(name, |types| match types.first().is_some_and(is_list) {
            true => array_reverse_udf(),
            false => reverse(),
        })
    }),
    entry(
        "zip",
        "zip(a, b, ...)",
        "The elements at the same places of lists, as a list of rows.",
        ("cardinality(zip(split('a,b', ','), split('c', ',')))", "2"),
        |name| picked(name, |_| arrays_zip_udf()),
    ),
];
