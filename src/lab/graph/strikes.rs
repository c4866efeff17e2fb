//! Faults on order, for rehearsals: by `faults.txt` (`rehearsal.rs`), or asked for by a test.
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

    /// A rule of a file, after its method; the error says what it is not.
    pub(super) fn rule(&mut self, method: &str, words: &[&str]) -> Result<(), String> {
        let [path, fault, times] = words else {
            return Err(format!(
                "a rule is METHOD PATH FAULT TIMES, and not {} words",
                words.len() + 1
            ));
        };
        let left = match *times {
            "always" => None,
            number => {
                let told = || format!("`{number}` is not a number of times, or always");
                Some(number.parse().map_err(|_| told())?)
            }
        };
        let strike = strike_called(fault).ok_or_else(|| {
            format!(
                "`{fault}` is not known; known are: a status from 400 to 599, after:STATUS, \
                 requestLost, answerLost, tokenRevoked, quotaFull, teamFailed"
            )
        })?;
        self.add(method, path, strike, left);
        Ok(())
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

/// The first word of a rule.
pub(super) fn is_method(word: &str) -> bool {
    ["GET", "POST", "PATCH", "PUT", "DELETE", "*"].contains(&word)
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
        let mut strikes = Strikes::default();
        strikes.rule("POST", &["/users", "answerLost", "1"]).unwrap();
        strikes.rule("*", &["/groups/{id}", "after:503", "always"]).unwrap();
        let mut on = |method, kind| strikes.on(method, kind, "");
        assert_eq!(on("GET", "GET /users"), None);
        assert_eq!(on("POST", "POST /users"), Some(Strike::AnswerLost));
        assert_eq!(on("POST", "POST /users"), None, "used up");
        assert_eq!(on("PATCH", "PATCH /groups/{id}"), Some(Strike::AfterStatus(503)));
    }

    #[test]
    fn a_rule_that_is_none_is_told() {
        let told = |words: &[&str]| Strikes::default().rule("POST", words).unwrap_err();
        assert_eq!(told(&["/users", "429"]), "a rule is METHOD PATH FAULT TIMES, and not 3 words");
        assert_eq!(told(&["*", "429", "twice"]), "`twice` is not a number of times, or always");
        for fault in ["99", "600", "nonsense", "after:busy"] {
            let text = told(&["*", fault, "1"]);
            assert!(
                text.starts_with(&format!("`{fault}` is not known; known are: a sta")),
                "{text}"
            );
        }
    }
}
