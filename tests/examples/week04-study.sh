#!/bin/sh
# week04-mnist --study overfit: the curves as CSV and as a picture of 80 columns, and that they show what they are for.
. "${MLCORE_SOURCE:?}/tests/examples/support/week04.sh"

run 0 --study overfit --epochs 20 --out study
only study metrics.json overfit.csv
# (but for the lines that say what was built and where the data lies)
grep -vE '^mlcore | test images ' out | awk 'length > 80 { print; bad = 1 } END { exit bad }' || fail "wider than 80 columns"
[ "$(grep -c '^ 1\.0|' out)" -eq 2 ] || fail "not two rows of charts"
for name in nothing 'dropout 0.5' 'weight decay 2' 'early stop' augmentation '10 x the digits'; do
    grep -q "^$name  .* %\$" out || fail "no line for $name in the table"
done

# ---- the CSV: a header, a row for each epoch of each, numbers that can be ----
header=with,epoch,training_loss,training_accuracy,validation_loss,validation_accuracy
[ "$(head -n 1 study/overfit.csv)" = $header ] || fail "the header is $(head -n 1 study/overfit.csv)"
awk -F, 'NR > 1 && (NF != 6 || $3 !~ /^[0-9]+\.[0-9]+$/ || $4 > 1 || $5 !~ /^[0-9]+\.[0-9]+$/ || $6 > 1 || $6 < 0.1) {
    print; exit 1 }' study/overfit.csv || fail "a row that is none"
rows() { grep -c "^$1," study/overfit.csv; }
for name in nothing 'dropout 0.5' 'weight decay 2' augmentation '10 x the digits'; do
    [ "$(rows "$name")" -eq 20 ] || fail "$(rows "$name") rows of $name"
done
[ "$(rows 'early stop')" -ge 6 ] && [ "$(rows 'early stop')" -lt 20 ] || fail "early stop: $(rows 'early stop') epochs"

# ---- what is to be seen ----
loss() { number "validation_loss_$1" study; }
accuracy() { number "validation_accuracy_$1" study; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
for remedy in dropout weight_decay early_stop augmentation more_digits; do
    less "$(loss $remedy)" "$(loss nothing)" || fail "$remedy: validation loss $(loss $remedy), without $(loss nothing)"
done
for remedy in augmentation more_digits; do
    less "$(accuracy nothing)" "$(accuracy $remedy)" || fail "$remedy: $(accuracy $remedy), without $(accuracy nothing)"
done
less 0.84 "$(accuracy nothing)" && less "$(accuracy nothing)" 0.88 || fail "nothing: $(accuracy nothing)"
awk -F, '$1 == "nothing" && $2 == 20 { exit !($4 > 0.999) }' study/overfit.csv || fail "the digits are not known by heart"

# ---- other networks, the same bytes, and what does not go together ----
run 0 --quiet --study overfit --model softmax --epochs 2 --threads 1 --out one
run 0 --quiet --study overfit --model softmax --epochs 2 --threads 2 --out two
[ "$(wc -l <out)" -eq 1 ] || fail "--quiet prints more than one line"
cmp one/overfit.csv two/overfit.csv || fail "1 and 2 threads differ"
run 0 --quiet --study overfit --model mlp --hidden 16 --epochs 1 --out hidden
for flag in '--lr 0.1' '--batch 5' '--optimizer sgd' '--dropout 0.1' '--weight-decay 1' '--patience 3' '--samples 9' --augment \
    '--workers 1' '--checkpoint-every 3' '--validation 0.1' '--schedule constant'; do
    bad "${flag%% *} does not go with --study" --study overfit $flag
done
bad '--epochs 1001: a study takes 1000 at most' --study overfit --epochs 1001
small_set small
bad '--study overfit wants 7000 training samples, and the set has 3000' --study overfit --data small

# ---- a disk that fills: a sentence, and nothing half-written ----
sentence=$( (ulimit -f 8 && "$program" --quiet --study overfit --model softmax --epochs 25 --out full 2>&1 >/dev/null) )
[ $? -eq 2 ] || fail "a full disk: not status 2: $sentence"
case $sentence in
*'full/overfit.csv: write failed'*) ;;
*) fail "a full disk: $sentence" ;;
esac
[ -z "$(ls -A full)" ] || fail "a full disk left $(ls -A full) behind"
echo passed
