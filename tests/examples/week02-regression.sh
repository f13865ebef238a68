#!/bin/sh
# week02-regression: three ways meet, at the numbers that its README states; it ends well, and it refuses bad flags and files.
name=week02-regression
. "$MLCORE_SOURCE/tests/examples/support/week02.sh"

"$program" --out run >out 2>err || fail "status $? with default flags: $(cat err)"
[ -s err ] && fail "something on stderr: $(head -1 err)"
has '^sepal length +-0\.171057 +-0\.171057 +-0\.17105[67]$'
has '^sepal width +0\.096799 +0\.096799 +0\.09679[89]$'
has '^petal length +0\.922074 +0\.922074 +0\.92207[34]$'
has '^\(intercept\) +1\.199333 +1\.199333 +1\.199333$'
has '^worst texture +-1\.31460[678] +-1\.31460[678] +-1\.314[56]'
has '^ +1 step +0\.243279512 +0\.465000237 +0\.2344932'
has '^ +10 steps +0\.066360186 +0\.0685291[0-9]* +0\.12507'
has '^ +100 steps +0\.066360186 +0\.066360186 +0\.07556'
has '^ +1000 steps +0\.066360186 +0\.066360186 +0\.066528'
has '^ +10000 steps +0\.066360186 +0\.066360186 +0\.06636018'
has '^three ways, the same coefficients$'
within linear_loss 0.03586865 0.03586866
within linear_lbfgs_difference 0 1e-8
within linear_descent_difference 0 1e-5
within linear_descent_steps 200 600
within logistic_loss 0.06636018 0.06636019
within logistic_lbfgs_difference 0 1e-6
within logistic_descent_difference 0 1e-4
within logistic_descent_steps 10000 20000
awk 'NR > 1 && length > 80 { exit 1 }' out || fail "a line is longer than 80 columns"

# Other kernels and one thread: the same.
for flags in '--kernel ref' '--kernel blas' '--threads 1' '--seed 7'; do
    # shellcheck disable=SC2086
    "$program" --out run --quiet $flags >out 2>&1 || fail "status $? with $flags: $(cat out)"
    [ "$(wc -l <out)" -eq 1 ] || fail "--quiet prints more than one line"
done

"$program" --out run --epochs 100 --quiet >out 2>&1
[ $? -eq 1 ] || fail "100 steps are not enough, and should end with status 1"
has 'the three ways do not meet: try more --epochs'

"$program" --doctor --out examined >out 2>&1 || fail "status $? with --doctor: $(cat out)"
has '^no finding$'
grep -q '"doctor_findings": 0' examined/metrics.json || fail "--doctor wrote no metrics.json"

refuses()
{
    "$program" "$@" >out 2>err
    status=$?
    [ $status -eq 2 ] || fail "status $status, not 2, with $*"
    [ "$(wc -l <err)" -eq 1 ] || fail "not one sentence with $*: $(cat err)"
}

refuses --no-such-flag
refuses --epochs 0
refuses --kernel gpu
refuses surplus
refuses --out /dev/null/nowhere
refuses --data nowhere
mkdir data
refuses --data data --out run
for text in '' 'words' '150,3,a' '150,4,a,b,c' '3,4,a
1,2,3,4,0
1,2,3,4
1,2,3,4,0' '2,4,a
1,2,3,4,0
1,2,nan,4,0' '99999999999,4,a'; do
    printf '%s\n' "$text" >"data/iris.csv"
    refuses --data data --out run
done

"$program" --help >out 2>&1 || fail "--help has status $?"
has --epochs

[ $failures -eq 0 ]
