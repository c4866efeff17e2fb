//! Errors of letters and digits: keyboards, scanned paper, accents, signs that do not fit.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use crate::academy::seed::Stream;

/// The rows of a French keyboard.
const KEYS: [&str; 3] = ["azertyuiop", "qsdfghjklm", "wxcvbn"];

/// What is read for what on paper.
const MISREAD: [(&str, &str); 14] = [
    ("rn", "m"),
    ("m", "rn"),
    ("cl", "d"),
    ("l", "i"),
    ("i", "l"),
    ("c", "e"),
    ("e", "c"),
    ("u", "v"),
    ("v", "u"),
    ("n", "u"),
    ("a", "o"),
    ("o", "a"),
    ("h", "b"),
    ("t", "f"),
];

/// A wrong, missing, doubled or exchanged letter; the first letter is seen and stays.
pub fn mistyped(text: &str, stream: &mut Stream) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    for _ in 0..8 {
        let place = 1 + stream.index(letters.len() - 1);
        let mut wrong = letters.clone();
        match stream.below(4) {
            0 => match beside(letters[place], stream) {
                Some(key) => wrong[place] = key,
                None => continue,
            },
            1 => drop(wrong.remove(place)),
            2 => wrong.insert(place, letters[place]),
            _ if place + 1 < letters.len() => wrong.swap(place, place + 1),
            _ => continue,
        }
        let wrong: String = wrong.into_iter().collect();
        if wrong != text && wrong.chars().all(|sign| sign.is_alphabetic() || " -'".contains(sign)) {
            return wrong;
        }
    }
    text.to_owned()
}

/// A key next to that of a letter.
fn beside(letter: char, stream: &mut Stream) -> Option<char> {
    let row = KEYS.iter().find(|row| row.contains(letter))?;
    let place = row.find(letter)?;
    let near: Vec<char> =
        row.char_indices().filter(|(at, _)| at.abs_diff(place) == 1).map(|(_, key)| key).collect();
    Some(near[stream.index(near.len())])
}

/// One letter, or two, taken for another.
pub fn misread(text: &str, stream: &mut Stream) -> String {
    let fits: Vec<(usize, &(&str, &str))> = MISREAD
        .iter()
        .flat_map(|pair| text.match_indices(pair.0).map(move |(place, _)| (place, pair)))
        .collect();
    if fits.is_empty() {
        return text.to_owned();
    }
    let (place, (from, to)) = fits[stream.index(fits.len())];
    format!("{}{to}{}", &text[..place], &text[place + from.len()..])
}

/// Without its marks, ligatures written out.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.nfd().filter(|sign| !('\u{300}'..='\u{36f}').contains(sign)) {
        match sign {
            'œ' => out.push_str("oe"),
            'Œ' => out.push_str("OE"),
            'æ' => out.push_str("ae"),
            'Æ' => out.push_str("AE"),
            'ł' => out.push('l'),
            'Ł' => out.push('L'),
            'ı' => out.push('i'),
            'đ' => out.push('d'),
            'Đ' => out.push('D'),
            other => out.push(other),
        }
    }
    out
}

/// Whether ISO-8859-15 can write it.
pub fn fits(text: &str) -> bool {
    text.is_ascii() || !encoding_rs::ISO_8859_15.encode(text).2
}

/// The letters that ISO-8859-15 cannot write, plain.
pub fn fitting(text: &str) -> String {
    let mut buffer = [0; 4];
    text.chars()
        .map(|sign| {
            let one = sign.encode_utf8(&mut buffer);
            if fits(one) { one.to_owned() } else { plain(one) }
        })
        .collect()
}

/// UTF-8 that was once read as windows-1252 and stored so.
pub fn garbled(text: &str) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned()
}

/// Day and month exchanged; the same date when that is none.
pub fn swapped(day: Date) -> Date {
    Date::new(day.year(), day.day(), day.month()).unwrap_or(day)
}

/// One wrong digit in day, month or year.
pub fn digit_off(day: Date, stream: &mut Stream) -> Date {
    for _ in 0..16 {
        let digit = i8::try_from(stream.below(10)).unwrap_or(0);
        let wrong = match stream.below(4) {
            0 => Date::new(day.year(), day.month(), day.day() / 10 * 10 + digit),
            1 => Date::new(day.year(), day.month(), digit % 4 * 10 + day.day() % 10),
            2 => Date::new(day.year(), day.month() / 10 * 10 + digit, day.day()),
            _ => Date::new(day.year() / 10 * 10 + i16::from(digit), day.month(), day.day()),
        };
        if let Ok(wrong) = wrong
            && wrong != day
            && wrong.year().abs_diff(day.year()) <= 6
        {
            return wrong;
        }
    }
    day
}

/// One wrong digit in an INE, its key and its range left as they are.
pub fn ine_off(ine: &str, stream: &mut Stream) -> String {
    let place = 2 + stream.index(7);
    let off = 1 + stream.below(9);
    let turned = |(at, sign): (usize, char)| match sign.to_digit(10) {
        Some(digit) if at == place => {
            char::from_digit((digit + off as u32) % 10, 10).unwrap_or(sign)
        }
        _ => sign,
    };
    ine.char_indices().map(turned).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_mistyped_name_differs_by_little_and_keeps_its_first_letter() {
        let mut stream = Stream::new(1, "keys");
        for name in ["Martin", "Vandenbroucke", "Léa", "Le Gall", "Jean-Baptiste"] {
            for _ in 0..50 {
                let wrong = mistyped(name, &mut stream);
                assert_ne!(wrong, name);
                assert_eq!(wrong.chars().next(), name.chars().next());
                assert!(wrong.chars().count().abs_diff(name.chars().count()) <= 1);
            }
        }
        assert_eq!(mistyped("Li", &mut stream), "Li");
    }

    #[test]
    fn what_is_misread_is_a_pair_of_the_table() {
        let mut stream = Stream::new(1, "paper");
        let read: std::collections::BTreeSet<String> =
            (0..200).map(|_| misread("Bernard", &mut stream)).collect();
        assert!(read.contains("Bemard") && read.contains("Bcrnard"), "{read:?}");
        assert_eq!(misread("ŸŸ", &mut stream), "ŸŸ");
    }

    #[test]
    fn letters_lose_their_marks_or_only_those_that_do_not_fit() {
        assert_eq!(plain("Łukasz Nguyễn Lecœuvre Işıl"), "Lukasz Nguyen Lecoeuvre Isil");
        assert_eq!(fitting("Zoé Łukasz Lecœuvre"), "Zoé Lukasz Lecœuvre");
        assert_eq!(garbled("Zoé"), "ZoÃ©");
    }

    #[test]
    fn wrong_digits_give_another_date_and_another_ine() {
        let mut stream = Stream::new(1, "digits");
        let born = date(2010, 12, 31);
        assert!((0..50).all(|_| digit_off(born, &mut stream) != born));
        assert_eq!(swapped(date(2010, 3, 7)), date(2010, 7, 3));
        assert_eq!(swapped(date(2010, 3, 17)), date(2010, 3, 17));
        for _ in 0..50 {
            let wrong = ine_off("990000001EB", &mut stream);
            assert!(wrong != "990000001EB" && wrong.starts_with("99") && wrong.ends_with("EB"));
        }
    }
}
