//! Questions in a row, as the large workloads ask them.
//!
//! The subjects' ids lie in the order in which they are asked about, as those of requests that arrive do, and actions and types share a few
//! texts: it is the engine that waits for memory, not who asks. What answers are expected is not known here; a workload that
//! knows keeps it beside the stream ([`field`](crate::field)).

/// A stream of questions.
#[derive(Debug, Default)]
pub struct Stream {
    /// The texts of actions and types, each once. They are few, so they are looked for one after the other.
    names: Vec<String>,
    subjects: String,
    drawn: Vec<Drawn>,
}

#[derive(Debug)]
struct Drawn {
    /// Where the subject's id ends, and the next one's begins.
    end: usize,
    action: usize,
    resource: usize,
}

impl Stream {
    /// Adds a question behind the others.
    pub fn push(&mut self, subject: &str, action: &str, resource: &str) {
        self.subjects.push_str(subject);
        let (action, resource) = (self.name(action), self.name(resource));
        self.drawn.push(Drawn { end: self.subjects.len(), action, resource });
    }

    fn name(&mut self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// The questions: (subject, action, resource).
    #[must_use]
    pub fn questions(&self) -> Vec<(&str, &str, &str)> {
        let mut start = 0;
        let mut question = |drawn: &Drawn| -> Option<(&str, &str, &str)> {
            let subject = self.subjects.get(start..drawn.end)?;
            start = drawn.end;
            Some((subject, &**self.names.get(drawn.action)?, &**self.names.get(drawn.resource)?))
        };
        self.drawn.iter().filter_map(&mut question).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_is_asked_in_order_and_names_are_kept_once() {
        let pushed = [
            ("ann", "read", "sync"),
            ("", "sync", "read"),
            ("zoë", "", "sync"),
            ("ann", "read", "model"),
            ("ann", "read", "model"),
        ];
        let mut stream = Stream::default();
        for (subject, action, resource) in pushed {
            stream.push(subject, action, resource);
        }
        assert_eq!(stream.questions(), pushed);
        assert_eq!(stream.names, ["read", "sync", "", "model"]);
    }
}
