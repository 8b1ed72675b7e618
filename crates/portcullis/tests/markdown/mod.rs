//! Pages of documentation, as far as the tests that run them must read them.

/// The fenced blocks of a text: language and text of each.
pub(crate) fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, opened)) = rest.split_once("\n```") {
        let (language, after) = opened.split_once('\n').unwrap();
        let (text, left) = after.split_once("```").expect("a block is closed");
        found.push((language, text));
        rest = left;
    }
    found
}
