//! What is new on Tuesday: moves, claims, class changes, arrivals, departures, a renamed class.

use jiff::civil::{Date, date};

use super::cast::{self, Character};
use super::crowd::{extra, played, structures};
use super::schools::{DemoSchool, MARAIS, REMPART};
use super::{ARRIVALS, DEPARTURES, RENAMED, VANISHED};
use crate::academy::names::Names;
use crate::academy::siecle::Pupil;

const MONDAY: Date = date(2026, 9, 7);
const TUESDAY: Date = date(2026, 9, 8);

/// Places in the crowd whose class changes, who leave, and who are no longer listed. Named people
/// make up the announced numbers.
const CHANGING: [usize; 4] = [40, 41, 42, 43];
const LEAVING: [usize; 3] = [60, 61, 62];
const VANISHING: [usize; 2] = [80, 81];
/// New places of the crowd begin here.
const NEW: u32 = 900;

/// Monday's pupils of a school, as they are on Tuesday.
pub(super) fn pupils(school: &DemoSchool, mut pupils: Vec<Pupil>) -> Vec<Pupil> {
    match school.uai {
        REMPART => rempart(school, &mut pupils),
        MARAIS => marais(school, &mut pupils),
        _ => {}
    }
    pupils
}

fn rempart(school: &DemoSchool, pupils: &mut Vec<Pupil>) {
    let codes = |index: usize| school.divisions[index % school.divisions.len()].0;
    for index in CHANGING {
        pupils[index].structures = structures(codes(index + 1), index as u64, false);
    }
    let leaving = &LEAVING[..DEPARTURES / 2 - 1];
    leaving.iter().for_each(|index| pupils[*index].left = Some(MONDAY));
    change(pupils, &cast::DEPARTING, |pupil| pupil.left = Some(MONDAY));
    change(pupils, &cast::MOVING, |pupil| pupil.left = Some(MONDAY));
    change(pupils, &cast::CLASS_CHANGE, |pupil| {
        pupil.structures = structures(cast::CLASS_CHANGE_TO, 1, false);
    });
    pupils.retain(|pupil| !is(pupil, &cast::VANISHED));
    arrive(school, pupils, ARRIVALS / 2 - 1);
    pupils.push(played(school, 100, &cast::ARRIVING));
}

fn marais(school: &DemoSchool, pupils: &mut Vec<Pupil>) {
    let leaving = &LEAVING[..DEPARTURES / 2];
    leaving.iter().for_each(|index| pupils[*index].left = Some(MONDAY));
    for pupil in pupils.iter_mut() {
        let class = pupil.structures.iter_mut();
        class.filter(|(_, code)| code == RENAMED.1).for_each(|(_, code)| *code = RENAMED.2.into());
    }
    let mut place = 0;
    pupils.retain(|_| {
        place += 1;
        !VANISHING[..VANISHED - 1].contains(&(place - 1))
    });
    arrive(school, pupils, ARRIVALS - ARRIVALS / 2);
    let comes = [(cast::MOVING, cast::MOVING_TO), (cast::CLAIMED, cast::CLAIMED_BY)];
    for (place, (character, (uai, division))) in (110..).zip(comes) {
        let here = Character { school: uai, division, entered: TUESDAY, ..character };
        pupils.push(played(school, place, &here));
    }
}

fn arrive(school: &DemoSchool, pupils: &mut Vec<Pupil>, count: usize) {
    let names = Names::load();
    let new = (NEW..).take(count).map(|index| extra(school, &names, index));
    pupils.extend(new.map(|pupil| Pupil { entered: Some(TUESDAY), ..pupil }));
}

fn is(pupil: &Pupil, character: &Character) -> bool {
    (pupil.family.as_str(), pupil.given.as_str()) == (character.family, character.given)
}

fn change(pupils: &mut [Pupil], character: &Character, change: impl FnOnce(&mut Pupil)) {
    if let Some(pupil) = pupils.iter_mut().find(|pupil| is(pupil, character)) {
        change(pupil);
    }
}
