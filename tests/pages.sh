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

no_gradient=" adagrad adam bootstrap clipping correlation decimal decision-tree distributions ema folding gradcheck group-rates init pruning random-forest resize rmsprop roc-pr rolling schedules selection sgd tape "

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
# A change of tests/flips.txt names text that is there: scripts/flip-signs.sh takes a quarter of an hour to say that it is not.
scripts/flip-signs.sh --stale || bad=1
exit $bad
