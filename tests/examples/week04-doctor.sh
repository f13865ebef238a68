#!/bin/sh
# --doctor: silent about sound trainings, plain about broken ones; it trains nothing and writes metrics.json alone.
. "${MLCORE_SOURCE:?}/tests/examples/support/week04.sh"

bad '--doctor takes no value' --doctor=1
bad 'two things' --doctor --study overfit
small_set small

# ---- sound: every model with its defaults ----
for model in softmax mlp lenet cnn; do
    run 0 --doctor --data small --model $model --out $model
    grep -q '^no finding$' out || { cat out; fail "$model: findings"; }
    if grep -q 'epoch\|test accuracy' out; then fail "--doctor trained $model"; fi
    awk 'NR > 2 && length > 80 { exit 1 }' out || { cat out; fail "$model: a line is longer than 80 columns"; }
    only $model metrics.json
    [ "$(number doctor_findings $model)" = 0 ] || fail "$model: metrics.json has $(number doctor_findings $model) findings"
done
run 0 --doctor --data small --model mlp --optimizer sgd --validation 0.2 --quiet --out sgd
[ "$(cat out)" = 'doctor: no finding' ] || fail "--quiet: $(cat out)"

# ---- broken: status 1, and named ----
found() { # NAME ARGUMENTS...
    name=$1
    shift
    run 1 --doctor --data small --out found "$@"
    grep -q "^\(ERROR\|WARNING\)  $name$" out || { cat out; fail "$*: no $name"; }
    grep -q "\"doctor_found\": \".*$name" found/metrics.json || fail "$*: metrics.json has no $name"
    only found metrics.json
}
found lr-low --model mlp --lr 0.00000001
found lr-high --model mlp --lr 10
found lr-high --model lenet --optimizer sgd --lr 100

# ---- equal on any number of threads ----
for threads in 1 2 4; do
    run 0 --doctor --data small --model lenet --threads $threads --out threads
    tail -n +3 out >out$threads
done
cmp out1 out2 && cmp out1 out4 || fail "the report depends on the number of threads"
echo passed
