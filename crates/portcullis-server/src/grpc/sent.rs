//! What a message brings beside names: a `google.protobuf.Struct`, as the attribute that conditions ask about.
//!
//! It is told to the engine's builder as it is read. The depth is that of JSON bodies; a key that stands twice in an object is refused, as
//! there. A number is the shortest decimal that is that double, which is what a reader of JSON takes a double for.

use portcullis::condition::{Attribute, AttributeBuilder};

use super::fields::{Fault, Fields, Held};

/// How deep a value may nest.
pub(super) const LEVELS: usize = 64;

/// Reads a Struct.
pub(super) fn attribute(message: &[u8]) -> Result<Attribute, Fault> {
    let mut builder = AttributeBuilder::new();
    object(&mut builder, message, LEVELS)?;
    builder.finish().map_err(|_| "a key stands twice in a Struct")
}

fn object(builder: &mut AttributeBuilder, message: &[u8], left: usize) -> Result<(), Fault> {
    let left = left.checked_sub(1).ok_or("a Struct nests deeper than 64 levels")?;
    builder.object();
    let mut fields = Fields::of(message);
    while let Some((number, held)) = fields.next()? {
        if number == 1 {
            let mut entry = None;
            held.message(&mut entry)?;
            member(builder, entry.unwrap_or_default(), left)?;
        }
    }
    builder.end();
    Ok(())
}

/// An entry of the map that an object is.
fn member(builder: &mut AttributeBuilder, message: &[u8], left: usize) -> Result<(), Fault> {
    let (mut key, mut value) = (None, None);
    let mut fields = Fields::of(message);
    while let Some((number, held)) = fields.next()? {
        match number {
            1 => held.text(&mut key)?,
            2 => held.message(&mut value)?,
            _ => {}
        }
    }
    // An empty string may be left out as well as sent.
    builder.key(key.unwrap_or_default());
    self::value(builder, value.unwrap_or_default(), left)
}

fn value(builder: &mut AttributeBuilder, message: &[u8], left: usize) -> Result<(), Fault> {
    const ONE: Fault = "a value in a Struct must be exactly one of its kinds";
    let mut fields = Fields::of(message);
    let mut is_told = false;
    while let Some((number, held)) = fields.next()? {
        if !(1..=6).contains(&number) {
            continue;
        }
        if std::mem::replace(&mut is_told, true) {
            return Err(ONE);
        }
        match (number, held) {
            (1, Held::Varint(_)) => {
                builder.null();
            }
            (2, Held::Fixed(bits)) => {
                let number = f64::from_bits(bits);
                if !number.is_finite() {
                    return Err("a number in a Struct is not finite");
                }
                builder.number(&format!("{number:e}"));
            }
            (3, Held::Bytes(_)) => {
                let mut text = None;
                held.text(&mut text)?;
                builder.text(text.unwrap_or_default());
            }
            (4, Held::Varint(holds)) => {
                builder.boolean(holds != 0);
            }
            (5, Held::Bytes(fields)) => object(builder, fields, left)?,
            (6, Held::Bytes(values)) => list(builder, values, left)?,
            _ => return Err(ONE),
        }
    }
    if is_told { Ok(()) } else { Err(ONE) }
}

fn list(builder: &mut AttributeBuilder, message: &[u8], left: usize) -> Result<(), Fault> {
    let left = left.checked_sub(1).ok_or("a Struct nests deeper than 64 levels")?;
    builder.list();
    let mut fields = Fields::of(message);
    while let Some((number, held)) = fields.next()? {
        if number == 1 {
            let mut element = None;
            held.message(&mut element)?;
            value(builder, element.unwrap_or_default(), left)?;
        }
    }
    builder.end();
    Ok(())
}
