#!/bin/sh
# week04-mnist --dot: the tape of the first step, drawn; the training is the same with it and without.
. "${MLCORE_SOURCE:?}/tests/examples/support/week04.sh"
small_set small

lenet="--data small --model lenet --samples 200 --epochs 2 --batch 20"
run 0 $lenet --out plain
run 0 $lenet --dot --out drawn
same plain drawn
grep -q '^the tape: drawn/tape.dot, ' out || { cat out; fail "it does not say where the drawing is"; }
for part in '^digraph tape {' '<b>conv2d</b>  #0<br/>20x28x28x6' 'label=<11> ' '<b>softmax_xent</b>' '|grad|' '^}'; do
    grep -q "$part" drawn/tape.dot || fail "the drawing lacks $part"
done
if command -v dot >/dev/null 2>&1; then
    only drawn metrics.json model.safetensors report.html tape.dot tape.svg
    grep -q '</svg>' drawn/tape.svg || fail "tape.svg is no picture"
    dot -Tplain drawn/tape.dot 2>err >/dev/null || { cat err; fail "dot does not read tape.dot"; }
    if grep -qi 'error\|syntax' err; then cat err; fail "dot complains"; fi
else
    only drawn metrics.json model.safetensors report.html tape.dot
fi

# Without Graphviz there is the drawing, and no picture, not even one of an earlier tape.
mkdir bin
touch drawn/tape.svg
PATH=$work/bin "$program" $lenet --dot --out drawn >out 2>err || fail "status $? without Graphviz"
[ -f drawn/tape.dot ] && [ ! -e drawn/tape.svg ] || fail "without Graphviz there are: $(ls drawn)"
grep -q 'Graphviz' out || fail "it does not say what draws the picture"

bad '--dot does not go with --study overfit' --study overfit --dot
echo passed
