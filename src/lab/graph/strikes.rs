//! Faults on order, for rehearsals: `faults.txt` in the lab's folder, or asked for by a test.
//!
//! One line a rule: `METHOD PATH FAULT TIMES`. METHOD is one of HTTP's or `*`; PATH is a part of
//! the kind of path (`/users`, `/groups/{id}/members`) or of the address itself, or `*`; FAULT is
//! a status (`429`, `503`, `409`, `400`), `after:503` for one that comes when the work was done,
//! `requestLost`, `answerLost`, `tokenRevoked`, `quotaFull` or `teamFailed`; TIMES is a number or
//! `always`.
//!
//! ```text
//! POST   /users       answerLost    1
//! PATCH  /groups      409           3
//! *      *            tokenRevoked  1
//! POST   /users       quotaFull     always
//! ```

/// What happens to a request, or to an item of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// It is answered so, and not done.
    Status(u16),
    /// It is done, and answered so.
    AfterStatus(u16),
    /// The connection (of the whole batch) is cut before anything is done.
    RequestLost,
    /// It is done, and the connection (of the whole batch) is cut.
    AnswerLost,
    /// All tokens end.
    TokenRevoked,
    /// 403 `Directory_QuotaExceeded`.
    QuotaFull,
    /// It is accepted, and its operation fails later.
    TeamFailed,
}

#[derive(Debug, Clone)]
struct Rule {
    method: String,
    path: String,
    strike: Strike,
    left: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Strikes(Vec<Rule>);

impl Strikes {
    pub(super) fn add(&mut self, method: &str, path: &str, strike: Strike, left: Option<u32>) {
        let (method, path) = (method.to_owned(), path.to_owned());
        self.0.push(Rule { method, path, strike, left });
    }

    /// The strike on a request: that of the first rule that matches and is not used up.
    pub(super) fn on(&mut self, method: &str, kind: &str, path: &str) -> Option<Strike> {
        let rule = self.0.iter_mut().find(|rule| {
            let place = rule.path == "*" || kind.contains(&rule.path) || path.contains(&rule.path);
            place && (rule.method == "*" || rule.method == method) && rule.left != Some(0)
        })?;
        rule.left = rule.left.map(|left| left - 1);
        Some(rule.strike)
    }
}

/// The rules of a file; the error is the line that is none.
pub(super) fn parse(text: &str) -> Result<Strikes, String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let rules = lines.filter(|line| !line.is_empty());
    rules.map(|line| rule(line).ok_or(line.to_owned())).collect::<Result<_, _>>().map(Strikes)
}

fn rule(line: &str) -> Option<Rule> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [method, path, fault, times] = words[..] else { return None };
    let left = match times {
        "always" => None,
        number => Some(number.parse().ok()?),
    };
    let known = ["GET", "POST", "PATCH", "PUT", "DELETE", "*"];
    let (strike, path) = (strike_called(fault)?, path.to_owned());
    known.contains(&method).then(|| Rule { method: method.to_owned(), path, strike, left })
}

fn strike_called(name: &str) -> Option<Strike> {
    let status = |text: &str| text.parse().ok().filter(|status| (400..600).contains(status));
    Some(match name {
        "requestLost" => Strike::RequestLost,
        "answerLost" => Strike::AnswerLost,
        "tokenRevoked" => Strike::TokenRevoked,
        "quotaFull" => Strike::QuotaFull,
        "teamFailed" => Strike::TeamFailed,
        other => match other.strip_prefix("after:") {
            Some(text) => Strike::AfterStatus(status(text)?),
            None => Strike::Status(status(other)?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_as_often_as_it_says_and_where_it_says() {
        let text =
            "# rehearsal\nPOST /users answerLost 1 # once\n* /groups/{id} after:503 always\n";
        let mut strikes = parse(text).unwrap();
        let mut on = |method, kind| strikes.on(method, kind, "");
        assert_eq!(on("GET", "GET /users"), None);
        assert_eq!(on("POST", "POST /users"), Some(Strike::AnswerLost));
        assert_eq!(on("POST", "POST /users"), None, "used up");
        assert_eq!(on("PATCH", "PATCH /groups/{id}"), Some(Strike::AfterStatus(503)));
    }

    #[test]
    fn a_line_that_is_no_rule_is_told() {
        for line in ["POST /users 429", "ADD * 429 1", "POST * 99 1", "POST * nonsense 1"] {
            assert_eq!(parse(&format!("\n{line}\n")).err(), Some(line.to_owned()));
        }
    }
}
