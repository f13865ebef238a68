#!/bin/sh
# mlcore-lab: each op runs, its bodies agree, its gradient is right, and what is wrong on the command line gets one sentence.
set -u
program=$MLCORE_BUILD/mlcore-lab
[ -x "$program" ] || program=$MLCORE_BUILD/mlcore-double-lab
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

fail()
{
    echo "lab: $1" >&2
    failures=$((failures + 1))
}

has()
{
    grep -qF -- "$1" "$work/out" || fail "the output lacks: $1"
}

lab()
{
    "$program" "$@" --repeat 1 >"$work/out" 2>"$work/err" || fail "status $? with $*: $(cat "$work/err")"
    [ -s "$work/err" ] && fail "something on stderr with $*: $(head -n 1 "$work/err")"
    awk 'NR > 1 && length > 100 { exit 1 }' "$work/out" || fail "a line is longer than 100 columns with $*"
}

# Small: every number by ml_gradcheck.
lab matmul 5x7 7x3
has 'forward   ref'
has 'forward   fast'
has 'gradient of ref: ml_gradcheck, 56 numbers'
has 'gradient of fast: ml_gradcheck'
lab bmm 2x3x4 2x4x5
lab attention 2x4x3
grep -q 'built without BLAS' "$work/out" || has 'forward   blas'
lab linear 4x6 --out 5
lab conv2d 1x5x4x3 --filters 2 --k 3 --pad 1 --stride 2 --groups 1
has 'body of conv2d.h'
has 'dw        direct *'
lab conv2d 1x5x4x4 --filters 4 --k 3 --k-w 1 --pad 1 --pad-w 0 --groups 4
has 'depthwise *'
lab conv2d 1x4x4x3 --filters 2 --k 1
has 'gemm'
lab conv1d 2x9x3 --filters 4 --k 3 --dilation 2
lab conv_transpose2d 1x3x3x4 --filters 2 --k 3 --stride 2 --pad 1 --output-pad 1
lab max_pool2d 1x6x6x2 --k 2
lab avg_pool2d 1x6x6x2 --k 3 --stride 2 --pad 1
lab upsample_bilinear 1x3x4x2
lab softmax 3x4x5 --axis 1
lab log_softmax 6x5
lab softmax_xent 6x5
lab batch_norm 4x3x3x2
lab layer_norm 6x8
lab group_norm 2x3x3x4 --groups 2
lab logsumexp 6x5
lab gelu 40
lab relu 7x9
has 'one body'
lab tanh 40
lab sum 4x5x6
lab sum 4x5x6 --axis=-2

# Larger: the adjoint identity where the op is linear, random directions where it is not.
lab matmul 64x100 100x50
has 'gradient of ref: adjoint identity, <y,dy> = <a,da> = <b,db>, off by'
lab conv2d 2x14x14x16 --filters 24 --k 3 --pad 1 --threads 1
has 'gradient of fast: adjoint identity, <y,dy> = <x,dx> + <b,db> = <w,dw> + <b,db>, off by'
lab max_pool2d 4x20x20x16 --k 2
lab relu 100x100
lab softmax 100x100
has 'along 3 random directions'
lab softmax_xent 100x100
lab batch_norm 200x50
lab layer_norm 100x64
lab upsample_bilinear 2x20x20x8
lab matmul 64x100 100x50 --no-ref
grep -q ' ref ' "$work/out" && fail "--no-ref runs ref"

# Each line of --list is a command that runs: here with the sizes cut to what takes no time.
"$program" --list >"$work/out" 2>&1 || fail "--list has status $?"
[ "$(wc -l <"$work/out")" -ge 15 ] || fail "--list is short"
has 'softmax_xent'
"$program" --help >"$work/out" 2>&1 || fail "--help has status $?"
has '--filters'

refuses()
{
    sentence=$1
    shift
    "$program" "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ $status -eq 2 ] || fail "status $status, not 2, with $*"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one sentence with $*: $(cat "$work/err")"
    grep -qF -- "$sentence" "$work/err" || fail "with $* it says: $(cat "$work/err")"
}

refuses 'wants an op and a shape'
refuses "there is no op 'matmull' here" matmull 2x2 2x2
refuses 'matmul wants NxD DxM, and 1 shape was given' matmul 2x2
refuses 'is one shape too many' matmul 2x2 2x2 2x2
refuses 'has 3 extents, and matmul wants 2' matmul 2x2x2 2x2
refuses 'inner sizes' matmul 2x3 2x3
refuses "'2x0' is not a shape" relu 2x0
refuses "'2x' is not a shape" relu 2x
refuses "'ax2' is not a shape" relu ax2
refuses "'2x-3' is not a shape" relu 2x-3
refuses 'more than 6 extents' relu 1x1x1x1x1x1x1
refuses 'the lab takes 268435456 numbers at most' relu 100000x100000
refuses 'is not a shape' relu 99999999999999999999
refuses 'the lab takes 268435456 numbers at most' conv2d 1x8x8x1 --filters 1 --k 3 --pad 9000
refuses 'too large' conv2d 1x8x8x1 --filters 1 --k 3 --pad 900000000
refuses 'the lab takes 268435456 numbers at most' linear 1000x1000 --out 1000000
refuses 'conv2d wants --filters' conv2d 1x8x8x1 --k 3
refuses 'conv2d wants --k' conv2d 1x8x8x1 --filters 3
refuses 'there is no flag --stridde' conv2d 1x8x8x1 --stridde 3
refuses 'relu takes no --k' relu 4x4 --k 3
refuses '--k wants a value' max_pool2d 1x4x4x1 --k
refuses "--k wants a whole number between 1 and 1000000000, not '0'" max_pool2d 1x4x4x1 --k 0
refuses "not 'two'" max_pool2d 1x4x4x1 --k two
refuses "not '2x'" max_pool2d 1x4x4x1 --k=2x
refuses 'the window has 9 pixels' max_pool2d 1x4x4x1 --k 9
refuses '3 groups do not divide' conv2d 1x8x8x4 --filters 6 --k 3 --groups 3
refuses 'axis' softmax 3x4 --axis 5
refuses '--threads wants' relu 3x4 --threads 0

[ $failures -eq 0 ]
