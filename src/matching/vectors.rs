//! The naming vectors of the rules (matching.md section 6), one line a name. Invented people.

use crate::model::record::Names;

/// What becomes of one name.
pub(crate) struct Vector {
    pub(crate) number: u32,
    pub(crate) names: Names,
    /// Key of the family name.
    pub(crate) key: &'static str,
    /// The same without particle; empty when there is none.
    pub(crate) bare: &'static str,
    /// Key of the usage name; empty when there is none.
    pub(crate) usage_key: &'static str,
    pub(crate) given_key: &'static str,
    pub(crate) display_given: &'static str,
    /// Login, short login, local part of the address; none when it is refused.
    pub(crate) made: Option<[&'static str; 3]>,
}

#[expect(clippy::too_many_arguments, reason = "a table reads best as one line a row")]
fn vector(
    number: u32,
    family: &str,
    usage: Option<&str>,
    given: &str,
    [key, bare, usage_key]: [&'static str; 3],
    given_key: &'static str,
    display_given: &'static str,
    made: Option<[&'static str; 3]>,
) -> Vector {
    let names =
        Names { family: family.into(), usage: usage.map(str::to_owned), given: given.into() };
    Vector { number, names, key, bare, usage_key, given_key, display_given, made }
}

#[rustfmt::skip]
pub(crate) fn vectors() -> Vec<Vector> {
    vec![
        vector(1, "DUPONT", None, "Jean", ["DUPONT", "", ""], "JEAN", "Jean", Some(["jean.dupont", "jean.dupont", "jean.dupont"])),
        vector(2, "DUPONT", None, "JEAN", ["DUPONT", "", ""], "JEAN", "Jean", Some(["jean.dupont", "jean.dupont", "jean.dupont"])),
        vector(3, "Lefèvre", None, "Zoé", ["LEFEVRE", "", ""], "ZOE", "Zoé", Some(["zoe.lefevre", "zoe.lefevre", "zoe.lefevre"])),
        vector(4, "LEFEVRE", None, "ZOE", ["LEFEVRE", "", ""], "ZOE", "Zoe", Some(["zoe.lefevre", "zoe.lefevre", "zoe.lefevre"])),
        vector(5, "Lefe\u{300}vre", None, "Zoe\u{301}", ["LEFEVRE", "", ""], "ZOE", "Zoé", Some(["zoe.lefevre", "zoe.lefevre", "zoe.lefevre"])),
        vector(6, "D’ARTAGNAN", None, "Charles", ["DARTAGNAN", "ARTAGNAN", ""], "CHARLES", "Charles", Some(["charles.dartagnan", "charles.dartagnan", "charles.dartagnan"])),
        vector(7, "D'ARTAGNAN", None, "Charles", ["DARTAGNAN", "ARTAGNAN", ""], "CHARLES", "Charles", Some(["charles.dartagnan", "charles.dartagnan", "charles.dartagnan"])),
        vector(8, "D ARTAGNAN", None, "Charles", ["DARTAGNAN", "ARTAGNAN", ""], "CHARLES", "Charles", Some(["charles.dartagnan", "charles.dartagnan", "charles.dartagnan"])),
        vector(9, "DARTAGNAN", None, "Charles", ["DARTAGNAN", "", ""], "CHARLES", "Charles", Some(["charles.dartagnan", "charles.dartagnan", "charles.dartagnan"])),
        vector(10, "de La Fontaine", None, "Marie", ["DELAFONTAINE", "FONTAINE", ""], "MARIE", "Marie", Some(["marie.delafontaine", "marie.delafontaine", "marie.de-la-fontaine"])),
        vector(11, "DE LA FONTAINE", None, "MARIE", ["DELAFONTAINE", "FONTAINE", ""], "MARIE", "Marie", Some(["marie.delafontaine", "marie.delafontaine", "marie.de-la-fontaine"])),
        vector(12, "DELAFONTAINE", None, "Marie", ["DELAFONTAINE", "", ""], "MARIE", "Marie", Some(["marie.delafontaine", "marie.delafontaine", "marie.delafontaine"])),
        vector(13, "DU  PONT", None, "Léa", ["DUPONT", "PONT", ""], "LEA", "Léa", Some(["lea.dupont", "lea.dupont", "lea.du-pont"])),
        vector(14, "LE GALL", None, "Yann", ["LEGALL", "GALL", ""], "YANN", "Yann", Some(["yann.legall", "yann.legall", "yann.le-gall"])),
        vector(15, "LEGALL", None, "Yann", ["LEGALL", "", ""], "YANN", "Yann", Some(["yann.legall", "yann.legall", "yann.legall"])),
        vector(16, "VAN DEN BROECK", None, "Anke", ["VANDENBROECK", "BROECK", ""], "ANKE", "Anke", Some(["anke.vandenbroeck", "anke.vandenbroeck", "anke.van-den-broeck"])),
        vector(17, "VANDENBROECK", None, "Anke", ["VANDENBROECK", "", ""], "ANKE", "Anke", Some(["anke.vandenbroeck", "anke.vandenbroeck", "anke.vandenbroeck"])),
        vector(18, "EL AMRANI", None, "Yasmine", ["ELAMRANI", "AMRANI", ""], "YASMINE", "Yasmine", Some(["yasmine.elamrani", "yasmine.elamrani", "yasmine.el-amrani"])),
        vector(19, "N’DIAYE", None, "Aminata", ["NDIAYE", "", ""], "AMINATA", "Aminata", Some(["aminata.ndiaye", "aminata.ndiaye", "aminata.ndiaye"])),
        vector(20, "O'BRIEN", None, "Liam", ["OBRIEN", "", ""], "LIAM", "Liam", Some(["liam.obrien", "liam.obrien", "liam.obrien"])),
        vector(21, "CŒUR", None, "Maël", ["COEUR", "", ""], "MAEL", "Maël", Some(["mael.coeur", "mael.coeur", "mael.coeur"])),
        vector(22, "COEUR", None, "Mael", ["COEUR", "", ""], "MAEL", "Mael", Some(["mael.coeur", "mael.coeur", "mael.coeur"])),
        vector(23, "LÆTHEM", None, "Lætitia", ["LAETHEM", "", ""], "LAETITIA", "Lætitia", Some(["laetitia.laethem", "laetitia.laethem", "laetitia.laethem"])),
        vector(24, "GROß", None, "Jürgen", ["GROSS", "", ""], "JURGEN", "Jürgen", Some(["jurgen.gross", "jurgen.gross", "jurgen.gross"])),
        vector(25, "ŁUKASZEWSKI", None, "Zdzisław", ["LUKASZEWSKI", "", ""], "ZDZISLAW", "Zdzisław", Some(["zdzislaw.lukaszewski", "zdzislaw.lukaszewski", "zdzislaw.lukaszewski"])),
        vector(26, "ÖZTÜRK", None, "Işıl", ["OZTURK", "", ""], "ISIL", "Işıl", Some(["isil.ozturk", "isil.ozturk", "isil.ozturk"])),
        vector(27, "NGUYỄN", None, "Thị Hương", ["NGUYEN", "", ""], "THIHUONG", "Thị Hương", Some(["thihuong.nguyen", "thihuong.nguyen", "thi-huong.nguyen"])),
        vector(28, "MARTIN", None, "Jean-Baptiste", ["MARTIN", "", ""], "JEANBAPTISTE", "Jean-Baptiste", Some(["jeanbaptiste.martin", "jeanbaptiste.martin", "jean-baptiste.martin"])),
        vector(29, "MARTIN", None, "JEAN BAPTISTE", ["MARTIN", "", ""], "JEANBAPTISTE", "Jean Baptiste", Some(["jeanbaptiste.martin", "jeanbaptiste.martin", "jean-baptiste.martin"])),
        vector(30, "MARTIN", None, "Jean", ["MARTIN", "", ""], "JEAN", "Jean", Some(["jean.martin", "jean.martin", "jean.martin"])),
        vector(31, "DURAND--MOREAU", None, "Inès", ["DURANDMOREAU", "", ""], "INES", "Inès", Some(["ines.durandmoreau", "ines.durandmoreau", "ines.durand-moreau"])),
        vector(32, "DURAND MOREAU", None, "Inès", ["DURANDMOREAU", "", ""], "INES", "Inès", Some(["ines.durandmoreau", "ines.durandmoreau", "ines.durand-moreau"])),
        vector(33, "DURAND", Some("PETIT"), "Sophie", ["DURAND", "", "PETIT"], "SOPHIE", "Sophie", Some(["sophie.petit", "sophie.petit", "sophie.petit"])),
        vector(34, "DURAND", Some("DURAND PETIT"), "Sophie", ["DURAND", "", "DURANDPETIT"], "SOPHIE", "Sophie", Some(["sophie.durandpetit", "sophie.durandpetit", "sophie.durand-petit"])),
        vector(35, "DE LA ROCHEFOUCAULD", None, "Jean-Baptiste", ["DELAROCHEFOUCAULD", "ROCHEFOUCAULD", ""], "JEANBAPTISTE", "Jean-Baptiste", Some(["jeanbaptiste.delarochefoucauld", "jb.delarochefoucauld", "jean-baptiste.de-la-rochefoucauld"])),
        vector(36, "SAINT-EXUPERY DE MONTMORENCY", None, "Marie-Charlotte", ["SAINTEXUPERYDEMONTMORENCY", "", ""], "MARIECHARLOTTE", "Marie-Charlotte", Some(["mariecharlotte.saintexuperydemontmorency", "mc.saintexuperydemon", "marie-charlotte.saint-exupery-de-montmorency"])),
        vector(37, "LI", None, "O", ["LI", "", ""], "O", "O", Some(["o.li", "o.li", "o.li"])),
        vector(38, "ADMIN", None, "", ["ADMIN", "", ""], "", "", None),
        vector(39, "FranÃ§ois", None, "ZoÃ©", ["FRANCOIS", "", ""], "ZOE", "Zoé", Some(["zoe.francois", "zoe.francois", "zoe.francois"])),
        vector(40, "BENO?T", None, "Zo?", ["BENOT", "", ""], "ZO", "Zo?", None),
    ]
}
