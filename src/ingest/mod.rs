//! XML to records and findings, one file a format; only allow-listed fields leave it.
//!
//! - In: a decoded stream and the name of its part. - Out: header, records, counts, findings.
//! - Can go wrong: the file is refused whole, with the finding that says why.
