//! The records of a campaign as matching sees them, without files between: what the door would make
//! of each, under a key of its own.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::{Campaign, PersonTruth, Plan, pupils};
use crate::academy::siecle::Pupil;
use crate::matching::claim::{self, Claim};
use crate::model::ids::{IneKey, SchoolYear, StructureCode, TraitKey, Uai};
use crate::model::record::{Names, PupilRecord};
use crate::model::traits::{NameKey, Sex, Traits};

/// The pupils of a school's file as claims, with the truth.
pub fn claims(plan: &Plan, campaign: Campaign, school: usize) -> Vec<(Claim, PersonTruth)> {
    let Ok(uai) = plan.schools[school].uai.parse::<Uai>() else { return Vec::new() };
    let year = Some(SchoolYear(campaign.school_year()));
    (1..)
        .zip(pupils(plan, campaign, school))
        .map(|(line, (pupil, truth))| (claim::of_pupil(&uai, &record(&pupil, line), year), truth))
        .collect()
}

fn record(pupil: &Pupil, line: u64) -> PupilRecord {
    let given = |text: &Option<String>| text.as_deref().and_then(name_key);
    let usage = pupil.usage.clone().filter(|name| !name.is_empty());
    let kept = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let private = &pupil.private;
    PupilRecord {
        line,
        eleve_id: pupil.eleve_id.clone(),
        local_number: None,
        ine: pupil
            .ine
            .iter()
            .chain(&pupil.ine_bea)
            .map(|ine| IneKey(ine.clone()))
            .collect::<BTreeSet<_>>(),
        names: Names { family: pupil.family.clone(), usage, given: pupil.given.clone() },
        birth_date: pupil.born,
        traits: Traits {
            sex: match private.sex {
                '1' => Some(Sex::Male),
                '2' => Some(Sex::Female),
                _ => None,
            },
            birthplace: kept(&private.birth_town).map(|code| key("birthplace:", &code)),
            given: name_key(&pupil.given),
            second: given(&pupil.second_given),
            previous_school: private.previous_school.parse().ok(),
            level: None,
        },
        entered_on: pupil.entered,
        left_on: pupil.left,
        mef: kept(&pupil.mef),
        status: None,
        divisions: pupil.codes('D').map(|code| StructureCode(code.to_owned())).collect(),
        groups: Vec::new(),
    }
}

fn name_key(name: &str) -> Option<NameKey> {
    let folded = super::letters::plain(name).to_uppercase();
    let folded: String = folded.chars().filter(char::is_ascii_alphanumeric).collect();
    let start: String = folded.chars().take(3).collect();
    (!folded.is_empty())
        .then(|| NameKey { whole: key("given:", &folded), start: key("given-start:", &start) })
}

fn key(space: &str, value: &str) -> TraitKey {
    let hash = Sha256::new().chain_update(space).chain_update(value).finalize();
    let bytes: [u8; 8] = std::array::from_fn(|rank| hash[rank]);
    TraitKey(u64::from_be_bytes(bytes))
}
