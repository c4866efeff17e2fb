//! Latin letters that have no decomposition, each by the ASCII letters it is read as.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What one sign of a name becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A letter or digit, in lower-case ASCII.
    Letter(char),
    /// What stands on both sides belongs together: an apostrophe, the point of `l·l`.
    Glue,
    /// A space, a hyphen, a full stop.
    Gap,
}

/// Folds a name to signs. Marks go, and so do letters of other scripts: a name written in them
/// alone leaves nothing, which the caller sees.
pub(super) fn signs(name: &str) -> Vec<Sign> {
    let mut signs = Vec::with_capacity(name.len());
    name.chars().for_each(|char| fold(char, &mut signs));
    signs
}

fn fold(char: char, out: &mut Vec<Sign>) {
    if char.is_ascii_alphanumeric() {
        return out.push(Sign::Letter(char.to_ascii_lowercase()));
    }
    if is_apostrophe(char) {
        return out.push(Sign::Glue);
    }
    if char.is_ascii() {
        return out.push(Sign::Gap);
    }
    let near = (char as usize).checked_sub(NEAR.start as usize).and_then(|rank| NEARBY.get(rank));
    match near {
        Some(signs) => out.extend(signs),
        None => decompose(char, out),
    }
}

/// Letters of French and its neighbours, Latin-1 and Latin Extended-A: nearly all that names have
/// beside ASCII, decomposed once.
const NEAR: std::ops::Range<char> = '\u{C0}'..'\u{180}';
static NEARBY: LazyLock<Vec<Vec<Sign>>> = LazyLock::new(|| {
    let signs = |char| {
        let mut signs = Vec::new();
        decompose(char, &mut signs);
        signs
    };
    NEAR.map(signs).collect()
});

fn decompose(char: char, out: &mut Vec<Sign>) {
    for plain in std::iter::once(char).nfkd().flat_map(char::to_lowercase) {
        match plain {
            'a'..='z' | '0'..='9' => out.push(Sign::Letter(plain)),
            _ if is_apostrophe(plain) => out.push(Sign::Glue),
            _ if is_combining_mark(plain) || is_invisible(plain) => {}
            _ => match spelled(plain) {
                Some(letters) => out.extend(letters.chars().map(Sign::Letter)),
                None if plain.is_alphanumeric() => {}
                None => out.push(Sign::Gap),
            },
        }
    }
}

/// Every sign that is typed or turned into an apostrophe, and the middle point of Catalan.
pub(super) fn is_apostrophe(char: char) -> bool {
    matches!(
        char,
        '\'' | '`'
            | '´'
            | '·'
            | '‘'
            | '’'
            | '‛'
            | '′'
            | 'ʹ'
            | 'ʻ'
            | 'ʼ'
            | 'ʽ'
            | 'ʾ'
            | 'ʿ'
            | '＇'
    )
}

/// Soft hyphen, zero-width signs, marks of direction: validation refuses them (SEC-39); here they
/// must not cut a name in two.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Letters without decomposition (matching.md section 4), lower case: `ł` is read as `l`.
fn spelled(letter: char) -> Option<&'static str> {
    Some(match letter {
        'æ' => "ae",
        'œ' | 'ɶ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        'ɑ' | 'ⱥ' | 'ɐ' => "a",
        'ƀ' | 'ɓ' | 'ƃ' | 'ƅ' => "b",
        'ƈ' | 'ȼ' | 'ǀ' => "c",
        'đ' | 'ð' | 'ɖ' | 'ɗ' | 'ƌ' | 'ƍ' | 'ȡ' | 'ẟ' => "d",
        'ȸ' => "db",
        'ə' | 'ɛ' | 'ǝ' | 'ɇ' => "e",
        'ƒ' => "f",
        'ɠ' | 'ɣ' | 'ǥ' => "g",
        'ħ' => "h",
        'ƕ' => "hv",
        'ı' | 'ɨ' | 'ɩ' => "i",
        'ȷ' | 'ɉ' => "j",
        'ĸ' | 'ƙ' => "k",
        'ł' | 'ƚ' | 'ƛ' | 'ȴ' => "l",
        'ỻ' => "ll",
        'ɯ' => "m",
        'ŋ' | 'ɲ' | 'ƞ' | 'ȵ' => "n",
        'ø' | 'ɵ' | 'ɔ' => "o",
        'ƣ' => "oi",
        'ȣ' => "ou",
        'ƥ' => "p",
        'ȹ' => "qp",
        'ɋ' | 'ǃ' => "q",
        'ɍ' | 'ʀ' => "r",
        'ƨ' | 'ʃ' | 'ƪ' | 'ȿ' | 'ẜ' | 'ẝ' | 'ƽ' => "s",
        'ŧ' | 'ƫ' | 'ƭ' | 'ʈ' | 'ȶ' | 'ⱦ' | 'ƾ' => "t",
        'ǂ' => "tc",
        'ʊ' | 'ʉ' => "u",
        'ʋ' | 'ʌ' | 'ỽ' => "v",
        'ƿ' => "w",
        'ǁ' => "x",
        'ƴ' | 'ɏ' | 'ỿ' | 'ȝ' => "y",
        'ƶ' | 'ʒ' | 'ƹ' | 'ƺ' | 'ȥ' | 'ɀ' => "z",
        'ƻ' => "2",
        // A glottal stop has no letter of its own in French spelling; h keeps the name whole.
        'ɂ' | 'ʔ' | 'Ɂ' => "h",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC-39: transliteration is total over the Latin letters of Latin-1, Latin Extended-A and B,
    /// and Latin Extended Additional.
    #[test]
    fn every_latin_letter_is_read_as_some_ascii_letter() {
        let blocks = ('\u{C0}'..='\u{24F}').chain('\u{1E00}'..='\u{1EFF}');
        let unread: String = blocks
            .filter(|letter| letter.is_alphabetic())
            .filter(|letter| {
                !signs(&letter.to_string()).iter().any(|sign| matches!(sign, Sign::Letter(_)))
            })
            .collect();
        assert_eq!(unread, "");
    }

    #[test]
    fn the_letters_that_names_have_are_read_as_expected() {
        for (letters, expect) in [
            ("œŒæÆ", "oeoeaeae"),
            ("ßẞłŁøØđĐ", "ssssllooDD"),
            ("þÞðÐħĦŋŊıİ", "ththddhhnnii"),
            ("şŞţğçÿŸẅ", "sstgcyyw"),
            ("ǄĳŉſﬁªºƏɔ", "dzijnsfiaoeo"),
        ] {
            let read: String = signs(letters)
                .into_iter()
                .filter_map(
                    |sign| if let Sign::Letter(letter) = sign { Some(letter) } else { None },
                )
                .collect();
            assert_eq!(read, expect.to_ascii_lowercase());
        }
    }
}
