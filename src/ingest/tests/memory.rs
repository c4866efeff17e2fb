//! Bounded memory: a 200 MB file must not need 200 MB more than an empty one. The peak of a
//! process is for ever, so each size is read by a process of its own: this test binary, again.

use std::io::{BufReader, Read};
use std::process::Command;

use super::*;

const CHILD: &str = "RENTREE_MEMORY_TEST_BYTES";
const NAME: &str = "ingest::tests::memory::a_large_file_needs_no_more_memory_than_a_small_one";

/// A pupils' file of few pupils and of addresses without end, made as it is read.
struct Generated {
    left: u64,
    pending: Vec<u8>,
    at: usize,
    done: bool,
}

impl Read for Generated {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.pending.len() {
            self.at = 0;
            self.pending.clear();
            if self.left > 0 {
                let line = "x".repeat(4000);
                let block = format!(
                    "<ADRESSE ADRESSE_ID=\"1\">\n<LIGNE1_ADRESSE>{line}</LIGNE1_ADRESSE>\
                     </ADRESSE>\n"
                );
                self.left = self.left.saturating_sub(block.len() as u64);
                self.pending.extend(block.bytes());
            } else if !std::mem::replace(&mut self.done, true) {
                self.pending.extend(b"</ADRESSES></DONNEES></BEE_ELEVES>");
            }
        }
        let rest = &self.pending[self.at..];
        let amount = rest.len().min(into.len());
        into[..amount].copy_from_slice(&rest[..amount]);
        self.at += amount;
        Ok(amount)
    }
}

fn generated(bytes: u64) -> Generated {
    let start = pupil_with("").replace("</DONNEES></BEE_ELEVES>", "<ADRESSES>");
    Generated { left: bytes, pending: start.into_bytes(), at: 0, done: false }
}

/// `VmHWM` of this process, in kilobytes.
fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn peak_of_child(bytes: u64) -> u64 {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(CHILD, bytes.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{text}");
    let (_, peak) = text.split_once("peak-kilobytes=").expect("the child measured");
    peak.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_large_file_needs_no_more_memory_than_a_small_one() {
    if let Ok(bytes) = std::env::var(CHILD) {
        let input = BufReader::new(generated(bytes.parse().unwrap()));
        let ingested = read("t.xml", input, &door()).unwrap();
        assert_eq!(ingested.counts.accepted, 1);
        println!("peak-kilobytes={}", peak_kilobytes());
        return;
    }
    let small = peak_of_child(1 << 20);
    let large = peak_of_child(200 << 20);
    assert!(large < small + 4096, "{small} kB for 1 MB, {large} kB for 200 MB");
}
