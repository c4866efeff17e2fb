//! Names of invented people: common names, chosen by hand; nobody in particular.

use super::seed::Stream;

/// Surnames, the commonest first, as Siècle writes them but in mixed case. All can be written in
/// ISO-8859-15; the hand-made people of the demo try those that cannot.
const SURNAMES: &str = "
Martin, Dubois, Lefebvre, Petit, Bernard, Durand, Leroy, Moreau, Laurent, Simon, Michel, Thomas,
Robert, Richard, Roux, Fontaine, Leclercq, Lemaire, Caron, Dupont, Delattre, Carpentier, Vasseur,
Lefèvre, Legrand, Garnier, Rousseau, Deschamps, Poulain, Fournier, Mercier, Morel, Girard, André,
Dumont, Blanchard, Boulanger, Marchand, Masson, Wallet, Dufour, Duhamel, Delannoy, Delacroix,
Benali, Nguyen, Kowalski, Da Silva, Vandenbroucke, Haddad, Ferreira, Nowak, Diallo, Traoré,
Bouchez, Hennebelle, Lecocq, Lesage, Leblanc, Lenoir, Noël, Barbier, Baudouin, Bailleul, Beaumont,
Bécu, Berthe, Bertin, Besson, Blondel, Bocquet, Bodart, Boidin, Bonnet, Bonte, Bourgeois, Boutin,
Boyer, Briche, Brunet, Bruneau, Cailleux, Callens, Camus, Cardon, Carlier, Cauchy, Cazier,
Chevalier, Clément, Colin, Collet, Copin, Cordier, Cornet, Cousin, Crépin, Créteur, Cuvelier,
D'Haese, D'Hondt, D'Hulst, Dambrine, Danel, David, De Backer, De Smet, De Sousa, De la Haye,
De la Rue, Debruyne, Decamps, Decoster, Defrance, Degand, Delaporte, Delaunay, Delbecq, Delcourt,
Delcroix, Delille, Delobel, Delplanque, Delvallée, Demarque, Demeyer, Denis, Deroo, Desmet,
Desmidt, Despretz, Desreumaux, Devos, Dewitte, Dhaene, Dhennin, Doré, Douay, Du Bois, Duchêne,
Ducrocq, Dujardin, Dumortier, Dupuis, Duquesne, Duthoit, Duval, Évrard, Facon, Faidherbe, Faure,
Fauquembergue, Flament, Fleury, Fouquet, Fourmeaux, François, Gallet, Gaudin, Gauthier, Génin,
Gérard, Germain, Gilbert, Godin, Gosselin, Goubet, Grébert, Guérin, Guilbert, Guillaume, Hamel,
Hannequin, Hautecœur, Hecquet, Hénaux, Henry, Herbaut, Hermant, Hochart, Houzé, Huguet, Jacob,
Jacquemart, Joly, Jourdain, Julien, Labbé, Lacœuilhe, Lagache, Lambert, Lambin, Langlet, Lannoy,
Lavoine, Le Gall, Le Goff, Lebrun, Lecerf, Leclère, Lecœuvre, Ledoux, Lefort, Legros, Lelong,
Lemoine, Lepage, Lepoutre, Leroux, Lescroart, Letellier, Level, Lheureux, Liénard, Loison, Loridan,
Louchart, Macé, Maes, Magnier, Maillard, Mahieu, Malbranque, Mallet, Marquis, Mathieu, Maréchal,
Menu, Merlin, Meunier, Millet, Minet, Monnier, Mortier, Moulin, Muller, Nicolas, Obled, Olivier,
Pagnier, Parent, Parmentier, Pauchet, Payen, Pecqueur, Perrin, Philippe, Pichon, Picard, Pierre,
Plancke, Platel, Pollet, Pottier, Prévost, Pruvost, Quéva, Renard, Renaud, Ricard, Robillard,
Roger, Rolland, Roussel, Ruyssen, Sailly, Saint-Pol, Salomé, Saudemont, Sénéchal, Sergent, Six,
Soyez, Tavernier, Tellier, Thibaut, Thuillier, Tison, Tournemine, Trinel, Van den Berghe,
Van der Meersch, Van Hove, Vandamme, Vandevelde, Vanhoutte, Verbeke, Verhaeghe, Verschaeve, Vidal,
Vigneron, Vincent, Wattel, Wattrelot, Willems, Zielinski, Wojcik, Lewandowski, Kaczmarek,
Szymanski, Dombrowski, Mazurek, Pawlak, Benchikh, Bouaziz, Boukhalfa, Belkacem, Ben Amar,
Ben Youssef, Chérif, El Amrani, El Idrissi, Ait Ali, Hamdi, Khelifi, Mansouri, Mebarki, Meziane,
Ould Ahmed, Rahmani, Saïdi, Slimani, Zerrouki, Touré, Keïta, Camara, Coulibaly, Ndiaye, Mbaye,
Gomes, Lopes, Rodrigues, Dos Santos, Pereira, Oliveira, Almeida, Gonçalves, Rossi, Ferrari, Bianchi,
Garcia, Fernandez, Muñoz, Tran, Pham, Le Thi, Huynh, Phan, Yilmaz, Demir, Öztürk, Šimek,
Petit-Jean, Martin-Duval, Leroy-Caron, Dubois-Lemaire, Delattre-Roux, Carpentier-Maes";

/// First names, the commonest first.
const GIVEN_NAMES: &str = "
Emma, Lucas, Léa, Hugo, Chloé, Nathan, Manon, Enzo, Inès, Louis, Camille, Théo, Jade, Mathis,
Sarah, Tom, Lola, Noah, Zoé, Gabriel, Louise, Raphaël, Clara, Arthur, Lina, Jules, Anaïs, Ethan,
Maëlys, Adam, Océane, Maxime, Juliette, Clément, Romane, Baptiste, Alice, Antoine, Lilou, Evan,
Eva, Paul, Margaux, Mohamed, Pauline, Alexandre, Yasmine, Victor, Lisa, Sacha, Noémie, Yanis,
Mathilde, Axel, Julie, Gabin, Ambre, Thomas, Elisa, Rayan, Charlotte, Valentin, Marie, Quentin,
Lucie, Timéo, Laura, Simon, Justine, Romain, Agathe, Martin, Nina, Robin, Éloïse, Noé, Salomé,
Matéo, Rose, Kylian, Aya, Nolan, Célia, Esteban, Jeanne, Benjamin, Maëva, Samuel, Capucine, Adrien,
Elsa, Mehdi, Amandine, Pierre, Solène, Bastien, Nour, Léo, Coralie, Amine, Assia, Tristan, Candice,
Ilyès, Morgane, Augustin, Apolline, Nicolas, Fatima, Julien, Khadija, Gaspard, Myriam, Marius,
Héloïse, Côme, Gaëlle, Loïc, Françoise, Anatole, Maïssa, Aurélien, Zélie, Émile, Faustine, Cédric,
Garance, Étienne, Hélène, Félix, Joséphine, Grégoire, Leïla, Ismaël, Ludivine, Joachim, Mélissa,
Joël, Naïma, Kévin, Ophélie, Mickaël, Perrine, Noël, Roxane, Rémi, Sofia, Sébastien, Thaïs, Siméon,
Victoire, Tanguy, Wendy, Ulysse, Aïcha, Youssef, Amélie, Zacharie, Bérénice, Abdoulaye, Cécile,
Bilal, Daphné, Dylan, Élodie, Farid, Flavie, Hamza, Gwenaëlle, Ibrahim, Iris, Jordan, Jasmine,
Karim, Kenza, Malik, Lætitia, Moussa, Malika, Ousmane, Mariama, Piotr, Agnieszka, Tomasz,
Katarzyna, Joao, Beatriz, Tiago, Mariana, Minh, Thi Mai, Jean-Baptiste, Marie-Lou, Jean-Paul,
Anne-Sophie, Pierre-Louis, Marie-Amélie, Paul-Émile, Lou-Anne, Abd-el-Kader, Emma-Louise,
Mohamed Amine, Anna Maria";

/// Both lists, cut once.
#[derive(Debug, Clone)]
pub struct Names {
    surnames: Vec<&'static str>,
    given_names: Vec<&'static str>,
}

impl Names {
    pub fn load() -> Self {
        let cut = |text: &'static str| text.split(',').map(str::trim).collect();
        Self { surnames: cut(SURNAMES), given_names: cut(GIVEN_NAMES) }
    }

    /// A surname in mixed case; one in sixty is double.
    pub fn surname(&self, stream: &mut Stream) -> String {
        let mut one = || self.surnames[stream.skewed_index(self.surnames.len())];
        let (first, second) = (one(), one());
        let simple = |name: &str| !name.contains([' ', '-', '\'']);
        if stream.once_in(60) && first != second && simple(first) && simple(second) {
            return format!("{first}-{second}");
        }
        first.to_owned()
    }

    pub fn given_name(&self, stream: &mut Stream) -> &'static str {
        self.given_names[stream.skewed_index(self.given_names.len())]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_stands_once_and_there_are_enough() {
        let names = Names::load();
        for (list, least) in [(&names.surnames, 300), (&names.given_names, 200)] {
            let mut seen = BTreeSet::new();
            let twice: Vec<_> = list.iter().filter(|name| !seen.insert(**name)).collect();
            assert!(twice.is_empty(), "{twice:?}");
            assert!(list.len() >= least, "{}", list.len());
            assert!(list.iter().all(|name| !name.is_empty()));
        }
    }

    #[test]
    fn every_name_of_the_crowd_can_be_written_in_iso_8859_15() {
        let names = Names::load();
        for name in names.surnames.iter().chain(&names.given_names) {
            for form in [(*name).to_owned(), name.to_uppercase()] {
                let (_, _, lost) = encoding_rs::ISO_8859_15.encode(&form);
                assert!(!lost, "{form}");
            }
        }
    }
}
