//! temp
use super::settings::Settings;
pub struct Examined {
    pub id: &'static str,
    pub verdict: Verdict,
    pub what: String,
    pub hint: String,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Good,
    Weak,
    Bad,
}
pub async fn examine(
    _: &Settings,
    _: Option<&Settings>,
    _: jiff::Timestamp,
    _: super::Entropy,
) -> Vec<Examined> {
    vec![]
}
