//! Streaming: what is dropped is never held (issue 2).

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::thread::sleep;
use std::time::Duration;

use super::super::folder::{BEFFROI, Folder, MONDAY, pupil, siecle_file};

const LARGE_BYTES: u64 = 190 << 20;
const MORE_KIB_MAX: u64 = 60 << 10;

#[test]
fn a_file_of_190_mb_takes_hardly_more_memory_than_a_small_one() {
    let folder = Folder::new(&[BEFFROI]);
    let pupils: Vec<_> = (100..110).map(|n| pupil(n, "2A")).collect();
    let small = siecle_file(BEFFROI, 7, &pupils);
    let file = folder.deliver("eleves.xml", &small);
    let little = peak_kib(&folder);
    // The same pupils, and blocks that are dropped: addresses, options, the school of last year.
    let text = String::from_utf8(small).unwrap();
    let (head, tail) = text.split_once("</DONNEES>").unwrap();
    let block = "<ADRESSE ADRESSE_ID=\"1\"><LIGNE1_ADRESSE>1 RUE IMAGINAIRE</LIGNE1_ADRESSE>\
                 <CODE_POSTAL>59000</CODE_POSTAL></ADRESSE>\n"
        .repeat(500);
    let mut out = BufWriter::new(File::create(&file).unwrap());
    write!(out, "{head}<ADRESSES>").unwrap();
    let mut written = 0;
    while written < LARGE_BYTES {
        out.write_all(block.as_bytes()).unwrap();
        written += block.len() as u64;
    }
    write!(out, "</ADRESSES></DONNEES>{tail}").unwrap();
    // Received on the Monday of the tests, not on the day on which they run.
    let received: jiff::Timestamp = MONDAY.parse().unwrap();
    let received = std::time::SystemTime::try_from(received).unwrap();
    out.into_inner().unwrap().set_modified(received).unwrap();
    let large = peak_kib(&folder);
    assert!(large < little + MORE_KIB_MAX, "{little} KiB for the small one, {large} KiB");
}

/// The most that `check` ever held, in KiB: a mark of the kernel that only goes up.
fn peak_kib(folder: &Folder) -> u64 {
    let said = folder.beside("said.json");
    let mut command = folder.command(MONDAY, &["--format", "json", "check"]);
    let mut child = command.stdout(File::create(&said).unwrap()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let mark = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(mark.unwrap_or(0));
        sleep(Duration::from_millis(1));
    }
    let ended = child.wait().unwrap().code();
    assert!(matches!(ended, Some(0 | 3)), "{ended:?}");
    assert!(peak > 0);
    let said = fs::read_to_string(said).unwrap();
    assert!(said.contains("\"current\"") && !said.contains("\"refused\""), "{said}");
    peak
}
