//! Everything that is read whole has a limit of size and of time. A pipe that stays open, an endless device or a file
//! of another kind than expected is an error, and no run waits for it.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Where bytes come from.
#[derive(Clone, Debug)]
pub enum Place {
    /// Standard input.
    Input,
    /// A file, a device or a pipe.
    File(PathBuf),
}

impl Place {
    /// A file by its path.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    /// The whole content, at most `most` bytes, within `patience`. Blocks.
    ///
    /// # Errors
    /// The system's error, or that of an input without an end.
    pub fn read(&self, most: usize, patience: Duration) -> Result<Vec<u8>> {
        let (answer, answered) = mpsc::sync_channel(1);
        let place = self.clone();
        // Only the end of the process ends a blocked read, so another thread waits for it.
        std::thread::spawn(move || answer.send(place.bytes(most)));
        answered.recv_timeout(patience).unwrap_or_else(|_| Err(endless(patience)))
    }

    /// The same in a task, on a thread that the runtime keeps for what blocks.
    ///
    /// # Errors
    /// The system's error, or that of an input without an end.
    pub async fn read_aside(&self, most: usize, patience: Duration) -> Result<Vec<u8>> {
        let place = self.clone();
        let read = timeout(patience, spawn_blocking(move || place.bytes(most))).await;
        read.unwrap_or_else(|_| Ok(Err(endless(patience)))).map_err(Error::other)?
    }

    fn bytes(&self, most: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = most as u64 + 1;
        match self {
            Self::Input => std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?,
            Self::File(path) => File::open(path)?.take(limit).read_to_end(&mut bytes)?,
        };
        if bytes.len() > most {
            let found = format!("it has more than {most} bytes, and may have no more");
            return Err(Error::new(ErrorKind::FileTooLarge, found));
        }
        Ok(bytes)
    }
}

fn endless(patience: Duration) -> Error {
    let waited = format!("it did not end within {:.0} s: is it a pipe that stays open?", patience.as_secs_f64());
    Error::new(ErrorKind::TimedOut, waited)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        let read = Place::file(Path::new(path)).read(1_000_000, Duration::from_secs(20));
        read.map_or_else(|error| error.to_string(), |bytes| format!("{} bytes", bytes.len()))
    }

    #[test]
    fn what_has_no_end_is_reported() {
        assert_eq!(read("/dev/null"), "0 bytes");
        assert_eq!(read("/dev/zero"), "it has more than 1000000 bytes, and may have no more");
        assert!(read("/nowhere/at/all").contains("No such file"));
    }

    fn pipe(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("meerkat-{name}-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()));
        path
    }

    #[test]
    fn a_pipe_that_nobody_writes_into_is_not_waited_for() {
        let path = pipe("pipe");
        let read = Place::file(&path).read(10, Duration::from_millis(50));
        let _ = std::fs::remove_file(&path);
        assert_eq!(read.map_err(|error| error.kind()), Err(ErrorKind::TimedOut));
    }

    #[tokio::test]
    async fn a_task_does_not_wait_for_such_a_pipe_either() {
        let path = pipe("pipe-of-a-task");
        let read = Place::file(&path).read_aside(10, Duration::from_millis(50)).await;
        // The runtime of a test ends after its threads: a writer that leaves ends the one that reads.
        drop(File::options().write(true).open(&path));
        let _ = std::fs::remove_file(&path);
        assert_eq!(read.map_err(|error| error.kind()), Err(ErrorKind::TimedOut));
    }
}
