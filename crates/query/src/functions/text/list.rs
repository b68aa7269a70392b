//! The functions about text.

use std::sync::Arc;

use datafusion::functions_nested::concat::array_concat_udf;

use super::{
    codepoint, concat, from_base64, from_base64url, from_hex, from_utf8, hamming, levenshtein, md5_bytes, patterns,
    read, replace, split, split_part, split_to_map, starts_with, strpos_function, substr, substr_function, text_map,
    to_base64, to_base64url, to_hex, two, written,
};
use crate::functions::call::Takes::{Bytes, Integer, Text};
use crate::functions::call::{again, gives, is_list, own, picked};
use crate::functions::{Function, entry};

pub(in crate::functions) const LIST: &[Function] = &[
    entry(
        "regexp_extract",
        "regexp_extract(text, pattern[, group])",
        "The first match of a pattern, or a group of it; null for none.",
        ("regexp_extract('user/alice', '([a-z]+)/([a-z]+)', 2)", "alice"),
        |name| own(name, &[Text, Text, Integer], 1, gives::text, patterns::extract),
    ),
    entry(
        "regexp_extract_all",
        "regexp_extract_all(text, pattern[, group])",
        "All matches of a pattern, or a group of each, as a list.",
        ("regexp_extract_all('a1b22', '[0-9]+')", "[1, 22]"),
        |name| own(name, &[Text, Text, Integer], 1, gives::texts, patterns::extract_all),
    ),
    entry(
        "regexp_like",
        "regexp_like(text, pattern)",
        "Does the pattern match anywhere in the text?",
        ("regexp_like('ConsoleLogin', '^Console')", "true"),
        |name| own(name, &[Text, Text], 0, gives::flag, patterns::like),
    ),
    entry(
        "regexp_replace",
        "regexp_replace(text, pattern[, replacement])",
        "All matches replaced; $1 and ${name} in the replacement are groups. Without a replacement they are removed.",
        ("regexp_replace('a1b2', '([0-9])', '<$1>')", "a<1>b<2>"),
        |name| own(name, &[Text, Text, Text], 1, gives::text, patterns::replace),
    ),
    entry(
        "regexp_count",
        "regexp_count(text, pattern)",
        "How many times the pattern matches.",
        ("regexp_count('a1b22', '[0-9]')", "3"),
        |name| own(name, &[Text, Text], 0, gives::integer, patterns::number_of),
    ),
    entry(
        "regexp_position",
        "regexp_position(text, pattern[, start[, n]])",
        "Where the n-th match from a place on begins, counted from 1; -1 for none.",
        ("regexp_position('a1b22', '[0-9]', 3)", "4"),
        |name| own(name, &[Text, Text, Integer, Integer], 2, gives::integer, patterns::position),
    ),
    entry(
        "regexp_split",
        "regexp_split(text, pattern)",
        "What stands between the matches, as a list.",
        ("regexp_split('a, b,c', ', *')", "[a, b, c]"),
        |name| own(name, &[Text, Text], 0, gives::texts, patterns::split),
    ),
    entry(
        "split",
        "split(text, mark[, limit])",
        "What stands between the marks, as a list of at most so many.",
        ("split('a/b/c', '/', 2)", "[a, b/c]"),
        |name| own(name, &[Text, Text, Integer], 1, gives::texts, split),
    ),
    entry(
        "split_part",
        "split_part(text, mark, n)",
        "The n-th of the parts between the marks; null where there are fewer.",
        ("split_part('arn:aws:iam', ':', 3)", "iam"),
        |name| own(name, &[Text, Text, Integer], 0, gives::text, split_part),
    ),
    entry(
        "split_to_map",
        "split_to_map(text, mark, mark_of_value)",
        "A map from what is written as name, mark, value; of two values of a name the first counts.",
        ("split_to_map('a=1&b=2', '&', '=')", "{a: 1, b: 2}"),
        |name| own(name, &[Text, Text, Text], 0, text_map, split_to_map),
    ),
    entry(
        "substr",
        "substr(text, start[, length])",
        "A piece of the text; a negative start counts from the end.",
        ("substr('abcdef', -3, 2)", "de"),
        |_| substr_function(),
    ),
    entry(
        "substring",
        "substring(text, start[, length])",
        "The same as substr.",
        ("substring('abcdef', -2)", "ef"),
        |name| own(name, &[Text, Integer, Integer], 1, gives::text, substr),
    ),
    entry(
        "replace",
        "replace(text, part[, new])",
        "Every part replaced, or removed where nothing is given for it.",
        ("replace('a-b-c', '-')", "abc"),
        |name| own(name, &[Text, Text, Text], 1, gives::text, replace),
    ),
    entry(
        "strpos",
        "strpos(text, part[, n])",
        "Where the n-th of the parts begins, from the end by a negative n; 0 for none.",
        ("strpos('a.b.c', '.', -1)", "4"),
        |_| strpos_function(),
    ),
    entry(
        "concat",
        "concat(a, b, ...)",
        "Texts or lists one after the other; for texts null where one is null.",
        ("concat('a', null) is null", "true"),
        |name| {
            picked(name, |types| match types.iter().any(is_list) {
                true => array_concat_udf(),
                false => Arc::new(again("concat", &[Text], gives::text, concat)),
            })
        },
    ),
    entry(
        "starts_with",
        "starts_with(text, start)",
        "Does the text start so?",
        ("starts_with('ListBuckets', 'List')", "true"),
        |name| own(name, &[Text, Text], 0, gives::flag, starts_with),
    ),
    entry("codepoint", "codepoint(text)", "The number of the first character.", ("codepoint('A')", "65"), |name| {
        own(name, &[Text], 0, gives::integer, codepoint)
    }),
    entry(
        "levenshtein_distance",
        "levenshtein_distance(a, b)",
        "How many characters must be changed, added or removed to make one of the other. Null for long texts.",
        ("levenshtein_distance('alice', 'a1ice')", "1"),
        |name| own(name, &[Text, Text], 0, gives::integer, |call| two(call, levenshtein)),
    ),
    entry(
        "hamming_distance",
        "hamming_distance(a, b)",
        "At how many places two texts of one length differ; null for different lengths.",
        ("hamming_distance('abc', 'abd')", "1"),
        |name| own(name, &[Text, Text], 0, gives::integer, |call| two(call, hamming)),
    ),
    entry("to_utf8", "to_utf8(text)", "The bytes of the text.", ("to_hex(to_utf8('az'))", "617A"), |name| {
        own(name, &[Text], 0, gives::bytes, |call| read(call, |bytes| Some(bytes.to_vec())))
    }),
    entry(
        "from_utf8",
        "from_utf8(bytes)",
        "The text that the bytes are; what is none is replaced.",
        ("from_utf8(from_hex('617A'))", "az"),
        |name| own(name, &[Bytes], 0, gives::text, |call| written(call, from_utf8)),
    ),
    entry("to_hex", "to_hex(bytes)", "The bytes in hexadecimal.", ("to_hex(from_base64('/w=='))", "FF"), |name| {
        own(name, &[Bytes], 0, gives::text, |call| written(call, to_hex))
    }),
    entry(
        "from_hex",
        "from_hex(text)",
        "The bytes that are written in hexadecimal; null for what is none.",
        ("from_hex('zz') is null", "true"),
        |name| own(name, &[Bytes], 0, gives::bytes, |call| read(call, from_hex)),
    ),
    entry("to_base64", "to_base64(bytes)", "The bytes in base64.", ("to_base64(to_utf8('a?>'))", "YT8+"), |name| {
        own(name, &[Bytes], 0, gives::text, |call| written(call, to_base64))
    }),
    entry(
        "from_base64",
        "from_base64(text)",
        "The bytes that are written in base64; null for what is none.",
        ("from_utf8(from_base64('YWxpY2U='))", "alice"),
        |name| own(name, &[Bytes], 0, gives::bytes, |call| read(call, from_base64)),
    ),
    entry(
        "to_base64url",
        "to_base64url(bytes)",
        "The bytes in base64 as URLs have it.",
        ("to_base64url(to_utf8('a?>'))", "YT8-"),
        |name| own(name, &[Bytes], 0, gives::text, |call| written(call, to_base64url)),
    ),
    entry(
        "from_base64url",
        "from_base64url(text)",
        "The bytes that are written in base64 as URLs have it; null for what is none.",
        ("from_utf8(from_base64url('YT8-'))", "a?>"),
        |name| own(name, &[Bytes], 0, gives::bytes, |call| read(call, from_base64url)),
    ),
    entry(
        "md5",
        "md5(bytes)",
        "The MD5 of the bytes, as bytes.",
        ("to_hex(md5(to_utf8('')))", "D41D8CD98F00B204E9800998ECF8427E"),
        |name| own(name, &[Bytes], 0, gives::bytes, md5_bytes),
    ),
];
