//! The process of the floor: measures all of it again for each line on standard input.
//!
//! What is measured, and in which order, stands in [`FLOOR`](crate::driver::FLOOR); how, in the benches' module of the same name.

use std::io::{BufRead, Write};

use portcullis_benches::Trouble;
use portcullis_benches::floor::{Pass, Walk, bit_test};

use crate::driver::FLOOR;

/// Serves until standard input ends.
///
/// # Errors
/// When standard output is closed.
pub fn serve() -> Result<(), Trouble> {
    let mut walks: Vec<Walk> = FLOOR
        .iter()
        .filter(|(_, bytes, _)| (1..usize::MAX).contains(bytes))
        .map(|(_, bytes, _)| Walk::new(*bytes))
        .collect();
    let pass = Pass::default();
    for line in std::io::stdin().lock().lines() {
        line?;
        let mut values = vec![bit_test(2_000)];
        for walk in &mut walks {
            // Once to have in the caches what fits.
            let _ = walk.step(1 << 17);
            values.push(walk.step(1 << 17));
        }
        values.push(pass.read());
        let values: Vec<String> = values.iter().map(f64::to_string).collect();
        let mut out = std::io::stdout().lock();
        writeln!(out, "floor {}", values.join(" "))?;
        out.flush()?;
    }
    Ok(())
}
