//! Laws that hold whatever the policy says, tried on documents and workspaces out of a seed.
//!
//! They are named after what an author may rely on. The generators touch every form of the language that decides (see
//! `portcullis_testkit::generate`), and a failing seed is printed, so that it can be tried alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one looks at the clock"
)]

mod documents;
mod formatting;
mod texts;
mod workspaces;

use portcullis::matrix::RolePlanes;
use portcullis::{Document, Schema, Source};
use portcullis_testkit::generate::{self, Prng, Size};
use portcullis_testkit::reference::Vocabulary;
use serde_json::Value;

/// Runs a law for so many seeds, and says which one it was if the law does not hold.
fn for_seeds(count: u64, law: impl Fn(&mut Prng)) {
    struct Seed(u64);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                println!("seed {}", self.0);
            }
        }
    }
    for seed in 0..count {
        let named = Seed(seed);
        law(&mut Prng::new(seed));
        drop(named);
    }
}

/// A schema as the engine and as the reference see it.
struct Words {
    schema: Schema,
    vocabulary: Vocabulary,
}

impl Words {
    fn draw(prng: &mut Prng) -> Words {
        let size = Size { types: 1 + prng.below(9), ..Size::default() };
        let value = generate::schema(prng, size);
        let (schema, _) = Schema::read(&Source::new("schema.json", value.to_string())).unwrap();
        let vocabulary = serde_json::from_value(value).unwrap();
        Words { schema, vocabulary }
    }

    /// The statements of a policy; one that the language accepts.
    fn statements(&self, prng: &mut Prng, most: usize) -> Vec<Value> {
        let policy = generate::policy(prng, &self.vocabulary, most).unwrap();
        policy["policies"].as_array().unwrap().clone()
    }

    /// What a policy of these statements comes to.
    fn planes(&self, statements: &[Value]) -> RolePlanes {
        let text = policy(statements).to_string();
        let (document, _) = Document::read(&Source::new("policy.json", text)).unwrap();
        match document.resolve(&self.schema) {
            Ok((grants, _)) => grants.planes(),
            Err(report) => panic!("{report}\n{}", policy(statements)),
        }
    }

    /// The numbers of the permissions that it grants.
    fn granted(&self, statements: &[Value]) -> Vec<u32> {
        self.planes(statements).grants().iter().map(|id| id.as_u32()).collect()
    }
}

fn policy(statements: &[Value]) -> Value {
    serde_json::json!({ "version": "2022-04-26", "policies": statements })
}

fn shuffle<T>(prng: &mut Prng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, prng.below(last + 1));
    }
}

/// Whether all of the first are among the second; both ascend.
fn within(some: &[u32], all: &[u32]) -> bool {
    some.iter().all(|id| all.binary_search(id).is_ok())
}
