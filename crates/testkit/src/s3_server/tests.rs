//! What of the server needs no server.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn keys_are_percent_encoded() {
    assert_eq!(object("b", "a b/..//%41+\u{1}é"), "/b/a%20b/..//%2541%2B%01%C3%A9");
}

#[test]
fn weed_is_found_on_a_path() {
    let dir = std::env::temp_dir().join(format!("find-weed-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("weed"), "").unwrap();
    let path = std::env::join_paths([Path::new("/nowhere"), &dir]).unwrap();
    assert_eq!(S3Server::find(Some(&path)), Some(dir.join("weed")));
    assert_eq!(S3Server::find(Some(OsStr::new("/nowhere"))), None);
    assert_eq!(S3Server::find(None), None);
    fs::remove_dir_all(&dir).unwrap();
}
