//! A workspace edited in any way is the workspace that somebody would compile who had described it so.
//!
//! How that is held is told in the testkit's `editing`; here are the seeds and the kinds of workspaces. The fuzz target
//! `decide` draws the same edits from its bytes. `PORTCULLIS_LONG=1` tries thirty times as many seeds.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

use portcullis::Limits;
use portcullis::matrix::Layout;
use portcullis_testkit::editing::{Setting, run};
use portcullis_testkit::generate::{self, Prng, Size};

/// Runs so many seeds, and says which one it was that failed.
fn runs(seeds: u64, steps: usize, setting: impl Fn(&mut Prng) -> Setting) {
    struct Seed(u64);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                println!("seed {}", self.0);
            }
        }
    }
    let more = if std::env::var_os("PORTCULLIS_LONG").is_some() { 30 } else { 1 };
    let (mut made, mut refused, mut opened) = (0, 0, 0);
    for seed in 0..seeds * more {
        let named = Seed(seed);
        let led = run(&mut Prng::new(seed), &setting(&mut Prng::new(seed)), steps);
        (made, refused, opened) = (made + led.made, refused + led.refused, opened + led.opened);
        drop(named);
    }
    println!("{made} edits made, {refused} refused; {opened} requests that conditions decided");
    assert!(made > refused / 4 && refused > made / 40, "{made} edits made, {refused} refused");
    assert!(opened > 100, "{opened} requests that conditions decided");
}

/// Limits that edits meet, in half of all cases.
fn limits(prng: &mut Prng, built_in: usize) -> Limits {
    let mut limits = Limits::default();
    if prng.percent(50) {
        (limits.members, limits.roles, limits.roles_per_subject) = (9, built_in + 5, prng.below(4));
    }
    limits
}

fn small(prng: &mut Prng, layout: Layout) -> Setting {
    let size = Size { types: 1 + prng.below(6), actions: 1 + prng.below(6), ..Size::default() };
    let schema = generate::attributed_schema(prng, size);
    Setting::new(schema, layout, limits(prng, 0), true)
}

#[test]
fn edits_under_a_schema_with_flat_rows() {
    runs(12, 150, |prng| small(prng, Layout::Flat));
}

#[test]
fn edits_under_a_schema_with_paged_rows() {
    runs(8, 150, |prng| small(prng, Layout::Paged));
}

#[test]
fn edits_under_a_wide_schema() {
    runs(3, 150, |prng| {
        let size = Size { types: 70, actions: 18, ..Size::default() };
        let setting =
            Setting::new(generate::attributed_schema(prng, size), Layout::Auto, limits(prng, 0), false);
        assert!(setting.schema.permission_count() > 512);
        setting
    });
}

#[test]
fn edits_beside_built_in_roles() {
    runs(6, 150, |prng| Setting::new("hightouch".into(), Layout::Auto, limits(prng, 3), false));
}

#[test]
fn edits_of_a_large_workspace() {
    // More sets, names and groups than a chunk of any table takes.
    runs(1, 300, |prng| {
        let schema = generate::attributed_schema(prng, Size { types: 5, actions: 6, ..Size::default() });
        Setting::large(schema, Layout::Auto, [300, 40, 3_000])
    });
}
