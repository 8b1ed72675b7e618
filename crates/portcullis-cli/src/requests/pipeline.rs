//! Blocks of lines answered on all cores, in their order and in bounded memory.
//!
//! One thread reads blocks into a queue, those of the pool answer them, and the caller's writes the answers in the order of the
//! queue. What stands in the queue is not an answer but the place where one will be, so nothing has to be sorted; it is short, and when
//! it is full, reading waits. Buffers go round. The reading thread must never be waited for before the input is over: it may sleep in a
//! pipe that nobody writes to any more while the reader of the answers has gone, and then the command has to end.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread;

use super::answers::{Answers, Decider, Tally};
use super::blocks::{Block, Blocks};

/// The most blocks in the queue, however many cores there are. With lines of the greatest length they take some 2 MiB each.
const MOST_WAITING: usize = 32;

/// What went wrong, and on which side.
#[derive(Debug)]
pub(super) enum Trouble {
    Reading(io::Error),
    Writing(io::Error),
}

/// A block and its answers, whose buffers are used again and again.
#[derive(Debug, Default)]
struct Work {
    block: Block,
    /// The time at which it is answered: that at which it had come in.
    now: Option<String>,
    answers: Answers,
}

/// Answers every line of an input; `told` hears how many bytes of it have been answered.
pub(super) fn answer(
    decider: Arc<Decider>,
    input: impl Read + Send + 'static,
    sink: &mut dyn Write,
    told: impl Fn(u64),
) -> Result<Tally, Trouble> {
    let most = (2 * rayon::current_num_threads()).min(MOST_WAITING);
    let (queue, places) = mpsc::sync_channel(most);
    let (spent, spare) = mpsc::channel();
    let reader = thread::Builder::new()
        .name("requests".to_owned())
        .spawn(move || read(&decider, input, &queue, &spare))
        .map_err(Trouble::Reading)?;
    let mut tally = Tally::default();
    loop {
        let place = match places.try_recv() {
            // Nothing more has come in, perhaps because somebody waits for these answers before asking on.
            Err(TryRecvError::Empty) => {
                sink.flush().map_err(Trouble::Writing)?;
                places.recv().ok()
            }
            place => place.ok(),
        };
        let Some(place) = place else { break };
        let mut work: Box<Work> = place.recv().map_err(|_| stopped())?;
        sink.write_all(&work.answers.text).map_err(Trouble::Writing)?;
        tally.add(std::mem::take(&mut work.answers.tally));
        told(work.block.read);
        // Once everything is read, nobody needs it.
        let _ = spent.send(work);
    }
    sink.flush().map_err(Trouble::Writing)?;
    reader.join().map_err(|_| stopped())?.map_err(Trouble::Reading)?;
    Ok(tally)
}

/// Puts blocks into the queue until the input is over, or nobody is left who wants the answers.
fn read(
    decider: &Arc<Decider>,
    input: impl Read,
    queue: &SyncSender<Receiver<Box<Work>>>,
    spare: &Receiver<Box<Work>>,
) -> io::Result<()> {
    let mut blocks = Blocks::new(input);
    loop {
        let mut work = spare.try_recv().unwrap_or_default();
        if !blocks.next(&mut work.block)? {
            return Ok(());
        }
        work.now = decider.now();
        let (done, place) = mpsc::sync_channel(1);
        if queue.send(place).is_err() {
            return Ok(());
        }
        let decider = Arc::clone(decider);
        rayon::spawn(move || {
            let Work { block, now, answers } = &mut *work;
            answers.renew(block, &decider, now.as_deref());
            let _ = done.send(work);
        });
    }
}

/// A thread ended before its work did. What it has not answered must not look answered.
fn stopped() -> Trouble {
    Trouble::Reading(io::Error::other("a thread that was answering has stopped"))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Sender;

    use portcullis::{Schema, Workspace};

    use super::*;
    use crate::clock::OfSystem;

    const QUESTION: &[u8] = b"{\"subject\":\"ann\",\"action\":\"read\",\"resource\":\"sync\"}\n";
    const ANSWER: &[u8] = b"{\"decision\":false}\n";

    fn decider() -> Arc<Decider> {
        let workspace = Workspace::new("w", Schema::hightouch().unwrap());
        Arc::new(Decider::new(Arc::new(workspace.compile().unwrap().0), Arc::new(OfSystem)))
    }

    /// Yields some blocks and then what comes through a channel, or an error when that is closed.
    struct Input(usize, Receiver<()>);

    impl Input {
        fn new(blocks: usize) -> (Self, Sender<()>) {
            let (open, closed) = mpsc::channel();
            (Input(blocks, closed), open)
        }
    }

    impl Read for Input {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                self.1.recv().map_err(|_| io::ErrorKind::UnexpectedEof)?;
            }
            self.0 = self.0.saturating_sub(1);
            buffer[..QUESTION.len()].copy_from_slice(QUESTION);
            Ok(QUESTION.len())
        }
    }

    /// Takes some answers, and then no more.
    struct Sink(usize);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_read_before_a_failure_is_answered() {
        let (input, open) = Input::new(100);
        drop(open);
        let mut sink = Vec::new();
        let trouble = answer(decider(), input, &mut sink, |_| ()).unwrap_err();
        assert!(matches!(trouble, Trouble::Reading(error) if error.kind() == io::ErrorKind::UnexpectedEof));
        assert_eq!(sink, ANSWER.repeat(100));
    }

    #[test]
    fn answers_that_nobody_takes_end_it_while_the_input_sleeps() {
        let (input, open) = Input::new(5);
        let trouble = answer(decider(), input, &mut Sink(3), |_| ()).unwrap_err();
        assert!(matches!(trouble, Trouble::Writing(error) if error.kind() == io::ErrorKind::BrokenPipe));
        // Until here the input was asleep and not over.
        drop(open);
    }

    #[test]
    fn progress_is_what_was_answered() {
        let told = std::cell::RefCell::new(Vec::new());
        let text = QUESTION.repeat(3);
        let tally =
            answer(decider(), io::Cursor::new(text), &mut io::sink(), |read| told.borrow_mut().push(read));
        assert_eq!(tally.unwrap().lines, 3);
        assert_eq!(told.into_inner(), [3 * QUESTION.len() as u64]);
    }
}
