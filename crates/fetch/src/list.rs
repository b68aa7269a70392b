//! Listing a bucket: pages of keys, or of versions.

use std::sync::Arc;

use aws_sdk_s3::types::{EncodingType, RequestPayer};
use percent_encoding::percent_decode_str;

use crate::client::Connection;
use crate::error::{Error, Result};
use crate::failure::{Failure, Meaning, send};
use crate::throttle::Throttle;

/// An object as it is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// With its quotation marks, as S3 gives it.
    pub(crate) etag: String,
    pub(crate) modified: Option<String>,
    pub(crate) class: String,
    pub(crate) version: Option<String>,
    /// Is it what the key holds now?
    pub(crate) latest: bool,
    pub(crate) delete_marker: bool,
}

/// Where the listing goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Token(String),
    Marker(String, String),
}

/// One page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Listed>,
    pub(crate) folders: Vec<String>,
    /// How many requests it took.
    pub(crate) requests: u64,
    next: Option<Next>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(crate) prefix: String,
    pub(crate) start_after: Option<String>,
    /// Only what is directly below the prefix, and the folders there.
    pub(crate) shallow: bool,
    pub(crate) versions: bool,
}

/// Lists with the bucket and the pace that are given.
#[derive(Clone)]
pub(crate) struct Lister {
    pub(crate) connection: Connection,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) bucket: String,
    pub(crate) requester_pays: bool,
}

impl Lister {
    pub(crate) fn payer(&self) -> Option<RequestPayer> {
        self.requester_pays.then_some(RequestPayer::Requester)
    }

    /// The pages of a listing, to be asked for one after the other.
    pub(crate) fn pages(&self, query: Query) -> Pages<'_> {
        Pages { lister: self, query, next: None, ended: false }
    }

    /// Everything in one listing, for what cannot be much.
    pub(crate) async fn all(&self, query: Query) -> Result<Page> {
        let (mut all, mut pages) = (Page::default(), self.pages(query));
        while let Some(page) = pages.next().await? {
            all.requests += page.requests;
            all.objects.extend(page.objects);
            all.folders.extend(page.folders);
        }
        Ok(all)
    }

    fn error(&self, query: &Query, failure: Failure) -> Error {
        let bucket = self.bucket.clone();
        match failure.meaning {
            Meaning::Expired => Error::Expired { bucket, code: failure.code },
            _ => Error::List { bucket, prefix: query.prefix.clone(), code: failure.code, message: failure.message },
        }
    }

    async fn keys(&self, query: &Query, next: Option<Next>) -> Result<Page, Failure> {
        let token = match next {
            Some(Next::Token(token)) => Some(token),
            _ => None,
        };
        let answer = send(&self.throttle, || {
            self.connection
                .s3
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(&query.prefix)
                .set_start_after(query.start_after.clone().filter(|_| token.is_none()))
                .set_delimiter(query.shallow.then(|| "/".to_owned()))
                .set_continuation_token(token.clone())
                // Keys may hold what XML cannot.
                .encoding_type(EncodingType::Url)
                .set_request_payer(self.payer())
                .send()
        })
        .await?;
        let encoded = answer.encoding_type.is_some();
        let objects = answer.contents.unwrap_or_default().into_iter().map(|object| Listed {
            key: decode(object.key.unwrap_or_default(), encoded),
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            etag: object.e_tag.unwrap_or_default(),
            modified: object.last_modified.map(|time| time.to_string()),
            class: object.storage_class.map_or_else(|| "STANDARD".to_owned(), |class| class.as_str().to_owned()),
            version: None,
            latest: true,
            delete_marker: false,
        });
        let folders = answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix);
        Ok(Page {
            objects: objects.collect(),
            folders: folders.map(|folder| decode(folder, encoded)).collect(),
            requests: 1,
            next: answer.next_continuation_token.map(Next::Token),
        })
    }

    async fn versions(&self, query: &Query, next: Option<Next>) -> Result<Page, Failure> {
        let (key, version) = match next {
            Some(Next::Marker(key, version)) => (Some(key), Some(version).filter(|version| !version.is_empty())),
            _ => (query.start_after.clone(), None),
        };
        let answer = send(&self.throttle, || {
            self.connection
                .s3
                .list_object_versions()
                .bucket(&self.bucket)
                .prefix(&query.prefix)
                .set_delimiter(query.shallow.then(|| "/".to_owned()))
                .set_key_marker(key.clone())
                .set_version_id_marker(version.clone())
                .encoding_type(EncodingType::Url)
                .set_request_payer(self.payer())
                .send()
        })
        .await?;
        let encoded = answer.encoding_type.is_some();
        let versions = answer.versions.unwrap_or_default().into_iter().map(|object| Listed {
            key: decode(object.key.unwrap_or_default(), encoded),
            size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            etag: object.e_tag.unwrap_or_default(),
            modified: object.last_modified.map(|time| time.to_string()),
            class: object.storage_class.map_or_else(|| "STANDARD".to_owned(), |class| class.as_str().to_owned()),
            version: object.version_id,
            latest: object.is_latest.unwrap_or(false),
            delete_marker: false,
        });
        let markers = answer.delete_markers.unwrap_or_default().into_iter().map(|marker| Listed {
            key: decode(marker.key.unwrap_or_default(), encoded),
            modified: marker.last_modified.map(|time| time.to_string()),
            version: marker.version_id,
            latest: marker.is_latest.unwrap_or(false),
            delete_marker: true,
            ..Listed::default()
        });
        let folders = answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix);
        let next = answer
            .next_key_marker
            .map(|key| Next::Marker(decode(key, encoded), answer.next_version_id_marker.unwrap_or_default()));
        Ok(Page {
            objects: versions.chain(markers).collect(),
            folders: folders.map(|folder| decode(folder, encoded)).collect(),
            requests: 1,
            next: next.filter(|_| answer.is_truncated == Some(true)),
        })
    }
}

/// A listing that goes on page by page, as fast as the pages are taken.
pub(crate) struct Pages<'a> {
    lister: &'a Lister,
    query: Query,
    next: Option<Next>,
    ended: bool,
}

impl Pages<'_> {
    /// The next page; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>> {
        if self.ended {
            return Ok(None);
        }
        let next = self.next.take();
        let mut page = match self.query.versions {
            true => self.lister.versions(&self.query, next).await,
            false => self.lister.keys(&self.query, next).await,
        }
        .map_err(|failure| self.lister.error(&self.query, failure))?;
        self.next = page.next.take();
        self.ended = self.next.is_none();
        Ok(Some(page))
    }
}

/// A key as S3 writes it with `encoding-type=url`: like a form, with `+` for a space.
fn decode(text: String, encoded: bool) -> String {
    if !encoded {
        return text;
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_of_their_encoding() {
        assert_eq!(decode("a+b%2Bc%25/%01%E2%82%AC".to_owned(), true), "a b+c%/\u{1}€");
        assert_eq!(decode("a+b".to_owned(), false), "a+b");
    }
}
