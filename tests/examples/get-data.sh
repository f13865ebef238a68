#!/bin/sh
# scripts/get-data.sh against a folder served from here: right files, a wrong one, a cut one, a missing one.
set -u
source=${MLCORE_SOURCE:?}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
if ! command -v curl >/dev/null 2>&1 || ! command -v gzip >/dev/null 2>&1; then
    echo "skipped: curl, which can read file:// addresses, and gzip are needed"
    exit 77
fi

get() { # status wanted, then arguments
    wanted=$1
    shift
    sh "$source/scripts/get-data.sh" "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$wanted" ] || { cat "$work/err"; fail "get-data $*: status $got, expected $wanted"; }
}
MLCORE_DATA_URL=file://$work/home
export MLCORE_DATA_URL
mkdir "$work/home"
cp "$source"/data/mnist/*.gz "$work/home" || exit 1
chmod u+w "$work"/home/*

get 0 mnist "$work/mnist"
[ "$(ls "$work/mnist" | wc -l)" -eq 4 ] || fail "four files expected, and nothing beside them"
for f in "$work"/mnist/*.gz; do
    cmp -s "$f" "$source/data/mnist/$(basename "$f")" || fail "$f differs"
done
get 0 mnist "$work/mnist"
[ "$(grep -c 'is there and right' "$work/err")" -eq 4 ] || fail "a second call loads again"

# The default place: $MLCORE_DATA.
MLCORE_DATA=$work/root
export MLCORE_DATA
get 0 mnist
[ -f "$work/root/mnist/t10k-labels-idx1-ubyte.gz" ] || fail "MLCORE_DATA is not used"

# Other bytes under the name; a file cut short; a missing file: status 2, one sentence, nothing left behind.
printf 'not these' | gzip >"$work/home/t10k-labels-idx1-ubyte.gz"
get 2 mnist "$work/wrong"
grep -q 'is another file: its SHA-256' "$work/err" || fail "a wrong file has no sentence"
[ ! -e "$work/wrong/t10k-labels-idx1-ubyte.gz" ] || fail "a wrong file was kept"
head -c 3000 "$source/data/mnist/t10k-labels-idx1-ubyte.gz" >"$work/home/t10k-labels-idx1-ubyte.gz"
get 2 mnist "$work/wrong"
grep -q 'not a whole gzip file' "$work/err" || fail "a cut file has no sentence"
rm "$work/home/t10k-labels-idx1-ubyte.gz"
get 2 mnist "$work/wrong"
grep -q 'could not be loaded' "$work/err" || fail "a missing file has no sentence"
[ -z "$(find "$work/wrong" -name '*.part')" ] || fail "a part was left behind"
# A wrong file in place is replaced.
cp "$source/data/mnist/t10k-labels-idx1-ubyte.gz" "$work/home"
printf 'junk' >"$work/wrong/t10k-labels-idx1-ubyte.gz"
get 0 mnist "$work/wrong"
cmp -s "$work/wrong/t10k-labels-idx1-ubyte.gz" "$source/data/mnist/t10k-labels-idx1-ubyte.gz" || fail "not repaired"

get 2
get 2 digits
grep -q "no data set 'digits'" "$work/err" || fail "an unknown set has no sentence"
get 0 --help
echo passed
