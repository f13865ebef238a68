#!/bin/sh
# week04-mnist --explain-conv: the numbers are those on paper, every body of the kernels has them, and nothing is written.
set -u
program=${MLCORE_BUILD:?}/week04-mnist
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail()
{
    echo "week04-conv: $1" >&2
    failures=$((failures + 1))
}

has()
{
    grep -qF -- "$1" out || fail "the output lacks: $1"
}

"$program" --explain-conv >out 2>err || fail "status $? with default flags: $(cat err)"
[ -s err ] && fail "something on stderr: $(head -1 err)"
# Worked out with PyTorch in float64: conv2d of X with W, and its gradients under DY.
has '  0  2  1  0  1    0  2  1  0  1        y:   3  5  3'
has '                                             3  2  4'
has '                                             6  0  3'
has '[ 0  1  2] 2  0    0[ 1  2  2] 0  + 1*2 + 2*1 + 2*0'
has '= 5 = y[0,1]'
has '       dw:   5  7  3'
has '                                             2  1  2'
has '                                             4  3  5'
has '    1 -1 -1  1  0'
has '    2  1  0 -2 -1'
has '    1  3  4  0  1'
has '    2  1 -4  0  1'
has '    0 -1  1  1 -1'
has '= 3 = dx[2,1]'
has '        y:   2  4  5'
has '  .             1  2  4'
has '  .            -1  4  3'
has '       dw:   2  5  5'
has '  .            -1  3  5'
has '  .             3 -1  3'
has '    .  1 -2 -1  0  0  .'
has '    . -1  3  1 -2  0  .'
has '    .  0  4  2  2  1  .'
has '    .  0 -1 -2  1 -1  .'
has '    .  1  0  0 -2 -1  .'
has '[ .] 2[ 1] 0[ 2] 1  .    .[ 2] 1[ 0] 2[ 1] .'
has '= 4 = dx[2,1]'
has '  No padding, stride 1   equal    equal    equal    34 numbers'
has '  Padding 1, stride 2    equal    equal    equal    34 numbers'
has 'hand, tape and differences agree, on 2 convolutions'
awk 'NR > 1 && length > 80 { exit 1 }' out || fail "a line is longer than 80 columns"
[ "$(wc -l <out)" -lt 120 ] || fail "the lesson is longer than 120 lines"
grep -q ' $' out && fail "a line ends with a blank"

"$program" --explain-conv --quiet >quiet 2>&1 || fail "status $? with --quiet"
[ "$(cat quiet)" = 'hand, tape and differences agree, on 2 convolutions' ] || fail "--quiet prints more than the last line"

# Other bodies of the kernels, one thread: the same pages.
sed '1d; s/worst .*//' out >wanted
for flags in '--kernel ref' '--kernel blas' '--kernel fast' '--threads 1'; do
    # shellcheck disable=SC2086
    "$program" --explain-conv $flags >other 2>&1 || fail "status $? with $flags: $(tail -1 other)"
    sed '1d; s/worst .*//' other | cmp -s - wanted || fail "another lesson with $flags"
done

[ "$(ls -A)" = "$(printf '%s\n' err other out quiet wanted)" ] || fail "it wrote files: $(ls -A)"
if [ -w /dev/full ]; then
    "$program" --explain-conv >/dev/full 2>err
    [ $? -eq 2 ] || fail "a full disk behind stdout does not end with status 2"
fi
"$program" --explain-conv=yes >out 2>err
[ $? -eq 2 ] || fail "a value for --explain-conv does not end with status 2"

[ $failures -eq 0 ]
