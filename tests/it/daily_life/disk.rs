//! A disk that is too small, and one that is mounted for reading only: small file systems in
//! memory, mounted in a name space of the test's own, which takes no rights where the kernel
//! allows it.

use std::process::Command;

use super::super::folder::{BEFFROI, Folder, MONDAY, Said, said, small_school};

/// How a name space of one's own is asked for: as anybody, and as a user who may mount.
const NAME_SPACES: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];

/// Runs commands of a shell with `state` on a file system of its own, of so many MiB. None where
/// the kernel allows nobody to mount; `tests/run` says so too.
fn on_a_disk(folder: &Folder, mib: u32, then: &str) -> Option<Said> {
    let unshare = |how: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(how);
        command
    };
    let can = |how: &&[&str]| {
        let tried = unshare(how).args(["sh", "-c", "mount -t tmpfs disk /mnt"]).output();
        tried.is_ok_and(|done| done.status.success())
    };
    let Some(how) = NAME_SPACES.into_iter().find(can) else {
        println!("no name spaces here: this test shows nothing");
        return None;
    };
    let program = env!("CARGO_BIN_EXE_rentree");
    let first = format!(
        "mount -t tmpfs -o size={mib}m disk state || exit 99
         rentree() {{ {program} --now {MONDAY} \"$@\"; }}
         {then}"
    );
    let mut command = unshare(how);
    command.args(["sh", "-c"]).arg(first).current_dir(folder.path(""));
    let done = said(command);
    assert_ne!(done.status, 99, "{done:?}");
    Some(done)
}

fn school() -> Folder {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    std::fs::create_dir_all(folder.path("state")).unwrap();
    folder
}

#[test]
fn too_little_room_is_told_by_the_doctor_and_before_a_run_which_goes_on() {
    let folder = school();
    let then = "rentree run || exit; rentree doctor";
    let Some(done) = on_a_disk(&folder, 20, then) else { return };
    assert_eq!(done.status, 2, "{done:?}");
    let told = "MiB are free on the disk of ";
    let hint = "free 256 MiB or more before the next run";
    let line = done.err.lines().find(|line| line.contains(told)).unwrap();
    assert!(line.starts_with("warning: ") && line.ends_with(hint), "{line}");
    assert!(done.out.contains("operations done, 0 failed, 0 set aside"), "{done:?}");
    let mut doctor = done.out.lines().skip_while(|line| !line.starts_with("BAD   files: disk: "));
    assert!(doctor.next().unwrap().contains(told), "{done:?}");
    assert_eq!(doctor.next().unwrap().trim(), format!("hint: {hint}"));
    // Enough: nothing is said of it.
    let Some(done) = on_a_disk(&folder, 300, "rentree plan; rentree doctor") else { return };
    assert!(!done.err.contains(told), "{done:?}");
    assert!(done.out.contains("good  files: disk: 256 MiB or more are free on the disk of "));
}

#[test]
fn a_disk_mounted_for_reading_only_is_told_and_nothing_is_written() {
    let folder = school();
    let then = "rentree run >run.txt || exit 98
                mount -o remount,ro state
                rentree doctor >doctor.txt; echo doctor $?
                rentree run; echo run $?
                rentree apply latest; echo apply $?
                rentree status >status.txt && rentree explain 1 >explain.txt; echo read $?
                rentree backup saved.db >/dev/null; echo backup $?";
    let Some(done) = on_a_disk(&folder, 300, then) else { return };
    assert_eq!(done.out, "doctor 2\nrun 1\napply 1\nread 0\nbackup 0\n", "{done:?}");
    assert!(!done.err.contains("panicked"), "{done:?}");
    let errors: Vec<&str> = done.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "{done:?}");
    assert!(errors.iter().all(|line| line.contains("Read-only file system")), "{errors:?}");
    let doctor = std::fs::read_to_string(folder.path("doctor.txt")).unwrap();
    let mut lines =
        doctor.lines().skip_while(|line| !line.starts_with("BAD   files: state-folder"));
    let told = lines.next().unwrap();
    assert!(told.contains("cannot be written to: Read-only file system"), "{told}");
    assert!(lines.next().unwrap().contains("mount its disk for writing"), "{doctor}");
    // SEC-48: what stands on a disk that fails can be looked at, and saved to another one.
    let told = |file: &str| std::fs::read_to_string(folder.path(file)).unwrap();
    assert!(told("status.txt").contains("applied"), "{}", told("status.txt"));
    assert!(told("explain.txt").contains("0599990N"), "{}", told("explain.txt"));
    let restored = folder.twin();
    std::fs::create_dir_all(restored.path("state")).unwrap();
    std::fs::rename(folder.path("saved.db"), restored.path("state/rentree.db")).unwrap();
    let status = restored.at(MONDAY, &["status"]).exit(0);
    assert_eq!(status.out, told("status.txt"));
}

/// SEC-48: which disk is full, and what to do.
#[test]
fn a_full_disk_is_told_by_a_run_that_cannot_begin_and_by_a_copy_that_does_not_fit() {
    let folder = school();
    let then = "rentree run >run.txt || exit 98
                mkdir small; mount -t tmpfs -o size=64k small small || exit 99
                rentree backup small/saved.db; echo backup $?; ls small
                dd if=/dev/zero of=state/fill bs=4k 2>/dev/null
                rentree run; echo run $?
                rm state/fill; rentree run >run.txt; echo run $?";
    let Some(done) = on_a_disk(&folder, 300, then) else { return };
    assert_eq!(done.out, "backup 1\nrun 1\nrun 0\n", "{done:?}");
    let copy = "error: the copy small/saved.db cannot be written: no storage space";
    let copy = done.err.find(copy).unwrap_or_else(|| panic!("{done:?}"));
    let begun = done.err.find("error: cannot lock the state folder: No space left on device");
    assert!(begun.is_some_and(|begun| begun > copy), "{done:?}");
    assert!(done.err.contains("hint: free space on the disk of "), "{done:?}");
}
