//! What happened to a record, kept apart from it: tests and benches count it, no file shows it.

macro_rules! events {
    ($($(#[doc = $doc:literal])* $name:ident,)+) => {
        /// One thing that happened, or one way in which a record differs from the truth.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Event {
            $($(#[doc = $doc])* $name,)+
        }

        impl Event {
            /// All of them, in order; fewer than 64.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

events! {
    Twin,
    /// A twin whose first name is close to the other's.
    CloseTwin,
    /// One of three born together.
    Triplet,
    /// Has an elder brother or sister in the school.
    Sibling,
    /// Made the perfect homonym of somebody else.
    Homonym,
    /// The record of the second school.
    Moved,
    /// Moved farther than to a school around.
    MovedFar,
    Released,
    Claimed,
    RecreatedWithoutIne,
    RecreatedNewIne,
    /// Typed anew with the right INE.
    Retyped,
    /// Still in the old school's file after the move, without exit date.
    StillListed,
    /// With an exit date.
    Exited,
    /// Back after a year.
    Returned,
    /// First seen in the days after the rentrée.
    ArrivedLate,
    ClassChanged,
    ClassMissing,
    FromThird,
    ToBts,
    Repeats,
    IneMissing,
    /// The neighbour's INE, which the neighbour bears as well.
    IneShared,
    IneSwapped,
    IneDigit,
    IneNeighbour,
    Keyboard,
    Ocr,
    AccentsLost,
    InCapitals,
    CompoundTruncated,
    CompoundRespaced,
    DoubleReordered,
    DoubleHalved,
    DoubleRespaced,
    ParticleGlued,
    UsageAsFamily,
    UsageDropped,
    GivenExchanged,
    NamesSwapped,
    DayMonthSwapped,
    DateDigit,
    BirthplaceMissing,
    SecondGivenMissing,
    PreviousSchoolMissing,
    LostBytes,
    Mojibake,
    Edited,
    /// A member of staff with the name of a pupil of the school.
    Parent,
    /// A parent whose first name is the pupil's as well.
    ParentSameGiven,
    BecameEpp,
    StaffMarried,
    StaffMistyped,
    StaffUsageDropped,
    StaffBirthNameMissing,
    StaffBirthNameIsUsage,
    StaffDateMissing,
    StaffDateDigit,
}

/// A set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Events(u64);

impl Events {
    pub fn add(&mut self, event: Event) {
        self.0 |= 1 << event as u8;
    }

    /// Adds it when something is so, and says whether it is.
    pub fn note(&mut self, event: Event, so: bool) -> bool {
        if so {
            self.add(event);
        }
        so
    }

    pub fn has(self, event: Event) -> bool {
        self.0 & (1 << event as u8) != 0
    }

    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
