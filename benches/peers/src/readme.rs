//! The part of the README that a run writes: the main table, one chart and where the rest is.
//!
//! Only what stands between the two marks is replaced; a file without them is refused, so that nothing is appended by accident.

use portcullis_benches::Trouble;

use crate::measured::Run;
use crate::report::{by_members, times};

const BEGIN: &str = "<!-- field:begin -->";
const END: &str = "<!-- field:end -->";

/// The text with the part between the marks made anew; `folder` is where the records lie, as the file would link to them.
///
/// # Errors
/// When the marks are not there, once each and in order.
pub fn replaced(text: &str, run: &Run, folder: &str) -> Result<String, Trouble> {
    let missing = || {
        format!("expected the lines `{BEGIN}` and `{END}`, once each; add them where the table should stand")
    };
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    if after.contains(BEGIN)
        || after.contains(END)
        || rest.find(BEGIN).is_some_and(|at| at < rest.find(END).unwrap_or(0))
    {
        return Err(missing().into());
    }
    let folder = folder.trim_end_matches('/');
    let (sizes, named) = by_members();
    let table = times(run, &sizes, named, true);
    let date = &run.date;
    Ok(format!(
        "{before}{BEGIN}\nOne check, three strings in, five roles, against the number of members; every decision compared with the naive reference's\n\
         first. Machine, versions, set-ups, roles, memory and what misses its mark: [{date}-field.md]({folder}/{date}-field.md).\n\n\
         {table}\n![nanoseconds a check against members]({folder}/{date}-field-members.svg)\n{END}{after}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let run = Run { date: "2026-11-22".to_owned(), ..Run::default() };
        let text = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = replaced(&text, &run, "benches/records/").unwrap();
        assert!(once.starts_with("before\n") && once.ends_with("\nafter\n") && !once.contains("old"));
        assert!(once.contains("(benches/records/2026-11-22-field-members.svg)"));
        assert_eq!(replaced(&once, &run, "benches/records").unwrap(), once);
        for wrong in ["no marks", &format!("{END}{BEGIN}"), &format!("{text}{text}")] {
            assert!(replaced(wrong, &run, "benches/records").is_err(), "{wrong}");
        }
    }
}
