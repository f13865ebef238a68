# What the tests of week 2 share. Sourced, with $name the program's; makes a folder of its own and goes there. Failures are counted.
set -u
program=$MLCORE_BUILD/$name
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail()
{
    echo "$name: $1" >&2
    failures=$((failures + 1))
}

has()
{
    grep -qE -- "$1" out || fail "the output lacks: $1"
}

# A number of metrics.json within low .. high.
within()
{
    sed -n "s/.*\"$1\": \([^,]*\).*/\1/p" run/metrics.json |
        awk -v low="$2" -v high="$3" '{ ok = $1 + 0 >= low && $1 + 0 <= high } END { exit !(NR == 1 && ok) }' ||
        fail "metrics.json: $1 is not within $2 .. $3: $(grep "\"$1\"" run/metrics.json)"
}
