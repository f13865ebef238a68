#!/bin/sh
# Each kernel is explained: some page of docs/math names its file, each page ends with an exercise, and where there is a
# gradient, ml_gradcheck is the way to check the answer. Lists that name lines of the code are up to date.
set -u
cd "${MLCORE_SOURCE:-$(dirname "$0")/..}" || exit 1
bad=0
complain() {
    echo "$*"
    bad=1
}

# Update rules, statistics and pictures have no gradient of their own; their exercises have answers, or name a test.
no_gradient=" adagrad adam bootstrap clipping correlation decimal decision-tree distributions ema gradcheck group-rates pruning random-forest resize rmsprop roc-pr rolling schedules selection sgd "

for file in lib/kernels/*.c lib/linalg/*.c; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    grep -q -F -w "$name" docs/math/*.md || complain "$file: no page of docs/math names it"
done
for page in docs/math/*.md; do
    last=$(sed -n 's/^## //p' "$page" | tail -n 1)
    case $last in
    Exercise | Exercises) ;;
    *) complain "$page: ends with \"$last\", not with an exercise" ;;
    esac
    case $no_gradient in
    *" $(basename "$page" .md) "*) ;;
    *)
        sed -n '/^## Exercise/,$p' "$page" | grep -q ml_gradcheck ||
            complain "$page: its exercise does not say how to check it with ml_gradcheck"
        ;;
    esac
done
# Files of docs/reading-order.md are as long as it says, within a tenth.
sed -n 's/^| [0-9]* | \[`\([^`]*\)`\]([^)]*) | \([0-9]*\) |.*/\1 \2/p' docs/reading-order.md | while read -r file lines; do
    echo "$file $lines $(wc -l <"$file")"
done | awk '{ n++; if ($3 < 0.9 * $2 || $3 > 1.1 * $2) { print "docs/reading-order.md: " $1 " has " $3 " lines, not " $2; wrong = 1 } }
    END { if (n < 10) print "docs/reading-order.md: its table was not found"; exit wrong || n < 10 }' || bad=1
# A change of tests/flips.txt names text that is there: scripts/flip-signs.sh takes a quarter of an hour to say that it is not.
scripts/flip-signs.sh --stale || bad=1
exit $bad
