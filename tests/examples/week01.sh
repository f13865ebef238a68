#!/bin/sh
# week01-backprop-by-hand: it runs, its numbers are the ones on paper, it ends well, and it refuses bad flags.
set -u
program=$MLCORE_BUILD/week01-backprop-by-hand
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

fail()
{
    echo "week01: $1" >&2
    failures=$((failures + 1))
}

has()
{
    grep -qF -- "$1" "$work/out" || fail "the output lacks: $1"
}

"$program" --out "$work/run" --seed 42 >"$work/out" 2>"$work/err" || fail "status $? with default flags: $(cat "$work/err")"
[ -s "$work/err" ] && fail "something on stderr: $(head -1 "$work/err")"
has 'No mistake in epoch 6: learned. The line 2 x1 + 1 x2 -2 = 0'
has 'Epoch 3 ends with the weights with which epoch 2 ended.'
has 'No numbers do both: no line parts XOR.'
has '   1  1      1  1     0      0'
has 'z1 = w11 x1 + w12 x2 + b1  = 1*1 + 0.5*1 +0 = 1.5'
has 'dL/dv1  = dL/dy  * dy/dv1   [h1       ] =    2 * 1.5  =    3'
has 'dL/dw22 = dL/dz2 * dz2/dw22 [x2       ] =   -2 * 1    =   -2'
has 'The loss falls from 1 to 0.0064.'
has '#0   linear       1x2             1.581     2.828  constant (1x2) W (2x2) b (2)'
has 'The nine gradients are equal; largest difference 0.'
# What ml_explain prints of w11 is what part 4 says of it, line by line.
has 'dL/dw11 = dL/dz1 * dz1/dw11 [x1       ] =    2 * 1    =    2'
has '  #0 linear[0,0]                          2 * 1            = 2'
has 'dL/dz1  = dL/dh1 * dh1/dz1  [1: z > 0 ] =    2 * 1    =    2'
has '  #1 relu[0,0]                            2 * 1            = 2'
has 'dL/dh1  = dL/dy  * dy/dh1   [v1       ] =    2 * 1    =    2'
has '  #2 linear[0,0]                          2 * 1            = 2'
has 'dL/dy   = 2 (y - t)                    = 2 * (1 - 0)  =    2'
has '  #3 mse                                  1 * 2            = 2'
has 'Along this path the partials make 2 * 1 * 1 * 1 = 2: the whole gradient.'
[ ! -e "$work/run/tape.dot" ] || fail "a drawing that nobody asked for"
has '9 numbers checked'
has 'hand, tape and differences agree; XOR learned: 4 of 4'
awk 'NR > 1 && length > 80 { exit 1 }' "$work/out" || fail "a line is longer than 80 columns"
grep -q '"train_accuracy": 1' "$work/run/metrics.json" || fail "metrics.json lacks train_accuracy 1"

"$program" --out "$work/run" --quiet >"$work/out" 2>&1 || fail "status $? with --quiet"
[ "$(wc -l <"$work/out")" -eq 1 ] || fail "--quiet prints more than one line"

# Its tape as a drawing, and as a picture where Graphviz is installed.
"$program" --out "$work/run" --dot >"$work/out" 2>&1 || fail "status $? with --dot"
has "the tape: $work/run/tape.dot, "
grep -q '^digraph tape {' "$work/run/tape.dot" || fail "tape.dot is no drawing"
if command -v dot >/dev/null 2>&1; then
    grep -q '</svg>' "$work/run/tape.svg" || fail "tape.svg is no picture"
else
    has 'Graphviz'
fi

# Other weights at first, other bodies of the kernels, one thread: the lesson is the same.
for flags in '--seed 1' '--seed 2' '--seed 7' '--kernel ref' '--kernel blas' '--threads 1'; do
    # shellcheck disable=SC2086
    "$program" --out "$work/run" --quiet $flags >"$work/out" 2>&1 || fail "status $? with $flags: $(cat "$work/out")"
done

# The training of part 7 has nothing wrong with it.
for seed in 1 2 3 42; do
    "$program" --doctor --out "$work/doctor" --seed $seed >"$work/out" 2>&1 || fail "status $? with --doctor --seed $seed: $(cat "$work/out")"
    has 'no finding'
    has 'tanh after w1'
    awk 'NR > 2 && length > 80 { exit 1 }' "$work/out" || fail "a line of --doctor is longer than 80 columns"
    grep -q '"doctor_findings": 0' "$work/doctor/metrics.json" || fail "metrics.json lacks doctor_findings 0"
done

refuses()
{
    "$program" "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ $status -eq 2 ] || fail "status $status, not 2, with $*"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one sentence with $*: $(cat "$work/err")"
}

refuses --no-such-flag
refuses --epochs 0
refuses --dot=1
refuses --epochs many
refuses --seed
refuses --kernel gpu
refuses --threads 1000
refuses surplus
refuses --out /dev/null/nowhere

"$program" --help >"$work/out" 2>&1 || fail "--help has status $?"
has --epochs
"$program" --out "$work/run" --epochs 1 --quiet >"$work/out" 2>&1
[ $? -eq 1 ] || fail "one epoch is not enough, and should end with status 1"

[ $failures -eq 0 ]
