#!/bin/sh
# week02-titanic: the scores that its README states, a model file that a fresh process reads, tables of one's own, and what it refuses.
name=week02-titanic
. "$MLCORE_SOURCE/tests/examples/support/week02.sh"
data=$MLCORE_SOURCE/data/titanic/titanic.csv

works()
{
    "$program" --out run "$@" >out 2>err || fail "status $? with $*: $(cat err)"
    [ -s err ] && fail "something on stderr with $*: $(head -1 err)"
}

refuses()
{
    sentence=$1
    shift
    "$program" --out run "$@" >out 2>err
    status=$?
    [ $status -eq 2 ] || fail "status $status, not 2, with $*"
    [ "$(wc -l <err)" -eq 1 ] || fail "not one sentence with $*: $(cat err)"
    grep -qF -- "$sentence" err || fail "the sentence with $* lacks '$sentence': $(cat err)"
}

on_page()
{
    grep -q -- "$1" run/report.html || fail "report.html lacks '$1'"
}

# A number that the model file holds beside the model.
noted()
{
    head -c 1000 run/model.safetensors | grep -qa "$1" || fail "model.safetensors has no $1"
}

# ---- Titanic ----
works
within cv_accuracy 0.825 0.85
within cv_roc_auc 0.88 0.9
within cv_accuracy_without_companions 0.81 0.83
within cv_roc_auc_without_companions 0.865 0.88
within majority_cv_accuracy 0.618 0.6181
within test_accuracy 0.75 0.92
within test_roc_auc 0.8 0.96
has '^2 +3 +0\.491 +0\.152$'
has '^Loss of roc_auc when a column is shuffled$'
has '^\|.*class survived \([0-9]+ of [0-9]+\)$'
chosen=$(sed -n 's/.*"model": "\([a-z]*\)".*/\1/p' run/metrics.json)
on_page "<dd>$chosen, [a-zA-Z_]* = [0-9.]*</dd>"
on_page "<td>$chosen, [a-zA-Z_]* = [0-9.]*</td>"
on_page '<td class="text">boosting</td><td class="text">max_leaves = 6</td>'
awk 'NR > 1 && length > 88 && !/^report\.html lacks/ { exit 1 }' out || fail "a line is longer than 88 columns"

# A fresh process, the same passengers, and one that was never seen.
works --predict "$data"
has '^1309 predictions: run/predictions.csv$'
has '^left out: boat, body, home\.dest$'
[ "$(wc -l <run/predictions.csv)" -eq 1310 ] || fail "not a line a passenger in predictions.csv"
right=$(awk -F, 'NR == FNR { said[FNR] = $1; next } FNR > 1 { n += said[FNR] == $2 } END { print n }' run/predictions.csv "$data")
[ "$right" -ge 1050 ] || fail "$right of 1309 predictions are right"
cat >new.csv <<'END'
embarked,name,pclass,sex,age,sibsp,parch,ticket,fare,cabin,shoes
S,"Nobody, Dr. Ann",1,female,40,0,0,1,80,Z9,12
X,"Nobody",3,male,?,0,0,2,?,?,9
END
works --predict new.csv
has '^left out: shoes$'
works --predict new.csv --quiet
[ "$(wc -l <run/predictions.csv)" -eq 3 ] || fail "not two predictions of new.csv"
sed 's/name/nom/' new.csv >no-name.csv
refuses "'name'" --predict no-name.csv
refuses 'cannot be opened' --predict none.csv
refuses 'run week02-titanic without --predict first' --predict new.csv --model-file none.safetensors
head -c 1000 run/model.safetensors >cut.safetensors
refuses 'cut.safetensors' --predict new.csv --model-file cut.safetensors

# ---- leaks ----
works --leak
within honest_accuracy 0.79 0.83
within leak_boat_accuracy 0.95 1
within leak_boat_roc_auc 0.98 1
within leak_rates_accuracy 0.95 1
within leak_scaler_accuracy 0.77 0.80
within leak_scaler_gain_accuracy -0.005 0.005
within leak_scaler_gain_roc_auc -0.005 0.005
has 'changes the accuracy by [-+]0\.00[0-9]+ and the ROC AUC by [-+]0\.00[0-9]+:$'
has '^next to nothing here'

# ---- tables of one's own; names that a shell or a browser would run ----
awk 'BEGIN {
    print "\"x`touch pwned`\",\"<script>alert(1)</script>\",\"$(touch pwned)\",note,size,label"
    for (i = 0; i < 120; i++) {
        x = (i * 37) % 101 / 50 - 1; y = (i * 59) % 97 / 48 - 1
        printf "%.3f,%s,%s,text number %d,%.3f,%s\n", x, i % 17 ? sprintf("%.3f", y) : "", substr("abc", i % 3 + 1, 1), i,
               3 * x - y + (i % 3 == 0), (x + y > 0 ? "<b>yes</b>" : "no")
    }
}' >own.csv
# shellcheck disable=SC2016
features='x`touch pwned`,<script>alert(1)</script>,$(touch pwned)'
works --data own.csv --target label --features "$features" --model logistic
within test_accuracy 0.8 1
within cv_accuracy 0.8 1
has "^Shares of 'label' by '.\(touch pwned\)'\$"
grep -q '<script>alert\|<b>yes' run/report.html && fail "a name has become markup"
works --predict own.csv --quiet
[ "$(head -1 run/predictions.csv)" = 'prediction,probability_<b>yes</b>,probability_no' ] || fail "other columns in predictions.csv"
works --data own.csv --target size --features "$features" --model linear
within test_r2 0.9 1
works --data own.csv --target label --features "$features" --model boost:rounds=20 --quiet
[ "$(wc -l <out)" -eq 1 ] || fail "--quiet prints more than one line"
works --target fare --features pclass,sex,embarked,age --model forest:trees=20
on_page '<dd>forest:trees=20</dd>'
on_page '<td>pclass,sex,embarked,age</td>'
on_page '<p>five folds of the training rows: r2 '
grep -q '"model": "forest:trees=20"' run/metrics.json || fail "metrics.json does not say which model it is of"
on_page "Mean of &#39;fare&#39; by &#39;pclass&#39;"
has '^A small tree, beside the model$'
noted test_r2
works --target fare --features pclass,sex,embarked,age
has '^linear +0\.[0-9]+ with alpha = '
has '^One model, chosen on 1046 rows; mean r2 of five folds$'
within test_r2 0.2 0.6
works --target survived --features pclass,sex,age --model tree:max_depth=2
has '^The model$'
noted test_accuracy
works --data own.csv --target label --features "$features" --model dummy
[ -e pwned ] && fail "a column's name was run"

# ---- refused ----
refuses 'cannot be opened' --data none.csv
refuses 'cannot be opened' --data none.csv --target x
refuses "there is no column 'nix'" --data own.csv --target nix
refuses "there is no column 'nix'" --data own.csv --target label --features nix
refuses "column 'note' is text" --data own.csv --target label
refuses "'label' is the target" --data own.csv --target label --features label
refuses "there is no learner 'nix'" --data own.csv --target label --model nix
refuses 'linear predicts numbers' --data own.csv --target label --features size --model linear
refuses 'logistic predicts classes' --data own.csv --target size --features label --model logistic
refuses '--features is for a table of your own' --features a
refuses '--model is for a table of your own' --model tree
refuses '--model-file is for --predict' --model-file x
refuses 'ask for one' --leak --predict own.csv
refuses "there is no column 'name'" --data own.csv
awk 'BEGIN { print "a,b"; for (i = 0; i < 40; i++) print i ",yes" }' >one.csv
refuses 'a single value' --data one.csv --target b
awk -F, -v OFS=, 'NR > 1 { $2 = 1 } { print }' "$data" >saved.csv
refuses 'both classes' --data saved.csv
sed '6s/151\.55/1e999/' "$data" >endless.csv
refuses 'endless.csv: line 6: a fare of inf: it must be finite' --data endless.csv
{ sed '4s/151\.55/-5/' "$data" && printf '\n\n'; } >negative.csv
refuses 'negative.csv: row 3: a fare of -5:' --data negative.csv
head -6 own.csv >short.csv
refuses 'too few' --data short.csv --target label --features size
printf 'a,b\n1,yes\n2,yes,3\n' >ragged.csv
refuses 'line 3' --data ragged.csv --target b
awk '{ print } NR == 9 { print "1,2" }' own.csv >one-bad.csv
works --data one-bad.csv --skip-bad-rows --target label --features "$features" --model tree
has '^1 row left out for too few or too many fields, first line 10$'
works --predict one-bad.csv --skip-bad-rows
has '^120 predictions: run/predictions.csv$'
refuses 'line 10' --predict one-bad.csv
: >empty.csv
refuses 'empty' --data empty.csv --target b
refuses 'no flag --no-such-flag' --no-such-flag
refuses 'no flag --epochs' --epochs 7
refuses 'no flag --kernel' --kernel ref

"$program" --help >out 2>&1 || fail "--help has status $?"
has '^  --data TEXT +a CSV file'
[ "$(grep -c '^  --' out)" -eq 13 ] || fail "--help lists other flags: $(cat out)"

[ $failures -eq 0 ]
