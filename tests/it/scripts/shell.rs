//! Plays a script in one bash, in a fresh folder.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::normal::normal;
use super::text::Script;

/// No story takes longer; a hanging one is ended, with all that it started.
const SECONDS_MAX: u64 = 300;

/// Sources the helpers, then each step in turn in the same shell, so that variables, folders and
/// background jobs last. What runs in the background must redirect its output.
const DRIVER: &str = r#"
. "$RENTREE_SCRIPT_LIB" || exit 99
for _step in "$RENTREE_SCRIPT_STEPS"/*.sh; do
  . "$_step" >"${_step%.sh}.out" 2>&1 </dev/null
  echo $? >"${_step%.sh}.status"
done
"#;

/// The script with what was printed, made comparable.
pub(crate) fn run(script: &Script, lib: &Path) -> Script {
    let room = tempfile::tempdir().unwrap();
    let room = room.path().canonicalize().unwrap();
    let (steps, story) = (room.join("steps"), room.join("story"));
    fs::create_dir(&steps).unwrap();
    fs::create_dir(&story).unwrap();
    for (rank, step) in script.steps.iter().enumerate() {
        fs::write(steps.join(format!("{rank:04}.sh")), format!("{}\n", step.command)).unwrap();
    }
    let noise = play(&steps, &story, lib);
    let folder = story.to_str().unwrap();
    let result = |rank: usize| {
        let read = |kind| fs::read(steps.join(format!("{rank:04}.{kind}"))).ok();
        let output = String::from_utf8_lossy(&read("out").unwrap_or_default()).into_owned();
        let status =
            read("status").and_then(|status| String::from_utf8_lossy(&status).trim().parse().ok());
        let lost = format!("{output}\n[the shell ended here]\n{noise}");
        status.map_or((lost, -1), |status| (normal(&output, folder), status))
    };
    script.with_results((0..script.steps.len()).map(result).collect())
}

/// Runs bash to its end and returns what it said outside of the steps.
fn play(steps: &Path, story: &Path, lib: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_rentree"));
    let inherited = std::env::var("PATH").unwrap();
    let noise = steps.join("noise");
    let bash = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", DRIVER])
        .current_dir(story)
        .env_clear()
        .env("PATH", format!("{}:{inherited}", binary.parent().unwrap().display()))
        .env("HOME", story)
        .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("NO_COLOR", "1"), ("COLUMNS", "100")])
        .env("RENTREE_SCRIPT_LIB", lib)
        .env("RENTREE_SCRIPT_STEPS", steps)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&noise).unwrap())
        .process_group(0)
        .spawn()
        .expect("bash is needed to play the scripts");
    finish(bash);
    fs::read_to_string(noise).unwrap()
}

/// Waits, then ends whatever is left of the script's process group.
fn finish(mut bash: Child) {
    let begun = Instant::now();
    while bash.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(SECONDS_MAX) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let group = format!("-{}", bash.id());
    let _ = Command::new("bash").args(["-c", "kill -KILL -- \"$0\" 2>/dev/null", &group]).status();
    bash.wait().unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a text and returns it with what was printed.
    fn played(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let lib = folder.path().join("lib.sh");
        fs::write(&lib, "greet() { echo \"bonjour $1\"; }\n").unwrap();
        run(&Script::parse(text).unwrap(), &lib).to_string()
    }

    #[test]
    fn steps_share_one_shell_and_both_streams_are_kept() {
        assert_eq!(
            played("$ x=1; cd / && greet Zoé\n$ echo $x; pwd\n$ echo no >&2; (exit 4)\n"),
            "$ x=1; cd / && greet Zoé\nbonjour Zoé\n$ echo $x; pwd\n1\n/\n$ echo no >&2; (exit \
             4)\nno\n[exit 4]\n"
        );
    }

    #[test]
    fn a_script_that_ends_its_shell_is_seen() {
        let text = played("$ exit 3\n$ echo never\n");
        assert!(text.contains("[the shell ended here]"), "{text}");
        assert!(text.contains("[exit -1]"), "{text}");
    }

    #[test]
    fn the_folder_is_empty_and_its_name_is_hidden_and_what_is_left_running_is_ended() {
        let begun = Instant::now();
        assert_eq!(
            played("$ ls -A; pwd\n$ sleep 1000 &\n"),
            "$ ls -A; pwd\n[DIR]\n$ sleep 1000 &\n"
        );
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn the_binary_is_first_on_the_path() {
        let text = played("$ command -v rentree\n");
        assert!(text.contains(env!("CARGO_BIN_EXE_rentree")), "{text}");
    }
}
