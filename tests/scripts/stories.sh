# What the stories share: small schools, the clock, the directory seen with ldap-utils.
A=0599990N B=0809990Z C=0590001F

PUPILS_A="1001;$(ine 1);LEFÈVRE;-;Inès;12/03/2010;01/09/2026;-;2A;2AGL1
1002;$(ine 2);MARTIN;-;Paul;05/06/2010;01/09/2026;-;2A;2AGL1
1003;$(ine 3);D'ARTAGNAN;-;Charles;07/08/2010;01/09/2026;-;2A;-
1004;$(ine 4);DURAND;PETIT;Sophie;09/10/2010;01/09/2026;-;2B;-
1005;$(ine 5);DE LA FONTAINE;-;Marie;11/12/2010;01/09/2026;-;2B;-
1006;$(ine 6);CŒUR;-;Maël;01/02/2010;01/09/2026;-;2B;-"
PUPILS_B="2001;$(ine 21);VAN DEN BROECK;-;Anke;12/03/2009;01/09/2026;-;1G3;-
2002;$(ine 22);NGUYEN;-;Thi Huong;05/06/2009;01/09/2026;-;1G3;-"
STAFF_A='P;epp;31762;VANDROMME;LECŒUVRE;MARIE-NOELLE;1975-03-12;ENS
P;epp;31763;DEWEZ;-;HUGO;1980-05-02;DIR
D;2A;Seconde A;31762
D;2B;Seconde B;31762
G;2AGL1;Anglais;2A;31762'
STAFF_B='P;epp;31762;SAUVAGE;-;PIERRE;1968-11-30;ENS
D;1G3;Première G3;31762'
STAFF_D='P;epp;41762;DUVAL;-;PAULE;1971-05-02;ENS
D;1G3;Première G3;41762'
PUPILS_C="3001;$(ine 31);LEROY;-;Jade;02/02/2009;01/09/2026;-;TG1;-"
STAFF_C='P;epp;31762;VANDROMME;LECŒUVRE;MARIE-NOELLE;1975-03-12;ENS
P;epp;31764;KOWALSKI;-;ANNA;1982-05-02;ENS
D;TG1;Terminale G1;31762,31764'

# A working folder with the lab as its target and the schools: two, unless told.
academy() {
    rentree init . --lab >/dev/null
    if [[ $# -gt 0 ]]; then schools "$@"; else schools "$A" "$B"; fi
}

# at DAY COMMAND…: the command with the clock at 22:00 in Paris (20:00 or 21:00 UTC) of that day.
at() { local day=$1; shift; rentree --now "${day}T20:00:00Z" "$@"; }

# Pupils of one class, as many as asked: DURAND Zoéba, Zoébb …
many() {
    local letters=abcdefghijklmnopqrstuvwxyz given
    for ((n = 1; n <= $1; n++)); do
        given=Zoé${letters:n/26:1}${letters:n%26:1}
        echo "$((5000 + n));$(ine $((100 + n)));DURAND;-;$given;$(printf '%02d' $((n % 28 + 1)))/03/2010;01/09/2026;-;2A;-"
    done
}

# The lab, served for the time of one command of ldap-utils.
with_lab() {
    : >lab.out
    rentree lab >lab.out 2>&1 &
    local lab=$! status=0
    for ((n = 0; n < 200; n++)); do grep -q '^ldapsearch' lab.out && break; sleep 0.05; done
    export LDAPTLS_CACERT=$PWD/lab/ca.pem LDAPURI
    LDAPURI=$(grep -o 'ldaps://[^ ]*' lab.out | head -n 1)
    "$@" || status=$?
    kill -TERM $lab; wait $lab 2>/dev/null
    return $status
}
ADMIN=(-x -D cn=admin,dc=lycees,dc=test -y lab/admin.password)

# directory FILTER ATTRIBUTE…: sorted, as a person reads it.
directory() {
    with_lab ldapsearch "${ADMIN[@]}" -o ldif-wrap=no -LLL -S '' -b dc=lycees,dc=test "$@" |
        while IFS= read -r line; do
            case $line in
                *':: '*) printf '%s: %s\n' "${line%%::*}" "$(base64 -d <<< "${line#*:: }")" ;;
                *) printf '%s\n' "$line" ;;
            esac
        done
}

# by_hand RDN… ATTRIBUTE VALUE: somebody changes one of our entries.
by_hand() {
    printf 'dn: %s,dc=lycees,dc=test\nchangetype: modify\nreplace: %s\n%s: %s\n' "$1" "$2" "$2" "$3" |
        with_lab ldapmodify "${ADMIN[@]}" >/dev/null
}
unmark() {
    printf 'dn: %s,dc=lycees,dc=test\nchangetype: modify\ndelete: description\n' "$1" |
        with_lab ldapmodify "${ADMIN[@]}" >/dev/null
}
# stranger RDN 'attribute=value'…: an entry that nobody of us made.
stranger() {
    { printf 'dn: %s,dc=lycees,dc=test\nobjectClass: inetOrgPerson\n' "$1"
      for one in "$@"; do printf '%s: %s\n' "${one%%=*}" "${one#*=}"; done
    } | with_lab ldapadd "${ADMIN[@]}" >/dev/null
}

# Inès as school B types her anew: another number, no INE, capitals.
ANEW='9001;-;LEFEVRE;-;INES;12/03/2010;02/10/2026;-;1G3;-'
# delivers SCHOOL DAY FILE <<< lines: a pupils' file of October.
delivers() { siecle "$1" 2026 "$2/10/2026 19:00:00" "inbox/$3-$2.xml"; }
# Two schools on 1 October; on the 2nd B types Inès anew, and A no longer lists her.
typed_anew() {
    academy
    delivers "$A" 01 a <<< "$PUPILS_A"; sts "$A" 2026 inbox/a-sts.xml <<< "$STAFF_A"
    delivers "$B" 01 b <<< "$PUPILS_B"; sts "$B" 2026 inbox/b-sts.xml <<< "$STAFF_D"
    at 2026-10-01 run >/dev/null
    delivers "$B" 02 b <<< "$PUPILS_B
$ANEW"
    grep -v '^1001;' <<< "$PUPILS_A" | delivers "$A" 02 a
}
# evening DAY: a run, of which only the persons and the changes are printed.
evening() { at "$1" run | grep -E '^(Persons|Nothing|run)|^  lab'; return "${PIPESTATUS[0]}"; }
ines() { at "$1" people --find lefevre; }

# override FINDING UAI UNTIL REASON
override() {
    printf '\n[[override]]\nfinding = "%s"\nuai = "%s"\nuntil = "%s"\nreason = "%s"\n' "$@" >> rentree.toml
}
# setting 'size_max_mib = N': the [store] section.
setting() { sed -i "/^# *size_max_mib/d; /^size_max_mib/d; s/^\[store\]$/[store]\n$1/" rentree.toml; }

# Every entry of the lab, managed attributes only: two equal ones print the same.
whole() {
    directory '(objectClass=*)' objectClass description uid cn sn givenName displayName mail member \
        employeeType departmentNumber pwdAccountLockedTime
}

# hash: of the last plan. lifted DAY: two persons let it pass its guards.
hash() { rentree --format json runs --most 1 | jq -r .plan_hash; }
lifted() {
    local plan; plan=$(hash)
    at "$1" approve latest --confirm "$plan" --reason 'Relu' --by Adèle >/dev/null 2>&1
    at "$1" apply latest --confirm "$plan" --reason 'Vu avec le lycée' --by Bruno
}
# What somebody does to entries of ours: moved_by_hand DN NEW_RDN [NEW_PARENT], deleted_by_hand DN.
moved_by_hand() {
    { printf 'dn: %s,dc=lycees,dc=test\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\n' "$1" "$2"
      if [[ $# -gt 2 ]]; then printf 'newsuperior: %s,dc=lycees,dc=test\n' "$3"; fi
    } | with_lab ldapmodify "${ADMIN[@]}" >/dev/null
}
deleted_by_hand() { with_lab ldapdelete "${ADMIN[@]}" "$1,dc=lycees,dc=test"; }

# office365 LINE…: a tenant of the lab's Graph beside the directory; the lines go to [target.graph].
office365() {
    {
        printf '\n[[target]]\nname = "office365"\nkind = "graph-lab"\ntempo = 600\n'
        printf 'mapping = "mappings/graph.toml"\n[target.graph]\nprefix = "hdf"\n'
        printf 'licences = { pupils = "314c4481-f395-4525-be8b-2ec4bb1e9d91", '
        printf 'staff = "94763226-9b3c-4e75-a931-5c89701abe66" }\n'
        for line in "$@"; do printf '%s\n' "$line"; done
    } >>rentree.toml
}
# subscribed UAI FROM [UNTIL]: the school's subscription to Office 365.
subscribed() { sed -i "s/^\($1;.*;\)[^;]*;[^;]*\$/\1$2;${3:-}/" schools.csv; }

# With the lab's Graph served, and its address and a token at hand. It is later by five minutes of the
# tenant's clock: until then what we wrote ourselves is believed before what is seen.
with_graph() {
    sleep 0.6
    : >graph.out
    rentree --format json lab >graph.out 2>&1 &
    local lab=$! status=0 one
    for ((n = 0; n < 400; n++)); do grep -q serves graph.out && break; sleep 0.05; done
    one=$(jq -c '.serves[] | select(.base_url)' graph.out)
    GRAPH=$(jq -r .base_url <<<"$one")
    TOKEN=$(curl -s "$(jq -r .token_url <<<"$one")" -d grant_type=client_credentials \
        -d "client_id=$(jq -r .client_id <<<"$one")" \
        --data-urlencode "scope=$(jq -r .scope <<<"$one")" \
        --data-urlencode "client_secret@$(jq -r .secret_file <<<"$one")" | jq -r .access_token)
    "$@" || status=$?
    kill -TERM $lab; wait $lab 2>/dev/null
    return $status
}
ask() { curl -s -H "Authorization: Bearer $TOKEN" "$GRAPH$1" "${@:2}"; }

# tenant: accounts (« - »: cannot be used), groups with their members, deleted accounts.
tenant() { with_graph _tenant | sed "s| *$||"; }
_tenant() {
    local id name
    ask '/users?$top=999&$select=userPrincipalName,accountEnabled' | jq -r '.value[] |
        "\(if .accountEnabled then " " else "-" end) \(.userPrincipalName)"' | sort -k 2
    ask '/groups?$top=999&$select=id,uniqueName,displayName' |
        jq -r '.value[] | "\(.uniqueName // .displayName) \(.id)"' | sort |
        while read -r name id; do
            printf '%s: %s\n' "$name" "$(ask "/groups/$id/members?\$select=userPrincipalName" |
                jq -r '[.value[].userPrincipalName | split("@")[0]] | sort | join(" ")')"
        done
    ask '/directory/deletedItems/microsoft.graph.user?$select=userPrincipalName' |
        jq -r '.value[].userPrincipalName | "deleted \(.[32:])"' | sort
}
# account_of_others UPN: somebody of the tenant who is not ours.
account_of_others() { with_graph _account_of_others "$1"; }
_account_of_others() {
    ask /users -H 'Content-Type: application/json' -d "{\"accountEnabled\":true,
        \"displayName\":\"${1%@*}\",\"mailNickname\":\"${1%@*}\",\"userPrincipalName\":\"$1\",
        \"passwordProfile\":{\"password\":\"Xx1-$RANDOM-$RANDOM\"}}" | jq -r '.error.message // empty'
}
# reached_at UPN ADDRESS: that account gets mail at an address as well, which no list of accounts shows.
reached_at() {
    with_graph ask "/users/$1" -X PATCH -H 'Content-Type: application/json' -d "{\"mail\":\"$2\"}"
}
