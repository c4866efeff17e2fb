//! One request and its answer: the seam at which the network ends. What is above it works the same
//! over HTTPS and inside one process.

use futures_util::future::BoxFuture;

/// Asks something of the service, once.
pub trait Exchange: Send + Sync {
    fn exchange(&self, request: Request) -> BoxFuture<'_, Result<Response, ExchangeError>>;
}

/// No `Debug`: it holds tokens and passwords.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// Absolute.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// No `Debug`: a token may be in it.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// A header by its name, whatever the case.
pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// There is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// Certainly not done.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Done or not.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// `https`, or a service on this very machine (the lab).
pub(super) fn is_protected(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("http://") {
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback());
        return is_loopback && !authority.contains('@');
    }
    url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find(['/', '?', '#']));
    url.get(..end.map_or(url.len(), |end| start + end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_over_an_open_line_but_to_this_machine() {
        for (url, expected) in [
            ("https://graph.microsoft.com/v1.0", true),
            ("http://127.0.0.1:8080/v1.0", true),
            ("http://[::1]:8080/v1.0", true),
            ("http://graph.microsoft.com/v1.0", false),
            ("http://127.0.0.1.evil.test/", false),
            ("http://127.0.0.1:x@evil.test/", false),
            ("https:///v1.0", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(is_protected(url), expected, "{url}");
        }
        assert_eq!(origin("https://a.test:1/b?c"), "https://a.test:1");
        assert_eq!(origin("https://a.test?x=/"), "https://a.test");
        assert_ne!(origin("https://a.test@evil.test/v1.0"), origin("https://a.test/v1.0"));
    }
}
