//! What is measured: of each measure who takes part, and against whom the others are held.

/// A server, by the name in tables.
pub(super) type Name = &'static str;

pub(super) const AXUM: Name = "bare axum";
pub(super) const AXUM_MIMALLOC: Name = "bare axum, mimalloc";
pub(super) const HYPER: Name = "bare hyper";
pub(super) const HYPER_MIMALLOC: Name = "bare hyper, mimalloc";
pub(super) const TONIC: Name = "bare tonic";
pub(super) const TONIC_MIMALLOC: Name = "bare tonic, mimalloc";
pub(super) const FOLDER: Name = "portcullis";
pub(super) const SIDECAR: Name = "portcullis, sidecar";
pub(super) const LARGE: Name = "portcullis, many members";
pub(super) const LARGE_SIDECAR: Name = "portcullis, sidecar, many members";
pub(super) const CERBOS: Name = "Cerbos";

/// One measure.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub(super) name: String,
    /// What `load` is told behind the folder and the address.
    pub(super) words: Vec<String>,
    /// Whether the large workload is asked.
    pub(super) large: bool,
    /// Who takes part, the one first against whom the others are held.
    pub(super) takes_part: Vec<Name>,
}

/// All measures, in order.
pub(super) fn measures() -> Vec<Measure> {
    let mut all = Vec::new();
    let bare = [AXUM, AXUM_MIMALLOC, HYPER, HYPER_MIMALLOC, FOLDER, SIDECAR];
    let mut add = |name: String, words: &str, large, takes_part: &[Name]| {
        let words = words.split(' ').map(str::to_owned).collect();
        all.push(Measure { name, words, large, takes_part: takes_part.to_vec() });
    };
    for (what, form) in [("one evaluation a request", "singles"), ("90 evaluations a request", "batches")] {
        for connections in [16, 64] {
            let words = format!("{form} --connections {connections}");
            add(format!("{what}, {connections} connections"), &words, false, &bare);
        }
    }
    let words = "singles --connections 16";
    let many = [AXUM, LARGE, LARGE_SIDECAR];
    add("one evaluation a request, 16 connections, many members".to_owned(), words, true, &many);
    for (what, form) in [
        ("one evaluation a request with the subject's roles", "singles-with-roles"),
        ("90 evaluations a request with the subject's roles", "batches-with-roles"),
    ] {
        for connections in [16, 64] {
            let words = format!("{form} --connections {connections}");
            add(format!("{what}, {connections} connections"), &words, false, &[CERBOS, FOLDER]);
        }
    }
    let tonic = [TONIC, TONIC_MIMALLOC, FOLDER, SIDECAR];
    for (connections, streams, window) in [(1, 1, 256), (4, 16, 128)] {
        let words = format!("stream --connections {connections} --streams {streams} --window {window}");
        let name = format!(
            "gRPC streams: {streams} over {connections} connections, {window} checks under way in each"
        );
        add(name.replace("1 connections", "one connection"), &words, false, &tonic);
    }
    let words = "unary --connections 4 --streams 64";
    add("gRPC calls: 64 at once over 4 connections".to_owned(), words, false, &tonic);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_have_names_of_their_own_and_somebody_to_be_held_against() {
        let all = measures();
        let names: std::collections::BTreeSet<&str> = all.iter().map(|measure| &*measure.name).collect();
        assert_eq!(names.len(), all.len());
        for measure in all {
            assert!(measure.takes_part.len() >= 2, "{measure:?}");
            assert_eq!(measure.takes_part[0] == CERBOS, measure.words[0].ends_with("with-roles"));
        }
    }
}
