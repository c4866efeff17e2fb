# Helpers of the scripts: tiny deliveries from short lines. Sourced by every script; bash.
# All names are invented, INEs are of the range 99… with their right key.

# ine N: the INE number N of the range kept for tests: 990000000 + N and its key.
ine() {
  local number=$((990000000 + $1)) letters=ABCDEFGHJK key
  key=$((97 - number % 97))
  printf '%d%s%s\n' "$number" "${letters:key/10:1}" "${letters:key%10:1}"
}

# uai NUMBER: seven digits with their key letter.
uai() {
  local number=$((10#$1)) letters=ABCDEFGHJKLMNPRSTUVWXYZ
  printf '%07d%s\n' "$number" "${letters:number%23:1}"
}

# schools UAI[:SOURCE] …: writes schools.csv in the current folder. The source is sts-siecle
# unless given; names are made up, the académie follows the département.
schools() {
  local one uai source academy town
  {
    echo 'uai;nom;ville;departement;academie;service;equipe;section;source;o365_depuis;o365_jusqua'
    for one in "$@"; do
      uai=${one%%:*} source=sts-siecle
      [[ $one == *:* ]] && source=${one#*:}
      case $uai in 059* | 062*) academy=Lille town=Lille ;; *) academy=Amiens town=Amiens ;; esac
      echo "$uai;Lycée $uai;$town;${uai:1:2};$academy;Service 1;Équipe 1;Section 1;$source;;"
    done
  } >schools.csv
}

# received FILE INSTANT: when the file was received, such as 2026-09-07T21:30:00+02:00.
received() { touch -d "$2" -- "$1"; }

# siecle UAI YEAR 'JJ/MM/AAAA HH:MM:SS' FILE <<< lines: a pupils' file. One line a pupil:
#   ELEVE_ID;INE;NOM;USAGE;PRENOM;NAISSANCE;ENTREE;SORTIE;DIVISION[,DIVISION];GROUPE[,GROUPE]
# A field `-` leaves the tag out, an empty one writes it empty; dates as JJ/MM/AAAA. INE may be
# `ine:N`. The file declares ISO-8859-15 and is in it, unless BYTES (an iconv name) says otherwise.
siecle() {
  local uai=$1 year=$2 stamp=$3 file=$4
  local id ine family usage given born entered left divisions groups rows=() row
  while IFS= read -r row; do [[ -n $row ]] && rows+=("$row"); done
  mkdir -p -- "$(dirname -- "$file")"
  {
    echo '<?xml version="1.0" encoding="ISO-8859-15"?>'
    echo '<BEE_ELEVES VERSION="3.0">'
    _siecle_head "$uai" "$year" "$stamp"
    echo '<DONNEES>'
    echo '<ELEVES>'
    for row in "${rows[@]}"; do
      IFS=';' read -r id ine family usage given born entered left divisions groups <<<"$row"
      [[ $ine == ine:* ]] && ine=$(ine "${ine#ine:}")
      printf '<ELEVE ELEVE_ID="%s">\n' "$(_escape "$id")"
      _tag ID_NATIONAL "$ine"
      _tag NOM_DE_FAMILLE "$family"
      _tag NOM_USAGE "$usage"
      _tag PRENOM "$given"
      _tag DATE_NAISS "$born"
      _tag DATE_ENTREE "$entered"
      _tag DATE_SORTIE "$left"
      echo '<CODE_STATUT>ST</CODE_STATUT>'
      echo '</ELEVE>'
    done
    echo '</ELEVES>'
    echo '<STRUCTURES>'
    for row in "${rows[@]}"; do
      IFS=';' read -r id ine family usage given born entered left divisions groups <<<"$row"
      [[ ${divisions:--}${groups:--} == -- ]] && continue
      printf '<STRUCTURES_ELEVE ELEVE_ID="%s">\n' "$(_escape "$id")"
      _memberships D "$divisions"
      _memberships G "$groups"
      echo '</STRUCTURES_ELEVE>'
    done
    echo '</STRUCTURES>'
    echo '</DONNEES>'
    echo '</BEE_ELEVES>'
  } | iconv -f UTF-8 -t "${BYTES:-ISO-8859-15}" >"$file"
  # Received at the very moment of its export, until `received` says otherwise.
  received "$file" "${stamp:6:4}-${stamp:3:2}-${stamp:0:2}T${stamp:11}+02:00"
}

# sts UAI YEAR FILE <<< lines: an STSWeb file, in UTF-8 declared as such.
#   P;TYPE;ID;NOM_USAGE;NOM_PATRONYMIQUE;PRENOM;AAAA-MM-JJ;FONCTION[;HEAD OF,…]   staff
#   S;… the same                                                                 substitutes
#   D;CODE;LABEL;TEACHER,…                                                       divisions
#   G;CODE;LABEL;DIVISION,…;TEACHER,…                                            groups
# A field `-` leaves the tag out. A teacher is the ID of somebody listed, or `TYPE:ID`.
sts() {
  local uai=$1 year=$2 file=$3 row rows=() kind type id rest
  local -A _types=()
  while IFS= read -r row; do [[ -n $row ]] && rows+=("$row"); done
  for row in "${rows[@]}"; do
    IFS=';' read -r kind type id rest <<<"$row"
    [[ $kind == [PS] ]] && _types[$id]=$type
  done
  mkdir -p -- "$(dirname -- "$file")"
  {
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo '<STS_EDT>'
    echo '<PARAMETRES>'
    printf '<UAJ CODE="%s"/>\n<ANNEE_SCOLAIRE ANNEE="%s"/>\n' "$uai" "$year"
    echo '</PARAMETRES>'
    echo '<DONNEES>'
    echo '<INDIVIDUS>'
    for row in "${rows[@]}"; do [[ $row == P\;* ]] && _sts_person INDIVIDU "$row"; done
    echo '</INDIVIDUS>'
    echo '<SUPPLEANTS>'
    for row in "${rows[@]}"; do [[ $row == S\;* ]] && _sts_person SUPPLEANT "$row"; done
    echo '</SUPPLEANTS>'
    echo '<STRUCTURE>'
    echo '<DIVISIONS>'
    for row in "${rows[@]}"; do [[ $row == D\;* ]] && _sts_division "$row"; done
    echo '</DIVISIONS>'
    echo '<GROUPES>'
    for row in "${rows[@]}"; do [[ $row == G\;* ]] && _sts_group "$row"; done
    echo '</GROUPES>'
    echo '</STRUCTURE>'
    echo '</DONNEES>'
    echo '</STS_EDT>'
  } >"$file"
  # An STSWeb file has no date of its own: that of the rentrée, until `received` says otherwise.
  received "$file" "$year-09-07T20:00:00+02:00"
}

_siecle_head() {
  echo '<PARAMETRES>'
  printf '<UAJ>%s</UAJ>\n<ANNEE_SCOLAIRE>%s</ANNEE_SCOLAIRE>\n' "$1" "$2"
  printf '<DATE_EXPORT>%s</DATE_EXPORT>\n<HORODATAGE>%s</HORODATAGE>\n' "${3%% *}" "$3"
  echo '</PARAMETRES>'
}

_memberships() {
  local code codes
  [[ $2 == - ]] && return
  IFS=',' read -ra codes <<<"$2"
  for code in "${codes[@]}"; do
    echo '<STRUCTURE>'
    _tag CODE_STRUCTURE "$code"
    _tag TYPE_STRUCTURE "$1"
    echo '</STRUCTURE>'
  done
}

_sts_person() {
  local tag=$1 kind type id usage family given born function heads code codes
  IFS=';' read -r kind type id usage family given born function heads <<<"$2"
  printf '<%s ID="%s" TYPE="%s">\n' "$tag" "$(_escape "$id")" "$type"
  _tag NOM_USAGE "$usage"
  _tag NOM_PATRONYMIQUE "$family"
  _tag PRENOM "$given"
  _tag DATE_NAISSANCE "$born"
  _tag FONCTION "$function"
  if [[ -n $heads && $heads != - ]]; then
    echo '<PROFS_PRINC>'
    IFS=',' read -ra codes <<<"$heads"
    for code in "${codes[@]}"; do
      echo '<PROF_PRINC>'
      _tag CODE_STRUCTURE "$code"
      echo '</PROF_PRINC>'
    done
    echo '</PROFS_PRINC>'
  fi
  printf '</%s>\n' "$tag"
}

_sts_division() {
  local kind code label teachers
  IFS=';' read -r kind code label teachers <<<"$1"
  printf '<DIVISION CODE="%s">\n' "$(_escape "$code")"
  _tag LIBELLE_LONG "$label"
  _sts_services "$teachers"
  echo '</DIVISION>'
}

_sts_group() {
  local kind code label divisions teachers division codes
  IFS=';' read -r kind code label divisions teachers <<<"$1"
  printf '<GROUPE CODE="%s">\n' "$(_escape "$code")"
  _tag LIBELLE_LONG "$label"
  echo '<DIVISIONS_APPARTENANCE>'
  IFS=',' read -ra codes <<<"$divisions"
  for division in "${codes[@]}"; do
    printf '<DIVISION_APPARTENANCE CODE="%s"/>\n' "$(_escape "$division")"
  done
  echo '</DIVISIONS_APPARTENANCE>'
  _sts_services "$teachers"
  echo '</GROUPE>'
}

# One service a teacher.
_sts_services() {
  local teacher teachers
  IFS=',' read -ra teachers <<<"$1"
  echo '<SERVICES>'
  for teacher in "${teachers[@]}"; do
    [[ $teacher == - ]] && continue
    [[ $teacher == *:* ]] || teacher=${_types[$teacher]:-epp}:$teacher
    echo '<SERVICE CODE_MATIERE="030201" CODE_MOD_COURS="CG"><ENSEIGNANTS>'
    printf '<ENSEIGNANT TYPE="%s" ID="%s"/>\n' "${teacher%%:*}" "$(_escape "${teacher#*:}")"
    echo '</ENSEIGNANTS></SERVICE>'
  done
  echo '</SERVICES>'
}

# _tag NAME VALUE: the element; nothing when the value is `-`.
_tag() { [[ $2 == - ]] || printf '<%s>%s</%s>\n' "$1" "$(_escape "$2")" "$1"; }

_escape() {
  local text=$1
  text=${text//'&'/'&amp;'}
  text=${text//'<'/'&lt;'}
  text=${text//'>'/'&gt;'}
  printf '%s' "${text//'"'/'&quot;'}"
}

# shellcheck source=stories.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/stories.sh"
