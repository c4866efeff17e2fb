//! Names folded for comparison and for identifiers, and well-written for display (matching.md
//! section 4). Folded forms are never shown; shown forms are never compared.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::letters::{Sign, is_apostrophe, signs};

/// Leading words that one file writes and another drops or glues.
const PARTICLES: &[&str] = &[
    "ait", "al", "ben", "bin", "da", "das", "de", "del", "della", "des", "di", "dos", "du", "el",
    "la", "le", "les", "ould", "van", "von",
];
/// Second words of Flemish and German particles: `VAN DEN`, `VON DER`.
const AFTER_VAN: &[&str] = &["den", "der", "het", "ten", "ter"];
/// Letters that are an elision when they stand alone before a word: the apostrophe of `D'ARTAGNAN`,
/// `N'DIAYE`, `O'BRIEN` was lost to a space.
const ELIDED: &[&str] = &["d", "l", "m", "n", "o"];

/// A run of letters between gaps or apostrophes, folded.
struct Piece {
    text: String,
    /// An apostrophe, or the lack of one, stands before it: it belongs to the piece before.
    glued: bool,
}

/// What two names are compared by: `DELAFONTAINE`. Total: empty only when nothing Latin is left.
pub fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    each_letter(name, |letter| key.push(char::from(letter)));
    key
}

/// The letters of the key, one by one: `A`–`Z` and digits.
pub(super) fn each_letter(name: &str, mut take: impl FnMut(u8)) {
    if name.is_ascii() {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.for_each(|letter| take(letter.to_ascii_uppercase()));
    }
    for sign in signs(&sound(name)) {
        // Folded letters are ASCII.
        if let Sign::Letter(letter) = sign {
            take((letter as u8).to_ascii_uppercase());
        }
    }
}

/// The key without leading particles (`FONTAINE`), when there are some and something is left. For
/// blocking only: `DU PONT` and `PONT` are two names.
pub fn key_without_particle(name: &str) -> Option<String> {
    if is_one_word(name) {
        return None;
    }
    let pieces = pieces(name);
    let is_glued = |rank: usize| pieces.get(rank).is_some_and(|piece| piece.glued);
    let mut rank = 0;
    let mut after_van = false;
    while let Some(piece) = pieces.get(rank) {
        let word = piece.text.as_str();
        let elision = matches!(word, "d" | "l") && is_glued(rank + 1);
        let particle = !is_glued(rank + 1)
            && (PARTICLES.contains(&word) || (after_van && AFTER_VAN.contains(&word)));
        if !elision && !particle {
            break;
        }
        after_van = matches!(word, "van" | "von");
        rank += 1;
    }
    let rest: String = pieces.get(rank..)?.iter().map(|piece| piece.text.as_str()).collect();
    (rank > 0 && rest.len() > 1).then(|| rest.to_ascii_uppercase())
}

/// The words of a name, folded, in lower case: `de`, `la`, `fontaine`. What an apostrophe joins is
/// one word, also where the apostrophe was lost: `dartagnan`.
pub fn tokens(name: &str) -> Vec<String> {
    if is_one_word(name) {
        return vec![key(name).to_ascii_lowercase()];
    }
    let mut tokens: Vec<String> = Vec::new();
    for piece in pieces(name) {
        match tokens.last_mut() {
            Some(last) if piece.glued => last.push_str(&piece.text),
            _ => tokens.push(piece.text),
        }
    }
    tokens
}

/// Most names: letters of French, and nothing that parts them or could be mojibake.
pub(super) fn is_one_word(name: &str) -> bool {
    let plain = |char: char| {
        char.is_ascii_alphanumeric()
            || matches!(char, 'À'..='ÿ' if char.is_alphabetic()) && !MOJIBAKE.contains(&char)
    };
    !name.is_empty() && name.chars().all(plain)
}

fn pieces(name: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // What separates the letter to come from the one before it.
    let mut between = Some(Sign::Gap);
    for sign in signs(&sound(name)) {
        match (sign, between, pieces.last_mut()) {
            (Sign::Letter(letter), None, Some(last)) => last.text.push(letter),
            (Sign::Letter(letter), _, last) => {
                // A gap right after an apostrophe (`D' ARTAGNAN`) does not part them.
                let glued = last.is_some_and(|last| {
                    between == Some(Sign::Glue)
                        || (!last.glued && ELIDED.contains(&last.text.as_str()))
                });
                pieces.push(Piece { text: letter.to_string(), glued });
                between = None;
            }
            (Sign::Glue, _, _) => between = Some(Sign::Glue),
            (Sign::Gap, Some(Sign::Glue), _) => {}
            (Sign::Gap, _, _) => between = Some(Sign::Gap),
        }
    }
    pieces
}

/// The name, composed, and without the marks of being misread, once or several times: a name and
/// its shown form must come to the same.
fn sound(name: &str) -> Cow<'_, str> {
    let mut name = Cow::Borrowed(name);
    loop {
        if !is_nfc(&name) {
            name = Cow::Owned(name.nfc().collect());
        }
        match repair_mojibake(&name) {
            Some(repaired) => name = Cow::Owned(repaired),
            None => return name,
        }
    }
}

/// What the first bytes of UTF-8 are read as, where it was read as windows-1252.
const MOJIBAKE: [char; 6] = ['Ã', 'Ä', 'Å', 'Â', 'á', 'â'];

/// The name as it was before its UTF-8 was read as windows-1252: `FranÃ§ois` is `François`. None
/// when nothing proves that it was. The caller flags the file.
pub fn repair_mojibake(name: &str) -> Option<String> {
    if !name.contains(MOJIBAKE) {
        return None;
    }
    let mut bytes = Vec::with_capacity(name.len());
    // Bytes that the sign begun still wants.
    let mut wanted = 0_u8;
    for char in name.chars() {
        let wide = char.is_whitespace() && wanted == 0;
        match u8::try_from(u32::from(char)) {
            // Whatever its width: it is written as a plain one. Within a sign, U+00A0 is a byte.
            _ if wide => bytes.push(b' '),
            Ok(byte) => bytes.push(byte),
            Err(_) => {
                let text = char.to_string();
                let (encoded, _, unmappable) = WINDOWS_1252.encode(&text);
                if unmappable {
                    return None;
                }
                bytes.extend_from_slice(&encoded);
            }
        }
        wanted = match bytes.last() {
            Some(0xC2..=0xDF) => 1,
            Some(0xE0..=0xEF) => 2,
            Some(0x80..=0xBF) => wanted.saturating_sub(1),
            _ => 0,
        };
    }
    // Whole and valid UTF-8 with nothing but letters of European names: no name is so by chance.
    let repaired = String::from_utf8(bytes).ok()?;
    let plausible = |char: char| {
        char.is_ascii()
            || matches!(char, 'À'..='ž' | '\u{1E00}'..='\u{1EFF}')
            || is_apostrophe(char)
    };
    (repaired != name && repaired.chars().all(plausible)).then(|| repaired.nfc().collect())
}

/// A first name fit for display: mixed case is kept; capitals become title case, since a machine
/// wrote them. Accents that were lost stay lost.
pub fn display_given(name: &str) -> String {
    display(name, false)
}

/// A family or usage name fit for display: `DE LA FONTAINE` is `de La Fontaine`.
pub fn display_name(name: &str) -> String {
    display(name, true)
}

fn display(name: &str, family: bool) -> String {
    let name = sound(name);
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    // ß and ı stand among capitals too: they prove nothing.
    let small = name.chars().any(|char| char.is_lowercase() && !matches!(char, 'ß' | 'ı'));
    if small && name.chars().any(char::is_uppercase) {
        return name;
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name.as_str();
    let mut after_van = false;
    while !rest.is_empty() {
        let in_word = |char: char| !matches!(char, ' ' | '-' | '.' | '\u{2010}' | '\u{2011}');
        let end = rest.find(|char| !in_word(char)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        let first = out.is_empty();
        let lower = lower_case(word);
        let followed = if family { tail.starts_with(' ') } else { tail.len() > 1 };
        let particle = match lower.as_str() {
            "de" | "du" | "des" => family || !first,
            "von" => family,
            "den" | "der" | "ter" | "ten" => family && after_van,
            _ => false,
        };
        if particle && followed {
            out.push_str(&lower);
        } else {
            title(&lower, family || !first, &mut out);
        }
        after_van = matches!(lower.as_str(), "van" | "von");
        let gap = tail.find(in_word).unwrap_or(tail.len());
        let (gap, tail) = tail.split_at(gap);
        out.push_str(gap);
        rest = tail;
    }
    // `ãš` is a name; `Ãš` is a misread `Ú`: its case must not make it another one.
    if repair_mojibake(&out).is_some() { name } else { out }
}

/// `d'artagnan` → `d'Artagnan`, `n'diaye` → `N'Diaye`, `zoé` → `Zoé`.
fn title(lower: &str, particle: bool, out: &mut String) {
    if let Some((before, after)) = lower.split_once(is_apostrophe) {
        let mark = &lower[before.len()..lower.len() - after.len()];
        if particle && before == "d" {
            out.push('d')
        } else {
            capital(before, out)
        }
        out.push_str(mark);
        // One letter after an apostrophe is an ending, no word: `Ngo'o`.
        if after.chars().nth(1).is_some() { capital(after, out) } else { out.push_str(after) }
    } else {
        capital(lower, out);
    }
}

fn capital(lower: &str, out: &mut String) {
    let mut chars = lower.chars();
    out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    out.push_str(chars.as_str());
}

/// `İ` has a lower case of two signs, which no font shows well: it becomes a plain i.
fn lower_case(word: &str) -> String {
    word.replace('İ', "i").to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::vectors::vectors;
    use super::*;

    #[test]
    fn the_vectors_of_the_rules_give_their_keys_and_display() {
        // matching.md section 6, all 40.
        let vectors = vectors();
        assert_eq!(vectors.len(), 40);
        for vector in vectors {
            let number = vector.number;
            assert_eq!(key(&vector.names.family), vector.key, "{number}");
            let bare = key_without_particle(&vector.names.family).unwrap_or_default();
            assert_eq!(bare, vector.bare, "{number}");
            let usage_key = vector.names.usage.as_deref().map(key).unwrap_or_default();
            assert_eq!(usage_key, vector.usage_key, "{number}");
            assert_eq!(key(&vector.names.given), vector.given_key, "{number}");
            assert_eq!(display_given(&vector.names.given), vector.display_given, "{number}");
        }
    }

    #[test]
    fn words_are_parted_by_gaps_and_joined_by_apostrophes() {
        for (name, expect) in [
            ("de la fontaine", "de la fontaine"),
            ("D'Artagnan", "dartagnan"),
            ("D ARTAGNAN", "dartagnan"),
            ("D' ARTAGNAN", "dartagnan"),
            ("N DIAYE", "ndiaye"),
            ("de l’Isle-Adam", "de lisle adam"),
            ("DURAND--MOREAU", "durand moreau"),
            ("  Jean – Marc ", "jean marc"),
            ("J.-P.", "j p"),
            ("Gal·la", "galla"),
            ("O", "o"),
            ("Ле Иван", ""),
            ("'", ""),
        ] {
            assert_eq!(tokens(name).join(" "), expect, "{name}");
        }
    }

    #[test]
    fn a_particle_leaves_the_second_key_only_when_a_name_is_left() {
        for (name, expect) in [
            ("VON DER LEYE", Some("LEYE")),
            ("de l'Isle", Some("ISLE")),
            ("BEN SALAH", Some("SALAH")),
            ("OULD AHMED", Some("AHMED")),
            ("LE", None),
            ("VAN", None),
            ("DEN HAAG", None),
            ("LEROY", None),
            ("", None),
        ] {
            assert_eq!(key_without_particle(name).as_deref(), expect, "{name}");
        }
    }

    #[test]
    fn a_name_is_shown_as_a_person_would_write_it() {
        for (capitals, shown) in [
            ("DE LA FONTAINE", "de La Fontaine"),
            ("DU  PONT", "du Pont"),
            ("D'ARTAGNAN", "d'Artagnan"),
            ("N’DIAYE", "N’Diaye"),
            ("O'BRIEN", "O'Brien"),
            ("NGO'O", "Ngo'o"),
            ("VAN DEN BROECK", "Van den Broeck"),
            ("LE GALL", "Le Gall"),
            ("SAINT-EXUPERY DE MONTMORENCY", "Saint-Exupery de Montmorency"),
            ("DURAND--MOREAU", "Durand--Moreau"),
            ("GROß", "Groß"),
            ("İNCE", "Ince"),
            ("ÉLOÏSE", "Éloïse"),
            ("DE", "De"),
            ("de La Fontaine", "de La Fontaine"),
            ("McDonald", "McDonald"),
            ("FranÃ§ois", "François"),
            ("", ""),
        ] {
            assert_eq!(display_name(capitals), shown);
        }
        for (given, shown) in [
            ("JEAN-DE-DIEU", "Jean-de-Dieu"),
            ("MARIE DE LA PAIX", "Marie de La Paix"),
            ("DE", "De"),
            ("marie-charlotte", "Marie-Charlotte"),
        ] {
            assert_eq!(display_given(given), shown);
        }
    }

    #[test]
    fn only_what_is_proven_misread_is_repaired() {
        // SEC-34: `Ã©` patterns.
        for (name, expect) in [
            ("FranÃ§ois", Some("François")),
            ("ZoÃ©", Some("Zoé")),
            ("Dâ€™Artagnan", Some("D’Artagnan")),
            ("CÅ“ur", Some("Cœur")),
            ("Ã‰loÃ¯se", Some("Éloïse")),
            ("Thá»‹", Some("Thị")),
            ("João", None),
            ("SÃO PAULO", None),
            ("ÅSA", None),
            ("âgé", None),
            ("François", None),
            ("ÂŠ", None),
        ] {
            assert_eq!(repair_mojibake(name).as_deref(), expect, "{name}");
        }
    }

    #[test]
    fn a_gap_is_a_gap_whatever_its_width_but_within_a_misread_sign() {
        assert_eq!(key("ÃŠve\u{A0}Martin"), "EVEMARTIN");
        assert_eq!(display_name("ÃŠve\u{A0}Martin"), "Êve Martin");
        assert_eq!(key("DÃ\u{A0}vid Martin"), "DAVIDMARTIN");
        // Its title case would read as `Ún`.
        assert_eq!((display_name("ãšn"), key("ãšn")), ("ãšn".to_owned(), "ASN".to_owned()));
    }

    proptest! {
        /// SEC-39: whatever is declared, folding ends, and leaves ASCII only.
        #[test]
        fn folding_is_total_and_leaves_ascii(name in "\\PC{0,40}") {
            prop_assert!(key(&name).bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            prop_assert_eq!(tokens(&name).concat().to_ascii_uppercase(), key(&name));
            let _ = (display_name(&name), display_given(&name), key_without_particle(&name));
        }

        /// What is shown of a name is the same name, however often it was misread.
        #[test]
        fn the_shown_form_has_the_key_of_the_name(
            start in "[a-zA-ZÀ-ÖÙ-ÞŒœ\u{2000}\u{303} '-]{0,12}",
            end in "(Ã§|Ã©|ÃƒÂ©|A\u{303}§|ÃŠ|ãš|Ã\u{A0}|á»\u{A0})?[a-z\u{A0}]{0,1}[a-zA-Z -]{0,8}",
        ) {
            let name = start + &end;
            prop_assert_eq!(key(&display_name(&name)), key(&name));
        }

        /// The same name in capitals, decomposed, or with other gaps has the same key.
        #[test]
        fn a_key_does_not_see_case_marks_or_gaps(name in "[a-zA-ZÀ-ÖÙ-öù-ÿŒœ' -]{1,30}") {
            let decomposed: String = name.nfd().collect();
            // Another form may hide a misreading (`ÃŸ`), which is then repaired or no longer.
            let gapless = name.replace([' ', '-'], "");
            for form in [&name, &name.to_uppercase(), &gapless] {
                prop_assume!(repair_mojibake(form).is_none());
            }
            prop_assert_eq!(key(&decomposed), key(&name));
            prop_assert_eq!(key(&name.to_uppercase()), key(&name));
            prop_assert_eq!(key(&gapless), key(&name));
        }
    }
}
