//! What every crate's manifest must keep to: the arrows between crates, the decider's short list, the shared lints, the one binary.

use super::{Source, no_faults, tree};
use toml::{Table, Value};

/// Which crates of the workspace each may name under `[dependencies]`. Under `[dev-dependencies]` the testkit is open to all.
const ARROWS: &[(&str, &[&str])] = &[
    ("portcullis-matrix", &[]),
    ("portcullis", &["portcullis-matrix"]),
    ("portcullis-store", &[]),
    ("portcullis-server", &["portcullis", "portcullis-store"]),
    ("portcullis-cli", &["portcullis", "portcullis-store", "portcullis-server"]),
    ("portcullis-testkit", &["portcullis-matrix", "portcullis"]),
    // What is timed must be named. What is fuzzed is reached through the testkit, so that ordinary tests can replay it; of the
    // command line and the server a target passes a function to the testkit's body, and a test of that crate passes the same.
    (
        "portcullis-benches",
        &["portcullis-matrix", "portcullis", "portcullis-store", "portcullis-server", "portcullis-testkit"],
    ),
    ("portcullis-peers", &["portcullis", "portcullis-testkit", "portcullis-benches"]),
    ("portcullis-servers", &["portcullis", "portcullis-testkit", "portcullis-benches"]),
    ("portcullis-fuzz", &["portcullis-testkit", "portcullis-cli", "portcullis-server"]),
];
const DECIDER: &str = "portcullis-matrix";

fn file<'a>(tree: &'a [Source], path: &str) -> &'a Source {
    let found = tree.iter().find(|s| s.path == path);
    found.unwrap_or_else(|| panic!("{path} is gone: this test must follow it"))
}

fn manifests(tree: &[Source]) -> impl Iterator<Item = &Source> {
    let crates = |s: &&Source| s.path.ends_with("/Cargo.toml") && s.manifest().contains_key("package");
    tree.iter().filter(crates)
}

/// Every dependency in the table `kind`, also in those under `[target.…]`: its package name and its entry.
fn dependencies(manifest: &Table, kind: &str) -> Vec<(String, Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let nested = targets.into_iter().flat_map(|t| t.values()).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(nested)
        .filter_map(|t| t.get(kind).and_then(Value::as_table))
        .flatten()
        .map(|(key, entry)| {
            let renamed = entry.get("package").and_then(Value::as_str);
            (renamed.unwrap_or(key).to_owned(), entry.clone())
        })
        .collect()
}

fn wrong_arrows(s: &Source) -> Vec<String> {
    let manifest = s.manifest();
    let name = manifest["package"]["name"].as_str().unwrap();
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
        let what = format!(
            "the crate `{name}` is unknown to this test; add it to ARROWS here and to ARCHITECTURE.md"
        );
        return vec![s.fault(s.line_of("name"), &what)];
    };
    let mut faults = Vec::new();
    for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
        for (dependency, _) in dependencies(&manifest, kind) {
            let dev = kind == "dev-dependencies" && dependency == "portcullis-testkit";
            let ours = ARROWS.iter().any(|(crate_name, _)| *crate_name == dependency);
            if ours && !dev && !allowed.contains(&dependency.as_str()) {
                let what =
                    format!("`{name}` may not have `{dependency}` under [{kind}]; it may use {allowed:?}");
                faults.push(s.fault(s.line_of(&dependency), &what));
            }
        }
    }
    faults
}

fn decider_dependencies(s: &Source) -> Vec<String> {
    let manifest = s.manifest();
    let normal = dependencies(&manifest, "dependencies");
    let built = dependencies(&manifest, "build-dependencies");
    let optional = |entry: &Value| entry.get("optional").and_then(Value::as_bool) == Some(true);
    let refused = |(name, entry): &(String, Value)| match name.as_str() {
        "bitflags" => false,
        "arbitrary" => !optional(entry),
        _ => true,
    };
    let all = normal.into_iter().filter(refused).chain(built);
    all.map(|(name, _)| {
        let what = format!(
            "the decider may use bitflags and, optional, arbitrary; found `{name}`; do that in `portcullis`"
        );
        s.fault(s.line_of(&name), &what)
    })
    .collect()
}

fn lints_not_shared(s: &Source) -> Vec<String> {
    let manifest = s.manifest();
    let lints = manifest.get("lints");
    let shared = lints.and_then(|l| l.get("workspace")).and_then(Value::as_bool) == Some(true);
    // fuzz/, benches/peers/ and benches/servers/ are workspaces of their own, so they cannot inherit and say the one that matters themselves.
    let alone = manifest.contains_key("workspace") && forbids_unsafe(lints);
    let what = "expected `[lints] workspace = true`; add it, so that the lints of the root apply";
    (!shared && !alone).then(|| s.fault(s.line_of("[lints"), what)).into_iter().collect()
}

fn forbids_unsafe(lints: Option<&Value>) -> bool {
    let lint = lints.and_then(|l| l.get("rust")).and_then(|r| r.get("unsafe_code"));
    lint.and_then(|l| l.as_str().or_else(|| l.get("level")?.as_str())) == Some("forbid")
}

/// The binaries that a package builds: those it lists and those that cargo finds by itself.
fn binaries(manifest: &Source, tree: &[Source]) -> Vec<String> {
    let table = manifest.manifest();
    let dir = manifest.path.trim_end_matches("Cargo.toml");
    let listed = table.get("bin").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |bin: &Value, key: &str| bin.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut names: Vec<String> = listed.iter().filter_map(|bin| text(bin, "name")).collect();
    for inside in tree.iter().filter_map(|s| s.path.strip_prefix(dir)) {
        let taken = listed.iter().any(|bin| text(bin, "path").as_deref() == Some(inside));
        if inside == "src/main.rs" && !taken && listed.is_empty() {
            names.push(table["package"]["name"].as_str().unwrap().to_owned());
        } else if let Some(name) = inside.strip_prefix("src/bin/").filter(|_| !taken) {
            names.push(name.trim_end_matches(".rs").to_owned());
        }
    }
    names
}

#[test]
fn crates_use_each_other_only_along_the_arrows() {
    no_faults(manifests(&tree()).flat_map(wrong_arrows));
}

#[test]
fn the_decider_depends_on_bitflags_and_optional_arbitrary_alone() {
    let path = format!("crates/{DECIDER}/Cargo.toml");
    no_faults(decider_dependencies(file(&tree(), &path)).into_iter());
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace_which_forbid_unsafe_code() {
    let tree = tree();
    let root = file(&tree, "Cargo.toml");
    let lints = root.manifest()["workspace"].get("lints").cloned();
    assert!(
        forbids_unsafe(lints.as_ref()),
        "Cargo.toml: expected unsafe_code = \"forbid\" under [workspace.lints.rust]; put it back"
    );
    no_faults(manifests(&tree).flat_map(lints_not_shared));
}

#[test]
fn portcullis_is_the_one_binary_among_the_default_members() {
    let tree = tree();
    let root = file(&tree, "Cargo.toml").manifest();
    let members = root["workspace"]["default-members"].as_array().unwrap();
    let found: Vec<String> = members
        .iter()
        .map(|member| format!("{}/Cargo.toml", member.as_str().unwrap()))
        .filter_map(|path| tree.iter().find(|s| s.path == path))
        .flat_map(|manifest| binaries(manifest, &tree))
        .collect();
    assert_eq!(
        found,
        ["portcullis"],
        "a plain `cargo run` must have one binary to run; move others out of default-members"
    );
}

#[test]
fn each_check_of_a_manifest_sees_what_it_is_for() {
    let of = |text: &str| Source { path: "crates/a/Cargo.toml".to_owned(), text: text.to_owned() };
    let package = |name: &str, rest: &str| of(&format!("[package]\nname = \"{name}\"\n{rest}"));

    assert_eq!(wrong_arrows(&package("portcullis-shared", "")).len(), 1);
    assert_eq!(
        wrong_arrows(&package("portcullis-matrix", "[dependencies]\nportcullis.workspace = true")).len(),
        1
    );
    assert_eq!(
        wrong_arrows(&package("portcullis-cli", "[dependencies]\nportcullis-testkit = \"1\"")).len(),
        1
    );
    assert_eq!(
        wrong_arrows(&package(
            "portcullis-store",
            "[target.'cfg(unix)'.dependencies]\np = { package = \"portcullis\" }"
        ))
        .len(),
        1
    );
    assert!(
        wrong_arrows(&package(
            "portcullis",
            "[dependencies]\nportcullis-matrix = \"1\"\n[dev-dependencies]\nportcullis-testkit = \"1\""
        ))
        .is_empty()
    );

    assert_eq!(
        decider_dependencies(&package(
            DECIDER,
            "[dependencies]\nserde = \"1\"\narbitrary = \"1\"\nbitflags = \"2\""
        ))
        .len(),
        2
    );
    assert_eq!(decider_dependencies(&package(DECIDER, "[build-dependencies]\nbitflags = \"2\"")).len(), 1);
    assert!(
        decider_dependencies(&package(
            DECIDER,
            "[dependencies]\narbitrary = { version = \"1\", optional = true }"
        ))
        .is_empty()
    );

    assert_eq!(lints_not_shared(&package("a", "")).len(), 1);
    assert_eq!(lints_not_shared(&package("a", "[lints.rust]\nunsafe_code = \"forbid\"")).len(), 1);
    assert_eq!(lints_not_shared(&package("a", "[lints.rust]\nunsafe_code = \"deny\"\n[workspace]")).len(), 1);
    assert!(lints_not_shared(&package("a", "[lints]\nworkspace = true")).is_empty());

    let tree = ["src/main.rs", "src/bin/extra.rs"]
        .map(|p| Source { path: format!("crates/a/{p}"), text: String::new() });
    assert_eq!(binaries(&package("a", ""), &tree), ["a", "extra"]);
    assert_eq!(
        binaries(&package("a", "[[bin]]\nname = \"gate\"\npath = \"src/main.rs\""), &tree),
        ["gate", "extra"]
    );
}
