//! `$filter`: what the directory understands of it.

use serde_json::{Map, Value};

/// A condition on an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// Property, operator, literal.
    Compare(String, Operator, Value),
    In(String, Vec<Value>),
    /// Function, property, text.
    Text(TextTest, String, String),
    /// `groupTypes/any(c:c eq 'Unified')`.
    Any(String, Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    Starts,
    Ends,
    Contains,
}

impl Filter {
    /// None: not a filter.
    pub(super) fn read(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens };
        let filter = reader.either()?;
        reader.tokens.is_empty().then_some(filter)
    }

    /// It needs `ConsistencyLevel: eventual` and `$count=true`.
    pub(super) fn is_advanced(&self) -> bool {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.is_advanced() || b.is_advanced(),
            Self::Not(_) => true,
            Self::Compare(_, operator, _) => *operator == Operator::Ne,
            Self::Text(test, ..) => *test != TextTest::Starts,
            Self::In(..) | Self::Any(..) => false,
        }
    }

    /// Values and clauses.
    pub(super) fn clauses(&self) -> usize {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.clauses() + b.clauses(),
            Self::Not(a) => a.clauses(),
            Self::In(_, values) => values.len(),
            Self::Compare(..) | Self::Text(..) | Self::Any(..) => 1,
        }
    }

    /// Properties that are named.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::And(a, b) | Self::Or(a, b) => [a.names(), b.names()].concat(),
            Self::Not(a) => a.names(),
            Self::Compare(name, ..)
            | Self::In(name, _)
            | Self::Text(_, name, _)
            | Self::Any(name, _) => vec![name],
        }
    }

    /// The values that one property must have, whatever else holds: for the index.
    pub(super) fn values(&self) -> Option<(&str, Vec<&str>)> {
        match self {
            Self::Compare(name, Operator::Eq, Value::String(value)) => Some((name, vec![value])),
            Self::In(name, values) => {
                Some((name, values.iter().map(Value::as_str).collect::<Option<_>>()?))
            }
            Self::And(a, b) => a.values().or_else(|| b.values()),
            Self::Or(a, b) => {
                let ((name, mut values), (other, more)) = a.values().zip(b.values())?;
                values.extend(more);
                (name == other).then_some((name, values))
            }
            _ => None,
        }
    }

    pub(super) fn holds(&self, map: &Map<String, Value>) -> bool {
        match self {
            Self::And(a, b) => a.holds(map) && b.holds(map),
            Self::Or(a, b) => a.holds(map) || b.holds(map),
            Self::Not(a) => !a.holds(map),
            Self::Compare(name, operator, value) => compare(at(map, name), *operator, value),
            Self::In(name, values) => values.iter().any(|value| same(at(map, name), value)),
            Self::Text(test, name, text) => {
                let own = at(map, name).as_str().unwrap_or_default().to_lowercase();
                let text = text.to_lowercase();
                match test {
                    TextTest::Starts => own.starts_with(&text),
                    TextTest::Ends => own.ends_with(&text),
                    TextTest::Contains => own.contains(&text),
                }
            }
            Self::Any(name, value) => {
                let list = at(map, name).as_array();
                list.is_some_and(|list| list.iter().any(|own| same(own, value)))
            }
        }
    }
}

static NULL: Value = Value::Null;

/// `onPremisesExtensionAttributes/extensionAttribute1`.
fn at<'a>(map: &'a Map<String, Value>, path: &str) -> &'a Value {
    let mut parts = path.split('/');
    let first = map.get(parts.next().unwrap_or_default());
    parts.fold(first, |value, part| value?.get(part)).unwrap_or(&NULL)
}

fn same(own: &Value, value: &Value) -> bool {
    match (own, value) {
        (Value::String(own), Value::String(value)) => own.to_lowercase() == value.to_lowercase(),
        _ => own == value,
    }
}

fn compare(own: &Value, operator: Operator, value: &Value) -> bool {
    let order = match (own, value) {
        (Value::String(own), Value::String(value)) => {
            Some(own.to_lowercase().cmp(&value.to_lowercase()))
        }
        (Value::Number(own), Value::Number(value)) => {
            own.as_f64().zip(value.as_f64()).and_then(|(a, b)| a.partial_cmp(&b))
        }
        _ => None,
    };
    match operator {
        Operator::Eq => same(own, value),
        Operator::Ne => !same(own, value),
        Operator::Lt => order.is_some_and(std::cmp::Ordering::is_lt),
        Operator::Le => order.is_some_and(std::cmp::Ordering::is_le),
        Operator::Gt => order.is_some_and(std::cmp::Ordering::is_gt),
        Operator::Ge => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (value, after) = quoted(&rest[1..])?;
            tokens.push(Token::Text(value));
            rest = after;
        } else if "(),:".contains(first) {
            tokens.push(Token::Sign(first));
            rest = &rest[1..];
        } else {
            let end = rest.find(|sign: char| sign.is_whitespace() || "(),:'".contains(sign));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// Up to the closing quote; two of them are one inside.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        let end = rest.find('\'')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        (self.next()? == Token::Sign(sign)).then_some(())
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.first(), Some(Token::Word(own)) if own == word)
    }

    fn either(&mut self) -> Option<Filter> {
        let mut filter = self.both()?;
        while self.is_word("or") {
            self.next();
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Some(filter)
    }

    fn both(&mut self) -> Option<Filter> {
        let mut filter = self.one()?;
        while self.is_word("and") {
            self.next();
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Some(filter)
    }

    fn one(&mut self) -> Option<Filter> {
        if self.is_word("not") {
            self.next();
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.tokens.first() == Some(&Token::Sign('(')) {
            self.next();
            let filter = self.either()?;
            self.sign(')')?;
            return Some(filter);
        }
        let Token::Word(word) = self.next()? else { return None };
        if self.tokens.first() == Some(&Token::Sign('(')) {
            return self.call(&word);
        }
        let Token::Word(operator) = self.next()? else { return None };
        let operator = match operator.as_str() {
            "in" => return self.list().map(|values| Filter::In(word, values)),
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            _ => return None,
        };
        Some(Filter::Compare(word, operator, self.literal()?))
    }

    /// `startsWith(a,'b')` or `a/any(c:c eq 'b')`.
    fn call(&mut self, name: &str) -> Option<Filter> {
        self.sign('(')?;
        let lower = name.to_lowercase();
        if let Some(path) = lower.strip_suffix("/any").map(|path| &name[..path.len()]) {
            let Token::Word(variable) = self.next()? else { return None };
            self.sign(':')?;
            let Filter::Compare(own, Operator::Eq, value) = self.one()? else { return None };
            self.sign(')')?;
            return (own == variable).then(|| Filter::Any(path.to_owned(), value));
        }
        let test = match lower.as_str() {
            "startswith" => TextTest::Starts,
            "endswith" => TextTest::Ends,
            "contains" => TextTest::Contains,
            _ => return None,
        };
        let Token::Word(property) = self.next()? else { return None };
        self.sign(',')?;
        let Token::Text(text) = self.next()? else { return None };
        self.sign(')')?;
        Some(Filter::Text(test, property, text))
    }

    fn list(&mut self) -> Option<Vec<Value>> {
        self.sign('(')?;
        let mut values = vec![self.literal()?];
        loop {
            match self.next()? {
                Token::Sign(',') => values.push(self.literal()?),
                Token::Sign(')') => return Some(values),
                _ => return None,
            }
        }
    }

    fn literal(&mut self) -> Option<Value> {
        match self.next()? {
            Token::Text(text) => Some(Value::String(text)),
            Token::Word(word) => match word.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                "null" => Some(Value::Null),
                other => match other.parse::<i64>() {
                    Ok(number) => Some(number.into()),
                    // A date or a GUID, without quotes.
                    Err(_) => Some(Value::String(word)),
                },
            },
            Token::Sign(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(filter: &str, expect: bool) {
        let object = json!({"employeeId": "K1", "displayName": "d'Hondt (Élo)",
            "accountEnabled": true, "groupTypes": ["Unified"],
            "onPremisesExtensionAttributes": {"extensionAttribute1": "k1"}});
        let filter_read = Filter::read(filter).unwrap_or_else(|| panic!("not read: {filter}"));
        assert_eq!(filter_read.holds(object.as_object().unwrap()), expect, "{filter}");
    }

    #[test]
    fn conditions_hold_as_they_say() {
        check("employeeId eq 'k1'", true);
        check("employeeId in ('a', 'K1')", true);
        check("employeeId eq 'a' or accountEnabled eq true and employeeId eq 'k1'", true);
        check("(employeeId eq 'k1' or accountEnabled eq true) and employeeId eq 'a'", false);
        check("not(employeeId eq 'k1')", false);
        check("not startsWith(displayName,'x')", true);
        check("startswith(displayName,'d''hondt (')", true);
        check("endsWith(displayName,'lo)')", true);
        check("groupTypes/any(c:c eq 'Unified')", true);
        check("onPremisesExtensionAttributes/extensionAttribute1 eq 'k1'", true);
        check("jobTitle eq null", true);
        check("employeeId ne 'k1'", false);
        check("employeeId gt 'k0'", true);
    }

    #[test]
    fn what_is_no_filter_is_not_read() {
        for text in ["", "employeeId", "employeeId eq", "employeeId is 'a'", "(a eq 'b'", "a eq 'b"]
        {
            assert_eq!(Filter::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_needs_the_index_of_advanced_queries_is_known() {
        let advanced = |text| Filter::read(text).unwrap().is_advanced();
        for text in ["a ne 'b'", "not(a eq 'b')", "endsWith(a,'b')", "a eq 'b' and c ne 'd'"] {
            assert!(advanced(text), "{text}");
        }
        assert!(!advanced("a eq 'b' or startsWith(a,'c') or a in ('d','e')"));
        assert_eq!(Filter::read("a in ('b','c') or a eq 'd'").unwrap().clauses(), 3);
        let filter = Filter::read("a in ('b','c') or a eq 'd'").unwrap();
        assert_eq!(filter.values(), Some(("a", vec!["b", "c", "d"])));
    }
}
