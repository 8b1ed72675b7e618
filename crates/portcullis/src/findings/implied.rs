//! Which conditions another condition implies: those whose tests are some of its own.
//!
//! All tests of a condition must hold. So what has all the tests of another and more of them is true only where the
//! other is true, and false wherever the other is false: an allow under it adds nothing to an allow under the other, and
//! a deny under it takes away nothing that a deny under the other does not. That is exact as far as it goes, and quick; that
//! `lessthan 3` implies `lessthan 5` is for `jointly` to find.

use std::collections::HashMap;
use std::sync::Arc;

use crate::condition::{Condition, Test};

/// The most pairs of conditions that are compared; past it further conditions count as implying nothing.
const MOST_PAIRS: usize = 10_000_000;

/// Whether all tests of one condition are tests of another. Both are in order.
pub(super) fn implies(narrow: &Condition, wide: &Condition) -> bool {
    let mut rest = narrow.tests().iter();
    wide.tests().iter().all(|test| rest.any(|other| other == test))
}

/// For each condition the others that it implies, by number.
pub(super) fn implied(conditions: &[Arc<Condition>]) -> Vec<Vec<u32>> {
    let mut times: HashMap<&Test, u32> = HashMap::new();
    for test in conditions.iter().flat_map(|condition| condition.tests()) {
        *times.entry(test).or_default() += 1;
    }
    // A condition is found through its rarest test, so that few are looked at in vain.
    let mut by_test: HashMap<&Test, Vec<u32>> = HashMap::new();
    for (number, condition) in (0..).zip(conditions) {
        let rarest = condition.tests().iter().min_by_key(|test| times.get(test));
        if let Some(rarest) = rarest {
            by_test.entry(rarest).or_default().push(number);
        }
    }
    let mut pairs = 0;
    let mut found = Vec::with_capacity(conditions.len());
    for narrow in conditions {
        let mut wider = Vec::new();
        for number in narrow.tests().iter().filter_map(|test| by_test.get(test)).flatten() {
            pairs += 1;
            let wide = conditions.get(*number as usize).filter(|_| pairs <= MOST_PAIRS);
            // Conditions stand once, so one of fewer tests is another one.
            wider.extend(
                wide.filter(|wide| wide.tests().len() < narrow.tests().len() && implies(narrow, wide))
                    .map(|_| *number),
            );
        }
        found.push(wider);
    }
    found
}
