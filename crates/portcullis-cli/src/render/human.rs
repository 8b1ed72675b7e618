//! Diagnostics for people, in the look that rustc made familiar.
//!
//! annotate-snippets draws; what it draws comes from `excerpt`, so that it is short and harmless. Where there is
//! exactly one mend it is shown as a change of the line.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use portcullis::diagnostic::Replacement;
use portcullis::text::{grouped, printable};
use portcullis::{Diagnostic, Report, Severity, Source};

use super::excerpt::{Mark, excerpts};

/// All the diagnostics of a report, each followed by an empty line.
pub(crate) fn report(report: &Report, styled: bool, width: usize) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width).decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for found in report {
        text.push_str(&diagnostic(found, &renderer));
        text.push_str("\n\n");
    }
    if report.dropped() > 0 {
        text.push_str(&format!("… and {} more\n\n", grouped(report.dropped())));
    }
    text
}

fn diagnostic(found: &Diagnostic, renderer: &Renderer) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(printable(&found.message)).id(found.code.as_str());
    let mut main = Group::with_title(title);
    let mut places = Vec::new();
    for (source, marks) in by_source(found) {
        for excerpt in excerpts(source, &marks) {
            let first = excerpt.marks.iter().find(|(_, mark)| mark.primary).or(excerpt.marks.first());
            let at = source.position(first.map_or(0, |(_, mark)| mark.span.start));
            let path = stand_in(places.len());
            places.push(format!("{}:{}:{}", printable(source.name()), at.line, at.column));
            let annotations = excerpt.marks.into_iter().map(|(range, mark)| {
                let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                let label = (!mark.text.is_empty()).then(|| printable(mark.text));
                kind.span(range).label(label)
            });
            let snippet = Snippet::source(excerpt.text).line_start(excerpt.line).path(path);
            main = main.element(snippet.annotations(annotations));
        }
    }
    let help = found.help.as_deref().map(printable);
    let drawn = match found.replacement.as_ref().and_then(patch) {
        Some((line, text, patch)) => {
            let help = help.unwrap_or_else(|| "change it to".to_owned());
            let mend = Group::with_title(Level::HELP.secondary_title(help));
            let mend = mend.element(Snippet::source(text).line_start(line).patch(patch));
            renderer.render(&[main, mend])
        }
        None => {
            let main = help.into_iter().fold(main, |main, help| main.element(Level::HELP.message(help)));
            renderer.render(&[main])
        }
    };
    places.iter().enumerate().fold(drawn, |drawn, (index, place)| put_place(&drawn, &stand_in(index), place))
}

/// A path for annotate-snippets to draw. It would count columns in the excerpt, where lines are cut and
/// characters escaped, so it is given a name that is replaced, with its line and column, afterwards.
fn stand_in(index: usize) -> String {
    format!("\u{f8ff}{index}\u{f8ff}")
}

/// Puts the true place where the stand-in is drawn.
fn put_place(drawn: &str, stand_in: &str, place: &str) -> String {
    let Some((before, after)) = drawn.split_once(stand_in) else { return drawn.to_owned() };
    let after = after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    format!("{before}{place}{after}")
}

/// The labels of a diagnostic by the text that they are in, that of the fault first.
fn by_source(found: &Diagnostic) -> Vec<(&Source, Vec<Mark<'_>>)> {
    let mut sources: Vec<(&Source, Vec<Mark<'_>>)> = Vec::new();
    let labels = found.primary.iter().map(|label| (label, true));
    for (label, primary) in labels.chain(found.secondary.iter().map(|label| (label, false))) {
        let mark = Mark { span: label.span, text: &label.text, primary };
        match sources.iter_mut().find(|(source, _)| std::ptr::eq(*source, &*label.source)) {
            Some((_, marks)) => marks.push(mark),
            None => sources.push((&label.source, vec![mark])),
        }
    }
    sources
}

/// A mend as a change of one line, where that line can be shown whole.
fn patch(replacement: &Replacement) -> Option<(usize, String, Patch<'static>)> {
    let mark = Mark { span: replacement.span, text: "", primary: true };
    let excerpt = excerpts(&replacement.source, &[mark]).pop()?;
    let (range, _) = excerpt.marks.first()?.clone();
    // A change that goes over the end of a line, or a line that was cut, is better told than shown.
    let replaced = replacement.source.slice(replacement.span);
    let whole = excerpt.text.get(range.clone())? == replaced && !excerpt.text.contains('…');
    let short = !replacement.text.contains('\n') && printable(&replacement.text) == replacement.text;
    (whole && short).then(|| (excerpt.line, excerpt.text, Patch::new(range, replacement.text.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str) -> String {
        let source = Source::new("a.json", text);
        let schema = portcullis::Schema::hightouch().unwrap();
        let read =
            portcullis::read_any(&source, &schema, &portcullis::NoFiles, &portcullis::Limits::default());
        report(&read.map(|(_, report)| report).unwrap_or_else(|report| report), false, 100)
    }

    #[test]
    fn places_are_those_of_the_file_though_lines_are_cut_and_escaped() {
        let long = format!(
            r#"{{"version":"2022-04-26","policies":[{{"effect":"allow","actions":"read","resource":[{}"synk"]}}]}}"#,
            r#""sync","#.repeat(50_000)
        );
        let shown = drawn(&long);
        let column = long.find("\"synk").unwrap() + 1;
        assert!(shown.contains(&format!(" --> a.json:1:{column}\n")), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 160), "{shown}");
        let escaped = "{\"version\":\"2022-04-26\",\"policies\":[\n{\"effect\":\"allow\",\"actions\":\"\u{202e}daer\",\"resource\":\"synk\"}]}";
        let shown = drawn(escaped);
        assert!(shown.contains(" --> a.json:2:48\n") && !shown.contains('\u{202e}'), "{shown}");
    }
}
