//! A script as text: steps, each with its command and what it printed.

use std::fmt;

/// One command and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// Line of the `$`, from 1.
    pub(crate) line: usize,
    /// Comments and empty lines before it, as written.
    before: Vec<String>,
    pub(crate) command: String,
    /// Without empty lines at the end.
    pub(crate) output: Vec<String>,
    pub(crate) status: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    /// Comments and empty lines after the last step.
    after: Vec<String>,
}

impl Script {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut steps, mut pending) = (Vec::<Step>::new(), Vec::<String>::new());
        for (line, written) in (1..).zip(text.lines()) {
            let comment = written.starts_with('#');
            if let Some(command) = written.strip_prefix("$ ") {
                let before = std::mem::take(&mut pending);
                let command = command.to_owned();
                steps.push(Step { line, before, command, output: Vec::new(), status: 0 });
            } else if written.is_empty() || comment {
                pending.push(written.to_owned());
            } else if let Some(step) = steps.last_mut() {
                // Empty lines turn out to have been inside the output; a comment cannot be.
                if pending.iter().any(|line| line.starts_with('#')) {
                    return Err(format!("line {line}: a command `$ …` is expected"));
                }
                step.output.append(&mut pending);
                step.take(written).map_err(|error| format!("line {line}: {error}"))?;
            } else {
                return Err(format!("line {line}: output before any command"));
            }
        }
        Ok(Self { steps, after: pending })
    }

    /// The same script with what a run printed. `results` has one output and status a step.
    pub(crate) fn with_results(&self, results: Vec<(String, i32)>) -> Self {
        let mut script = self.clone();
        for (step, (output, status)) in script.steps.iter_mut().zip(results) {
            step.output = output.trim_end().lines().map(str::to_owned).collect();
            step.status = status;
        }
        script
    }

    /// The first step that went otherwise, in words; none when all is as expected.
    pub(crate) fn difference(&self, got: &Self) -> Option<String> {
        let (expected, got) = self.steps.iter().zip(&got.steps).find(|(a, b)| a != b)?;
        let shown = |step: &Step| {
            let exit = (step.status != 0).then(|| format!("[exit {}]\n", step.status));
            let lines: String = step.output.iter().map(|line| format!("{line}\n")).collect();
            lines + &exit.unwrap_or_default()
        };
        Some(format!(
            "{}: $ {}\n--- expected\n{}--- printed\n{}---\n\
             hint: UPDATE_EXPECT=1 writes what was printed into the script",
            expected.line,
            expected.command,
            shown(expected),
            shown(got)
        ))
    }
}

impl Step {
    /// Takes one line after the `$` line.
    fn take(&mut self, written: &str) -> Result<(), String> {
        if let Some(more) = written.strip_prefix("> ").or((written == ">").then_some("")) {
            if !self.output.is_empty() {
                return Err("`> ` continues a command, and output stands between".into());
            }
            self.command.push('\n');
            self.command.push_str(more);
        } else if let Some(status) = written.strip_prefix("[exit ") {
            let status = status.strip_suffix(']').and_then(|status| status.parse().ok());
            self.status = status.ok_or("`[exit N]` is expected")?;
        } else {
            let plain = written.strip_prefix('\\').unwrap_or(written);
            self.output.push(plain.to_owned());
        }
        Ok(())
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            step.before.iter().try_for_each(|line| writeln!(f, "{line}"))?;
            let mut lines = step.command.split('\n');
            writeln!(f, "$ {}", lines.next().unwrap_or_default())?;
            lines.try_for_each(|line| writeln!(f, "{}", format!("> {line}").trim_end()))?;
            for line in &step.output {
                let special = ["#", "$ ", ">", "[exit ", "\\"];
                let escaped = special.iter().any(|sign| line.starts_with(sign));
                writeln!(f, "{}{line}", if escaped { "\\" } else { "" })?;
            }
            if step.status != 0 {
                writeln!(f, "[exit {}]", step.status)?;
            }
        }
        self.after.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "# A story.\n\n$ echo a\n> echo b\na\nb\n\n# Then:\n$ false\n[exit 1]\n$ \
                         true\n\n$ cat x\none\n\ntwo\n\\# three\n\n# The end.\n";

    #[test]
    fn a_script_is_read_and_written_back_as_it_was() {
        let script = Script::parse(STORY).unwrap();
        assert_eq!(script.to_string(), STORY);
        let commands: Vec<&str> = script.steps.iter().map(|step| step.command.as_str()).collect();
        assert_eq!(commands, ["echo a\necho b", "false", "true", "cat x"]);
        assert_eq!(script.steps[3].output, ["one", "", "two", "# three"]);
        assert_eq!(script.steps[1].status, 1);
    }

    #[test]
    fn a_script_that_makes_no_sense_is_refused_with_its_line() {
        for (text, expect) in [
            ("out\n", "line 1: output before any command"),
            ("$ a\n# b\nc\n", "line 3: a command `$ …` is expected"),
            ("$ a\n[exit x]\n", "line 2: `[exit N]` is expected"),
            ("$ a\nb\n> c\n", "line 3: `> ` continues a command, and output stands between"),
        ] {
            assert_eq!(Script::parse(text).unwrap_err(), expect);
        }
    }

    #[test]
    fn another_output_or_another_status_is_a_difference() {
        let script = Script::parse("# x\n$ a\none\n").unwrap();
        let same = script.with_results(vec![("one\n\n".into(), 0)]);
        assert_eq!(script.difference(&same), None);
        for (output, status) in [("two\n", 0), ("one\n", 3), ("", 0), ("one\ntwo", 0)] {
            let got = script.with_results(vec![(output.into(), status)]);
            let difference = script.difference(&got).unwrap();
            assert!(difference.starts_with("2: $ a\n--- expected\none\n--- printed\n"));
        }
    }
}
