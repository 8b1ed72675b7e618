//! The audit trail: a chain of entries, each of which carries the hash of the one before it.
//!
//! Whoever changes an entry, leaves one out or puts one in between changes the hash of every later one; whoever keeps the hash of
//! the last one elsewhere (the *head*) also sees when the end was cut off. A payload enters the chain by its salted hash: it can
//! be erased, for privacy, and the chain still holds.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{Id, Millis};

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// What is to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, by the clock of whoever notes it.
    pub time: Millis,
    /// Who: a member's id, `operator`, `local:` and a user of the machine, …
    pub actor: String,
    /// The id of the credential that was shown.
    pub credential: Option<Id>,
    /// From where.
    pub address: Option<String>,
    /// In which request.
    pub request: Option<String>,
    /// What was done or tried, in one word or a few.
    pub operation: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The details, as JSON. No secret is ever part of them.
    pub payload: Option<String>,
    /// 128 random bits, so that a payload that was erased cannot be guessed from its hash.
    pub salt: [u8; 16],
}

/// An entry as it stands in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// 1, 2, …, without gaps.
    pub number: u64,
    /// The revision that the workspace had after it.
    pub revision: u64,
    /// What was noted. A payload that was erased is nothing, and its salt is zero.
    pub entry: Entry,
    /// The hash of payload and salt; nothing where there never was a payload.
    pub payload_hash: Option<[u8; 32]>,
    /// The hash of the entry before; zero for the first.
    pub previous: [u8; 32],
    /// The hash of this one.
    pub hash: [u8; 32],
}

/// The end of a trail: what is kept elsewhere to see later whether something was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 of an empty trail.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of an empty trail.
    pub const EMPTY: Head = Head { number: 0, hash: [0; 32] };

    /// Reads a head as it is written: `NUMBER:HASH`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Head> {
        let (number, hex) = text.trim().split_once(':')?;
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        if !rest.is_empty() || pairs.len() != 32 || number.starts_with('+') {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            let [high, low] = pair.map(|letter| char::from(letter).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Head { number: number.parse().ok()?, hash })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.number)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Entry {
    /// The entry as it follows a head.
    #[must_use]
    pub fn after(&self, head: Head, workspace: Id, revision: u64) -> AuditEntry {
        let payload_hash = self.payload.as_ref().map(|payload| {
            let mut hasher = Sha256::new();
            hasher.update(self.salt);
            hasher.update(payload.as_bytes());
            hasher.finalize().into()
        });
        let mut entry = AuditEntry {
            number: head.number + 1,
            revision,
            entry: self.clone(),
            payload_hash,
            previous: head.hash,
            hash: [0; 32],
        };
        entry.hash = entry.computed(workspace);
        entry
    }
}

impl AuditEntry {
    /// Where it leaves the trail.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash }
    }

    /// The hash that the entry must have.
    #[must_use]
    pub fn computed(&self, workspace: Id) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut field = |bytes: Option<&[u8]>| {
            // Each with its length, so that no two entries run together to the same bytes.
            hasher.update([u8::from(bytes.is_some())]);
            let bytes = bytes.unwrap_or(&[]);
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        let Entry { time, actor, credential, address, request, operation, outcome, payload: _, salt: _ } =
            &self.entry;
        field(Some(&workspace.to_bytes()));
        field(Some(&self.number.to_be_bytes()));
        field(Some(&self.revision.to_be_bytes()));
        field(Some(&self.previous));
        field(Some(&time.to_be_bytes()));
        field(Some(actor.as_bytes()));
        field(credential.map(Id::to_bytes).as_ref().map(|bytes| &bytes[..]));
        field(address.as_deref().map(str::as_bytes));
        field(request.as_deref().map(str::as_bytes));
        field(Some(operation.as_bytes()));
        field(Some(&[u8::from(*outcome == Outcome::Done)]));
        field(self.payload_hash.as_ref().map(|hash| &hash[..]));
        hasher.finalize().into()
    }

    /// Whether the payload, if it is still there, is the one that was noted.
    #[must_use]
    pub fn payload_is_genuine(&self) -> bool {
        let Some(payload) = &self.entry.payload else { return true };
        let mut hasher = Sha256::new();
        hasher.update(self.entry.salt);
        hasher.update(payload.as_bytes());
        Some(hasher.finalize().into()) == self.payload_hash
    }
}

/// What is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An entry is missing.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// An entry is not the one that was written, or the one before it is not.
    #[error("entry {0} was changed, or the one before it was")]
    Changed(u64),
    /// A payload is not the one that was written.
    #[error("the payload of entry {0} was changed")]
    Payload(u64),
    /// The trail ends before a head that was kept.
    #[error("the trail ends with entry {ends}, and once had an entry {kept}: its end was cut off")]
    CutOff {
        /// The last entry.
        ends: u64,
        /// The number of the head that was kept.
        kept: u64,
    },
    /// The entry of a head that was kept is another.
    #[error("entry {0} is not the one that was kept: the trail was written anew")]
    Rewritten(u64),
}

/// Walks along a trail, entry by entry.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    workspace: Id,
    head: Head,
    kept: Option<Head>,
}

impl Verifier {
    /// For the trail of a workspace, and the head that was kept of it, if one was.
    #[must_use]
    pub const fn new(workspace: Id, kept: Option<Head>) -> Verifier {
        Verifier { workspace, head: Head::EMPTY, kept }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn next(&mut self, entry: &AuditEntry) -> Result<(), Broken> {
        let number = self.head.number + 1;
        if entry.number != number {
            return Err(Broken::Missing(number));
        }
        if entry.previous != self.head.hash || entry.computed(self.workspace) != entry.hash {
            return Err(Broken::Changed(number));
        }
        if !entry.payload_is_genuine() {
            return Err(Broken::Payload(number));
        }
        if self.kept.is_some_and(|kept| kept.number == number && kept.hash != entry.hash) {
            return Err(Broken::Rewritten(number));
        }
        self.head = entry.head();
        Ok(())
    }

    /// The head, now that all entries were seen.
    ///
    /// # Errors
    /// When the trail ends too early.
    pub fn finish(self) -> Result<Head, Broken> {
        match self.kept {
            Some(kept) if kept.number > self.head.number => {
                Err(Broken::CutOff { ends: self.head.number, kept: kept.number })
            }
            _ => Ok(self.head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: Id = Id::from_bytes([7; 16]);

    fn entry(number: u8) -> Entry {
        Entry {
            time: i64::from(number),
            actor: format!("member {number}"),
            credential: (number.is_multiple_of(2)).then_some(Id::from_bytes([number; 16])),
            address: (number.is_multiple_of(3)).then(|| "192.0.2.1".to_owned()),
            request: None,
            operation: "member.add".to_owned(),
            outcome: if number.is_multiple_of(5) { Outcome::Refused } else { Outcome::Done },
            payload: (!number.is_multiple_of(4)).then(|| format!("{{\"number\":{number}}}")),
            salt: [number; 16],
        }
    }

    fn trail(length: u8) -> Vec<AuditEntry> {
        let mut head = Head::EMPTY;
        let next = |number: u8| {
            let entry = entry(number).after(head, WORKSPACE, u64::from(number));
            head = entry.head();
            entry
        };
        (1..=length).map(next).collect()
    }

    fn verified(trail: &[AuditEntry], kept: Option<Head>) -> Result<Head, Broken> {
        let mut verifier = Verifier::new(WORKSPACE, kept);
        trail.iter().try_for_each(|entry| verifier.next(entry))?;
        verifier.finish()
    }

    #[test]
    fn a_trail_as_it_was_written_verifies() {
        let trail = trail(12);
        let head = trail.last().unwrap().head();
        assert_eq!(verified(&trail, None), Ok(head));
        assert_eq!(verified(&trail, Some(head)), Ok(head));
        assert_eq!(verified(&trail, Some(trail[4].head())), Ok(head));
        assert_eq!(verified(&[], None), Ok(Head::EMPTY));
        assert_eq!(Head::parse(&head.to_string()), Some(head));
    }

    #[test]
    fn every_change_of_every_entry_shows() {
        let good = trail(12);
        let changes: [fn(&mut AuditEntry); 12] = [
            |one| one.entry.time += 1,
            |one| one.entry.actor.push('x'),
            |one| one.entry.credential = Some(Id::from_bytes([99; 16])),
            |one| one.entry.address = Some(String::new()),
            |one| one.entry.request = Some(String::new()),
            |one| one.entry.operation = "member.remove".to_owned(),
            |one| {
                one.entry.outcome =
                    if one.entry.outcome == Outcome::Done { Outcome::Refused } else { Outcome::Done };
            },
            |one| one.entry.payload = Some("{}".to_owned()),
            |one| one.payload_hash = Some([1; 32]),
            |one| one.revision += 1,
            |one| one.previous[0] ^= 1,
            |one| one.hash[31] ^= 1,
        ];
        for at in 0..good.len() {
            for (which, change) in changes.iter().enumerate() {
                let mut bad = good.clone();
                change(&mut bad[at]);
                assert!(verified(&bad, None).is_err(), "change {which} of entry {at}");
            }
            // An entry of which the hash is right again is another for the next one.
            let mut bad = good.clone();
            bad[at].entry.actor.push('x');
            bad[at].hash = bad[at].computed(WORKSPACE);
            let found = verified(&bad, Some(good[11].head()));
            assert!(found.is_err(), "{at}: {found:?}");
        }
        let mut bad = good.clone();
        bad.remove(5);
        assert_eq!(verified(&bad, None), Err(Broken::Missing(6)));
        bad = good.clone();
        bad.swap(5, 6);
        assert_eq!(verified(&bad, None), Err(Broken::Missing(6)));
        let cut = verified(&good[..9], Some(good[11].head()));
        assert_eq!(cut, Err(Broken::CutOff { ends: 9, kept: 12 }));
        assert!(Verifier::new(Id::from_bytes([8; 16]), None).next(&good[0]).is_err(), "another workspace's");
    }

    #[test]
    fn a_payload_can_be_erased_and_not_replaced() {
        let mut trail = trail(12);
        trail[0].entry.payload = None;
        trail[0].entry.salt = [0; 16];
        assert!(verified(&trail, None).is_ok());
        trail[1].entry.payload = Some("{\"number\":3}".to_owned());
        assert_eq!(verified(&trail, None), Err(Broken::Payload(2)));
    }

    #[test]
    fn nothing_else_is_a_head() {
        let good = trail(1)[0].head().to_string();
        for bad in
            ["", "1", "1:", &good[1..], &good[..good.len() - 1], &format!("+{good}"), &format!("{good}0")]
        {
            assert_eq!(Head::parse(bad), None, "{bad}");
        }
        assert!(Head::parse(&format!(" {good}\n")).is_some());
    }
}
