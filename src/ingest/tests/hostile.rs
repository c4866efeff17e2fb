//! Hostile and damaged XML (SEC-30, SEC-31, SEC-32, SEC-49).

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::ingest::xml::{ATTRIBUTES_MAX, DEPTH_MAX, TEXT_BYTES_MAX};

/// SEC-30.
#[test]
fn doctypes_and_entities_are_refused_with_their_place() {
    let bomb = "<!DOCTYPE l [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]>\n";
    refused(&format!("{bomb}{}", pupil_with("")), finding::XML_FORBIDDEN);
    let external = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">";
    refused(&format!("{external}{}", pupil_with("")), finding::XML_FORBIDDEN);
    // In a name, an unknown entity would silently vanish: `Dup&oe;nt` would become `Dupnt`.
    let name = pupil_with("\n  <NOM_USAGE>Dup&oe;nt</NOM_USAGE>");
    let refusal = refused(&name, finding::XML_FORBIDDEN);
    assert_eq!((refusal.place.line, refusal.facts["column"].as_str()), (Some(2), "17"));
    assert!(!format!("{refusal:?}").contains("Dup"));
    // Dropped elements and attributes are read by the same eyes.
    refused(&pupil_with("<MEL>&oe;</MEL>"), finding::XML_FORBIDDEN);
    refused(&pupil_with("<MEL x=\"&oe;\"/>"), finding::XML_FORBIDDEN);
}

#[test]
fn the_five_entities_numbers_cdata_and_comments_are_one_text() {
    let check = |text: &str, expect: &str| {
        let read = good(&pupil_with(&format!("<NOM_USAGE>{text}</NOM_USAGE>")));
        assert_eq!(pupils(&read)[0].names.usage.as_deref(), Some(expect), "{text}");
    };
    check("D&apos;ART&#65;GNAN", "D'ARTAGNAN");
    check("A&amp;B&lt;C&gt;D&quot;E", "A&B<C>D\"E");
    check("Andr&#233;&#xe9;", "Andréé");
    check("<![CDATA[A&oe;<B>]]>C", "A&oe;<B>C");
    check("DU<!-- -->PO<?x y?>NT", "DUPONT");
}

/// SEC-31.
#[test]
fn a_file_cut_at_any_byte_is_refused() {
    for name in SAMPLES {
        let xml = sample(name);
        let sound = xml.trim_end().len();
        for cut in 0..xml.len() {
            let result = read("t.xml", &xml.as_bytes()[..cut], &door());
            if cut < sound {
                let refusal = result.expect_err(name);
                let cut_sign = !xml.is_char_boundary(cut);
                let expected = if cut_sign && refusal.finding.id == finding::ENCODING_INVALID.id {
                    finding::ENCODING_INVALID.id
                } else {
                    finding::XML_TRUNCATED.id
                };
                assert_eq!(refusal.finding.id, expected, "{name} at {cut}: {refusal:?}");
            } else {
                assert!(result.is_ok(), "{name} at {cut}");
            }
        }
    }
}

#[test]
fn broken_tags_and_content_after_the_root_are_malformed() {
    let line = |xml: &str| refused(xml, finding::XML_MALFORMED).place.line;
    assert_eq!(line(&pupil_with("\n\n<MEL></TEL>")), Some(3));
    assert_eq!(line(&format!("{}\n<X/>", pupil_with(""))), Some(2));
    line(&format!("{}\nPK", pupil_with("")));
    line(&format!("{}<![CDATA[x]]>", pupil_with("")));
    line(&format!("x{}", pupil_with("")));
    line(&format!("{}</BEE_ELEVES>", pupil_with("")));
    line(&format!("{}<?xml version=\"1.0\"?>", pupil_with("")));
    line(&pupil_with("<NOM_USAGE>R&D</NOM_USAGE>"));
    line(&pupil_with("<NOM_USAGE>&#0;</NOM_USAGE>"));
    line(&pupil_with("<NOM_USAGE>&#x110000;</NOM_USAGE>"));
    line(&pupil_with("<></>"));
    line(&pupil_with("<1A/>"));
    line(&pupil_with("<MEL a=1/>"));
    line(&pupil_with("<MEL a=\"1\" a=\"2\"/>"));
    line(&pupil_with("<!x>"));
    let trailing = format!("{}\n<!-- the end -->\n<?x?>\n \n", pupil_with(""));
    assert!(good(&trailing).findings.is_empty());
    refused("", finding::XML_TRUNCATED);
    refused("  \n", finding::XML_TRUNCATED);
}

/// SEC-32: each limit at n and n + 1.
#[test]
fn depth_attributes_and_text_have_limits() {
    let nested = |depth: usize| {
        // BEE_ELEVES, DONNEES, ELEVES, ELEVE stand above.
        pupil_with(&format!("{}{}", "<a>".repeat(depth - 4), "</a>".repeat(depth - 4)))
    };
    good(&nested(DEPTH_MAX));
    refused(&nested(DEPTH_MAX + 1), finding::XML_OVER_LIMIT);
    refused(&pupil_with(&"<a>".repeat(200_000)), finding::XML_OVER_LIMIT);

    let attributes = |count: usize| {
        let list: String = (0..count).map(|number| format!(" a{number}=\"\"")).collect();
        pupil_with(&format!("<MEL{list}/>"))
    };
    good(&attributes(ATTRIBUTES_MAX));
    refused(&attributes(ATTRIBUTES_MAX + 1), finding::XML_OVER_LIMIT);

    let text = |element: &str, bytes: usize| {
        pupil_with(&format!("<{element}>{}</{element}>", "x".repeat(bytes)))
    };
    for element in ["NOM_USAGE", "MEL", "INCONNU"] {
        good(&text(element, TEXT_BYTES_MAX));
        refused(&text(element, TEXT_BYTES_MAX + 1), finding::XML_OVER_LIMIT);
    }
    // In pieces too.
    let pieces = format!("<NOM_USAGE>{}</NOM_USAGE>", "&#65;<!-- -->".repeat(TEXT_BYTES_MAX + 1));
    refused(&pupil_with(&pieces), finding::XML_OVER_LIMIT);
    refused(&pupil_with(&format!("<!--{}-->", "x".repeat(100_000))), finding::XML_OVER_LIMIT);
    refused(&pupil_with(&format!("<{}/>", "x".repeat(200))), finding::XML_OVER_LIMIT);
    // White space between elements is no text.
    good(&pupil_with(&" ".repeat(TEXT_BYTES_MAX * 2)));
}

/// SEC-32, RUSTSEC-2026-0194.
#[test]
fn a_tag_of_fifty_thousand_attributes_is_refused_at_once() {
    let list: String = (0..50_000).map(|number| format!(" a{number}=\"\"")).collect();
    let xml = pupil_with(&format!("<MEL{list}/>"));
    let begun = Instant::now();
    refused(&xml, finding::XML_OVER_LIMIT);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn lists_inside_one_row_are_bounded() {
    let one = |number: usize| {
        format!(
            "<STRUCTURE><CODE_STRUCTURE>{number}</CODE_STRUCTURE>\
             <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE>"
        )
    };
    let many: String = (0..501).map(one).collect();
    let xml = pupil_with("").replace(
        "</ELEVES>",
        &format!(
            "</ELEVES><STRUCTURES><STRUCTURES_ELEVE ELEVE_ID=\"1\">{many}\
             </STRUCTURES_ELEVE></STRUCTURES>"
        ),
    );
    refused(&xml, finding::XML_OVER_LIMIT);
}

#[test]
fn bytes_that_are_not_utf8_are_refused_by_the_parser_too() {
    let xml = pupil_with("<NOM_USAGE>?</NOM_USAGE>").into_bytes();
    let broken: Vec<u8> = xml.iter().map(|byte| if *byte == b'?' { 0xe9 } else { *byte }).collect();
    let refusal = read("t.xml", broken.as_slice(), &door()).unwrap_err();
    assert_eq!(refusal.finding.id, finding::ENCODING_INVALID.id);
}

/// A change to a sample: at a place, take so many bytes away and put these in.
fn mutation() -> impl Strategy<Value = (usize, usize, usize, Vec<u8>)> {
    let insert = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            "<",
            ">",
            "&",
            "\"",
            "<![CDATA[",
            "]]>",
            "<!--",
            "<ELEVE>",
            "</ELEVE>",
            "<ELEVE/>",
            "&#0;",
            "&x;",
            "<?",
            "ELEVE_ID=\"1\"",
            "<INDIVIDU ID=\"9\"/>",
            "\u{fffd}",
            "\u{a0}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (0..SAMPLES.len(), any::<prop::sample::Index>(), 0usize..40, insert)
        .prop_map(|(sample, place, cut, insert)| (sample, place.index(100_000), cut, insert))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    /// SEC-49: no bytes make the parser panic, and what passes adds up (DESIGN rule 11).
    #[test]
    fn damaged_files_never_panic_and_counts_add_up(
        changes in proptest::collection::vec(mutation(), 1..4),
    ) {
        let name = SAMPLES[changes[0].0];
        let mut bytes = sample(name).into_bytes();
        for (_, place, cut, insert) in changes {
            let from = place % bytes.len();
            let to = bytes.len().min(from + cut);
            bytes.splice(from..to, insert);
        }
        if let Ok(ingested) = read("t.xml", bytes.as_slice(), &door()) {
            prop_assert!(ingested.counts.add_up());
            let records = match &ingested.content {
                Content::Pupils(pupils) => pupils.len(),
                Content::Sts(sts) => sts.staff.len(),
                Content::Nomenclature(mefs) => mefs.len(),
                Content::Structures(structures) => structures.len(),
            };
            prop_assert!(records as u64 <= ingested.counts.accepted);
        }
    }
}
