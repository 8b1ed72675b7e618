//! How the tools here take their command lines, and how they end.
//!
//! All of them keep to what the command `portcullis` keeps to: a line on standard error that says what was expected and found; status 2 when the
//! command line asks for what cannot be, a file among it that cannot be read or written, and 1 when the work itself came to
//! nothing. Arguments are read before anything is made or measured, since a run may take an hour. The tools have few arguments, most by
//! position, so there is no crate for them.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{ExitCode, Termination};
use std::str::FromStr;

use crate::Trouble;

/// The status of a tool that cannot do what its command line says.
const MISUSED: u8 = 2;

/// What is wrong with a command line, or with a file that it names.
#[derive(Debug)]
struct Misuse(String);

impl Display for Misuse {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// A trouble that ends a tool with status 2. The text says in one line what was expected, what found and what to do.
#[must_use]
pub fn misuse(text: impl Into<String>) -> Trouble {
    Misuse(text.into()).into()
}

/// That these words are not what the tool takes.
#[must_use]
pub fn unlike(usage: &str, words: &[&str]) -> Trouble {
    misuse(match words {
        [] => format!("expected `{usage}`, found no arguments"),
        words => format!("expected `{usage}`, found `{}`", words.join(" ")),
    })
}

/// A number that an argument gives; `name` is the argument's own.
///
/// # Errors
/// When it is none, or out of range.
pub fn number<T: FromStr + PartialOrd + Display>(
    name: &str,
    word: &str,
    range: RangeInclusive<T>,
) -> Result<T, Trouble> {
    word.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        misuse(format!("expected {name} to be a whole number from {least} to {most}, found `{word}`"))
    })
}

/// How many of something: any number up to what fits 32 bits.
///
/// # Errors
/// When it is none, or less than `least`.
pub fn count(name: &str, word: &str, least: usize) -> Result<usize, Trouble> {
    number(name, word, least..=u32::MAX as usize)
}

/// The sizes that `[MEMBERS [ROLES]]` names: a million members unless said otherwise, with 5 and with 10,000 roles.
///
/// # Errors
/// When an argument is no number that there can be so many of, or there are more arguments.
pub fn sizes(usage: &str, words: &[&str]) -> Result<Vec<(usize, usize)>, Trouble> {
    let members = |word| count("MEMBERS", word, 1);
    let (members, roles) = match words {
        [] => (1_000_000, None),
        [all] => (members(all)?, None),
        [all, roles] => (members(all)?, Some(count("ROLES", roles, crate::crowd::LEAST_ROLES)?)),
        more => return Err(unlike(usage, more)),
    };
    Ok(roles.map_or_else(|| vec![(members, 5), (members, 10_000)], |roles| vec![(members, roles)]))
}

/// Says of an error which file it was about.
pub fn about(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Trouble {
    move |error| misuse(format!("{}: {error}", path.as_ref().display()))
}

/// Runs a tool with the words of its command line, or shows how it is used. What went wrong is told in a line.
pub fn obey<T: Termination>(usage: &str, tool: impl FnOnce(&[&str]) -> Result<T, Trouble>) -> ExitCode {
    let words: Result<Vec<String>, _> = std::env::args_os().skip(1).map(|word| word.into_string()).collect();
    let outcome = match &words {
        Ok(words) => {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if let ["--help" | "-h"] = &words[..] {
                println!("usage: {usage}");
                return ExitCode::SUCCESS;
            }
            tool(&words)
        }
        Err(word) => Err(misuse(format!("expected arguments in UTF-8, found {word:?}"))),
    };
    match outcome {
        Ok(done) => done.report(),
        Err(trouble) => {
            eprintln!("error: {trouble}");
            if trouble.is::<Misuse>() { MISUSED.into() } else { ExitCode::FAILURE }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_or_out_of_range_is_told_with_its_name() {
        assert_eq!(count("ROUNDS", "21", 1).unwrap(), 21);
        assert_eq!(number("--seed", "18446744073709551615", 0..=u64::MAX).unwrap(), u64::MAX);
        for word in ["x", "", "0", "-1", "1.5", "4294967296", "99999999999999999999"] {
            let trouble = count("ROUNDS", word, 1).unwrap_err();
            assert!(trouble.is::<Misuse>());
            assert_eq!(
                trouble.to_string(),
                format!("expected ROUNDS to be a whole number from 1 to 4294967295, found `{word}`")
            );
        }
    }

    #[test]
    fn sizes_are_those_named_or_the_large_ones() {
        let sized = |words: &[&str]| sizes("tool [MEMBERS [ROLES]]", words);
        assert_eq!(sized(&[]).unwrap(), [(1_000_000, 5), (1_000_000, 10_000)]);
        assert_eq!(sized(&["300"]).unwrap(), [(300, 5), (300, 10_000)]);
        assert_eq!(sized(&["300", "7"]).unwrap(), [(300, 7)]);
        for (words, told) in [
            (&["x"][..], "expected MEMBERS to be a whole number from 1 "),
            (&["0"], "expected MEMBERS to be a whole number from 1 "),
            (&["300", "4"], "expected ROLES to be a whole number from 5 "),
            (&["1", "5", "x"], "expected `tool [MEMBERS [ROLES]]`, found `1 5 x`"),
        ] {
            let trouble = sized(words).unwrap_err();
            assert!(trouble.is::<Misuse>() && trouble.to_string().starts_with(told), "{trouble}");
        }
    }

    #[test]
    fn an_error_of_a_file_names_the_file() {
        let missing = std::fs::read("no/such/file").map_err(about("no/such/file")).unwrap_err();
        assert!(missing.is::<Misuse>() && missing.to_string().starts_with("no/such/file: "), "{missing}");
        assert_eq!(unlike("tool FILE", &[]).to_string(), "expected `tool FILE`, found no arguments");
    }
}
