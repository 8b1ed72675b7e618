//! Documents: read, validate and compile the five real ones; workspaces; a difference.
//!
//! `cargo bench -p portcullis-benches --bench documents`
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portcullis::{
    COMPARE_STEPS, Document, Schema, Source, compare_documents, diff_documents, diff_snapshots,
};
use portcullis_benches::{Trouble, Workload, built_in_code, large, real_documents};

fn documents(criterion: &mut Criterion) {
    if let Err(trouble) = timed(criterion) {
        eprintln!("{trouble}");
        std::process::exit(2);
    }
}

fn timed(criterion: &mut Criterion) -> Result<(), Trouble> {
    let schema = Schema::hightouch()?;
    let texts = real_documents()?;
    let sources: Vec<_> = texts.iter().map(|(name, text)| Source::new(&**name, &**text)).collect();
    // What is timed must succeed: a document that is refused early would look fast.
    for source in &sources {
        Document::read(source)?.0.resolve(&schema)?;
    }
    let mut group = criterion.benchmark_group("documents");
    group.throughput(Throughput::Elements(sources.len() as u64));
    group.bench_function("read, validate, compile the five real ones", |bencher| {
        bencher.iter(|| {
            for source in &sources {
                let planes = Document::read(source).and_then(|(document, _)| document.resolve(&schema));
                black_box(planes.map(|(grants, _)| grants.planes()).ok());
            }
        });
    });
    group.throughput(Throughput::Elements(1)).sample_size(20);
    let statements = Source::new("statements", large::many_statements(850).to_string());
    group.bench_function("850 statements", |bencher| {
        bencher
            .iter(|| Document::read(&statements).and_then(|(document, _)| document.resolve(&schema)).is_ok());
    });
    let (wide, listed) = large::long_list(2_000);
    let wide = Schema::read(&Source::new("wide", wide.to_string()))?.0;
    let listed = Source::new("listed", listed.to_string());
    Document::read(&listed)?.0.resolve(&wide)?;
    group.bench_function("a list of 2,000 names", |bencher| {
        bencher.iter(|| Document::read(&listed).and_then(|(document, _)| document.resolve(&wide)).is_ok());
    });
    let compiled: Result<Vec<_>, _> = sources
        .iter()
        .map(|source| Document::read(source).and_then(|(document, _)| document.resolve(&schema)))
        .collect();
    let compiled = compiled?;
    if let [(first, _), (second, _), ..] = &*compiled {
        group.bench_function("diff of two documents", |bencher| {
            bencher.iter(|| diff_documents(first, second))
        });
        let compared = compare_documents(first, second, COMPARE_STEPS);
        let change = diff_documents(first, second);
        // What is timed must be right: without conditions, the difference says the same.
        if !compared.is_some_and(|found| found.only_a() == change.lost && found.only_b() == change.gained) {
            return Err(Trouble::from("the comparison and the difference disagree".to_owned()));
        }
        group.bench_function("compare two documents without conditions", |bencher| {
            bencher.iter(|| compare_documents(first, second, COMPARE_STEPS).map(|found| found.relation()))
        });
    }
    let old = Workload::new(1_000, 5)?.snapshot;
    let new = Workload::new(1_000, 6)?.snapshot;
    group.bench_function("diff of two workspaces of 1,000 members", |bencher| {
        bencher.iter(|| diff_snapshots(&old, &new).len());
    });
    let workspace = built_in_code(10_000)?;
    group.bench_function("compile a workspace of 10,000 members", |bencher| {
        bencher.iter(|| workspace.compile().is_ok());
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, documents);
criterion_main!(benches);
