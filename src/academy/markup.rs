//! XML as the national applications write it: one element a line, indented, in ISO-8859-15.

use std::borrow::Cow;
use std::io::{self, Write};

use encoding_rs::{ISO_8859_15, WINDOWS_1252};
use quick_xml::escape::{escape, partial_escape};

/// What the file says of its bytes, and what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Declared and really ISO-8859-15; what it cannot write becomes `?` (formats 2.2).
    Latin9,
    /// Declared ISO-8859-15, but really UTF-8 (formats 6.1).
    Utf8Misdeclared,
    /// Declared ISO-8859-15, but really windows-1252 (formats 6.1).
    Cp1252Misdeclared,
    /// Declared and really UTF-8.
    Utf8,
}

impl Charset {
    fn declared(self) -> &'static str {
        match self {
            Self::Latin9 | Self::Utf8Misdeclared | Self::Cp1252Misdeclared => "ISO-8859-15",
            Self::Utf8 => "UTF-8",
        }
    }

    /// The bytes of a text.
    fn bytes(self, text: &str) -> Cow<'_, [u8]> {
        let encoding = match self {
            Self::Latin9 => ISO_8859_15,
            Self::Cp1252Misdeclared => WINDOWS_1252,
            Self::Utf8Misdeclared | Self::Utf8 => return Cow::Borrowed(text.as_bytes()),
        };
        let (bytes, _, lost) = encoding.encode(text);
        if !lost {
            return bytes;
        }
        let one = |sign: char| {
            let mut buffer = [0; 4];
            let (bytes, _, lost) = encoding.encode(sign.encode_utf8(&mut buffer));
            if lost { vec![b'?'] } else { bytes.into_owned() }
        };
        Cow::Owned(text.chars().flat_map(one).collect())
    }
}

/// A document being written. Elements are closed by `close`, in the reverse order of `open`.
#[derive(Debug)]
pub struct Markup<W> {
    out: W,
    charset: Charset,
    open: Vec<&'static str>,
}

type Attribute<'a> = (&'a str, &'a str);

impl<W: Write> Markup<W> {
    /// Begins with the declaration.
    pub fn new(mut out: W, charset: Charset) -> io::Result<Self> {
        writeln!(out, r#"<?xml version="1.0" encoding="{}"?>"#, charset.declared())?;
        Ok(Self { out, charset, open: Vec::new() })
    }

    pub fn open(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) -> io::Result<()> {
        self.start(tag, attributes)?;
        self.out.write_all(b">\n")?;
        self.open.push(tag);
        Ok(())
    }

    pub fn close(&mut self) -> io::Result<()> {
        if let Some(tag) = self.open.pop() {
            self.indent()?;
            writeln!(self.out, "</{tag}>")?;
        }
        Ok(())
    }

    /// `<TAG>value</TAG>`, or `<TAG/>` when there is no value.
    pub fn text(&mut self, tag: &str, value: &str) -> io::Result<()> {
        self.start(tag, &[])?;
        if value.is_empty() {
            return self.out.write_all(b"/>\n");
        }
        self.out.write_all(b">")?;
        self.out.write_all(&self.charset.bytes(&partial_escape(value)))?;
        writeln!(self.out, "</{tag}>")
    }

    /// Nothing at all when the value is absent: an optional tag is absent or empty (formats 2.2).
    pub fn optional(&mut self, tag: &str, value: Option<&str>) -> io::Result<()> {
        value.map_or(Ok(()), |value| self.text(tag, value))
    }

    /// `<TAG a="b"/>`
    pub fn empty(&mut self, tag: &str, attributes: &[Attribute<'_>]) -> io::Result<()> {
        self.start(tag, attributes)?;
        self.out.write_all(b"/>\n")
    }

    /// Closes what is open and hands the stream back.
    pub fn finish(mut self) -> io::Result<W> {
        while !self.open.is_empty() {
            self.close()?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn start(&mut self, tag: &str, attributes: &[Attribute<'_>]) -> io::Result<()> {
        self.indent()?;
        write!(self.out, "<{tag}")?;
        for (name, value) in attributes {
            write!(self.out, " {name}=\"")?;
            self.out.write_all(&self.charset.bytes(&escape(*value)))?;
            self.out.write_all(b"\"")?;
        }
        Ok(())
    }

    fn indent(&mut self) -> io::Result<()> {
        self.open.iter().try_for_each(|_| self.out.write_all(b"  "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(charset: Charset, name: &str) -> Vec<u8> {
        let mut xml = Markup::new(Vec::new(), charset).unwrap();
        xml.open("A", &[("CODE", "2 \"A\"")]).unwrap();
        xml.text("NOM", name).unwrap();
        xml.text("VIDE", "").unwrap();
        xml.optional("ABSENT", None).unwrap();
        xml.finish().unwrap()
    }

    #[test]
    fn elements_are_indented_escaped_and_closed() {
        let text = String::from_utf8(written(Charset::Utf8, "D'HAESE & Cie")).unwrap();
        let expect = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A CODE=\"2 &quot;A&quot;\">\n  \
                      <NOM>D'HAESE &amp; Cie</NOM>\n  <VIDE/>\n</A>\n";
        assert_eq!(text, expect);
    }

    #[test]
    fn iso_8859_15_is_written_in_its_own_bytes_and_what_it_cannot_write_becomes_a_question_mark() {
        let holds = |charset, name, bytes: &[u8]| {
            written(charset, name).windows(bytes.len()).any(|window| window == bytes)
        };
        assert!(holds(Charset::Latin9, "LECŒUVRE", b"LEC\xbcUVRE"));
        assert!(holds(Charset::Latin9, "Łukasz Œ", b">?ukasz \xbc<"));
        assert!(holds(Charset::Utf8Misdeclared, "LECŒUVRE", "LECŒUVRE".as_bytes()));
        assert!(holds(Charset::Utf8Misdeclared, "É", b"ISO-8859-15"));
        assert!(holds(Charset::Cp1252Misdeclared, "LECŒUVRE", b"LEC\x8cUVRE"));
        assert!(holds(Charset::Cp1252Misdeclared, "É", b"ISO-8859-15"));
    }
}
