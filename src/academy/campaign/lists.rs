//! The lists of names, with how common each is. Sources and licences stand at the top of the
//! files.

use super::letters;
use crate::academy::seed::Stream;

const SURNAMES: &str = include_str!("../names/surnames.txt");
const GIVEN_NAMES: &str = include_str!("../names/given_names.txt");

/// Endings that make a rare surname of a common one: Martin, Martinet.
const ENDINGS: [&str; 14] = [
    "eau", "et", "ot", "ard", "aud", "ier", "aert", "inck", "elle", "uet", "illon", "esse", "ois",
    "eux",
];

/// Names of one kind, drawn by their weight.
#[derive(Debug, Clone, Default)]
pub struct Weighted {
    names: Vec<&'static str>,
    /// Sums of the weights so far, in the same order.
    sums: Vec<u64>,
}

impl Weighted {
    fn add(&mut self, line: &'static str) {
        let Some((weight, names)) = line.split_once(' ') else { return };
        let weight: u64 = weight.parse().unwrap_or(0);
        for name in names.split(',') {
            self.sums.push(self.sums.last().copied().unwrap_or(0) + weight);
            self.names.push(name);
        }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn draw(&self, stream: &mut Stream) -> &'static str {
        let ticket = stream.below(self.sums.last().copied().unwrap_or(0));
        let place = self.sums.partition_point(|sum| *sum <= ticket);
        self.names.get(place).copied().unwrap_or("Martin")
    }

    /// Another name of the list that a tired reader takes for this one; none for most.
    fn close_to(&self, name: &str, stream: &mut Stream) -> Option<&'static str> {
        let begins: String = name.chars().take(2).collect();
        let bare = letters::plain(name).to_lowercase();
        let near = |other: &&&str| {
            other.starts_with(&begins)
                && is_close(other, name)
                && letters::plain(other).to_lowercase() != bare
        };
        let close: Vec<&str> = self.names.iter().take(600).filter(near).copied().collect();
        (!close.is_empty()).then(|| close[stream.index(close.len())])
    }

    /// How likely two people are to bear the same name.
    fn coincidence(&self) -> f64 {
        let all = self.sums.last().copied().unwrap_or(1) as f64;
        let mut before = 0;
        let shares = self.sums.iter().map(|sum| {
            let share = (sum - before) as f64 / all;
            before = *sum;
            share * share
        });
        shares.sum()
    }
}

/// Everything that people are called.
#[derive(Debug, Clone)]
pub struct Lists {
    pub surnames: Weighted,
    /// First names of girls and boys born from 2001 on.
    pub girls: Weighted,
    pub boys: Weighted,
    /// First names of the age of the staff.
    pub women: Weighted,
    pub men: Weighted,
}

impl Lists {
    pub fn load() -> Self {
        let mut surnames = Weighted::default();
        SURNAMES.lines().filter(|line| !line.starts_with('#')).for_each(|line| surnames.add(line));
        let mut given: [Weighted; 4] = Default::default();
        let mut section = 0;
        for line in GIVEN_NAMES.lines().filter(|line| !line.starts_with('#')) {
            match line {
                "[girls]" => section = 0,
                "[boys]" => section = 1,
                "[women]" => section = 2,
                "[men]" => section = 3,
                line => given[section].add(line),
            }
        }
        let [girls, boys, women, men] = given;
        Self { surnames, girls, boys, women, men }
    }

    /// The first names of pupils of a sex, `1` or `2`.
    pub fn given(&self, sex: char) -> &Weighted {
        if sex == '1' { &self.boys } else { &self.girls }
    }

    /// A first name that is close to another, of either sex: Jules and Julie, Léa and Léna.
    pub fn close_given(&self, name: &str, stream: &mut Stream) -> Option<(char, &'static str)> {
        let sex = *stream.pick(&[&'1', &'2']);
        let other = if sex == '1' { '2' } else { '1' };
        [sex, other].into_iter().find_map(|sex| {
            let close = self.given(sex).close_to(name, stream)?;
            Some((sex, close))
        })
    }

    /// A surname that hardly anybody bears.
    pub fn rare_surname(&self, stream: &mut Stream) -> String {
        let common = self.surnames.draw(stream);
        let vowel = |sign: char| "aeiouyéèêsxt".contains(sign);
        let stem = common.trim_end_matches(vowel);
        format!("{}{}", if stem.len() < 3 { common } else { stem }, stream.pick(&ENDINGS))
    }

    /// How likely two pupils of the same sex are to bear the same names.
    pub fn coincidence(&self) -> f64 {
        let given = (self.girls.coincidence() + self.boys.coincidence()) / 2.0;
        self.surnames.coincidence() * given
    }
}

/// At most two letters apart, and begins alike.
fn is_close(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 || a.len() < 3 {
        return false;
    }
    let begin = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = |name: &[char]| name.len() - begin;
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let changed = rest(&a).max(rest(&b)) - tail.min(rest(&a)).min(rest(&b));
    begin >= 2 && changed <= 2
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_enough_names_of_each_kind_and_each_stands_once() {
        let lists = Lists::load();
        let least = [
            (&lists.surnames, 10_000),
            (&lists.girls, 1_000),
            (&lists.boys, 1_000),
            (&lists.women, 250),
            (&lists.men, 250),
        ];
        for (list, least) in least {
            assert!(list.len() > least && !list.is_empty(), "{}", list.len());
            let distinct: BTreeSet<_> = list.names.iter().collect();
            assert_eq!(distinct.len(), list.len());
            assert!(list.names.iter().all(|name| !name.trim().is_empty()));
        }
    }

    #[test]
    fn common_names_are_drawn_more_often() {
        let lists = Lists::load();
        let mut stream = Stream::new(1, "names");
        let drawn: Vec<_> = (0..20_000).map(|_| lists.surnames.draw(&mut stream)).collect();
        let martin = drawn.iter().filter(|name| **name == "Martin").count();
        assert!((80..200).contains(&martin), "{martin}");
        assert!(drawn.into_iter().collect::<BTreeSet<_>>().len() > 4_000);
    }

    #[test]
    fn names_of_all_origins_are_there() {
        let lists = Lists::load();
        let found = |name: &str| lists.surnames.names.contains(&name);
        for name in ["Le Gall", "N'Diaye", "Da Silva", "Kowalski", "Nguyen", "Traoré", "Lefèvre"]
        {
            assert!(found(name), "{name}");
        }
        let any = |sign: &str| lists.surnames.names.iter().any(|name| name.contains(sign));
        assert!(["œ", "ł", "De Smet", "Benali", "ş", "ễ"].iter().all(|sign| any(sign)));
    }

    #[test]
    fn close_first_names_are_close() {
        assert!(is_close("Jules", "Julie") && is_close("Léa", "Léna") && is_close("Théo", "Théa"));
        assert!(!is_close("Jules", "Hugo") && !is_close("Emma", "Emmanuelle"));
        let lists = Lists::load();
        let mut stream = Stream::new(1, "close");
        assert!(lists.close_given("Jules", &mut stream).is_some());
    }
}
