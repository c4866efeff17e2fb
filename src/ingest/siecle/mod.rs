//! Siècle (Base élèves établissement): pupils and nomenclature. Its structures have the shape of
//! STSWeb's and are read in `structures.rs`.

mod memberships;
mod nomenclature;
mod pupils;
mod traits;

pub(super) use nomenclature::Nomenclature;
pub(super) use pupils::Pupils;
