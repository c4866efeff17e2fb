//! A delivery as it reaches the inbox: a bare file or a zip, dated by its receipt.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Writes one file and sets its modification time, which is when it was received.
pub fn lay_down(
    path: &Path,
    received_at: Timestamp,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(path)?;
    write(&mut file)?;
    file.flush()?;
    file.set_modified(SystemTime::try_from(received_at).map_err(io::Error::other)?)
}

/// Bytes given to the packer at a time.
const PACKED_AT_ONCE: usize = 64 * 1024;

/// A part of an archive: its name, and what writes its bytes.
pub type Part<'a> = (&'a str, &'a dyn Fn(&mut dyn Write) -> io::Result<()>);

/// Writes a zip. `made_at` is the date of its entries.
pub fn zip(file: &mut File, made_at: DateTime, parts: &[Part<'_>]) -> io::Result<()> {
    let small = |part: i8| part.unsigned_abs();
    let (day, time) = (made_at.date(), made_at.time());
    let stamp = zip::DateTime::from_date_and_time(
        day.year().unsigned_abs(),
        small(day.month()),
        small(day.day()),
        small(time.hour()),
        small(time.minute()),
        small(time.second()),
    )
    .map_err(io::Error::other)?;
    let options = SimpleFileOptions::default().last_modified_time(stamp);
    let mut archive = ZipWriter::new(BufWriter::new(file));
    for (name, write) in parts {
        archive.start_file(*name, options)?;
        // Elements are written piece by piece; the packer works better on larger ones.
        let mut out = BufWriter::with_capacity(PACKED_AT_ONCE, &mut archive);
        write(&mut out)?;
        out.flush()?;
    }
    archive.finish()?.flush()
}
