#!/bin/sh
# week04-mnist killed at many moments: what goes on from the checkpoint ends with the bytes of a run that nobody killed.
. "${MLCORE_SOURCE:?}/tests/examples/support/week04.sh"
small_set small
ck=checkpoint.safetensors

# ---- killed again and again ----
# kill_after DELAY ARGUMENTS...: waits for a new checkpoint, then a moment more, then kills. True when it was killed before its end:
# a run that has removed its checkpoint had written all that it writes.
kill_after() {
    delay=$1
    shift
    touch stamp
    "$program" --quiet "$@" >life 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ -z "$(find "$out" -name $ck -newer stamp 2>/dev/null)" ]; do
        sleep 0.01
    done
    sleep "$delay"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    status=$?
    [ $status -eq 137 ] || [ $status -eq 0 ] || { cat life; fail "$*: status $status"; }
    [ $status -eq 0 ] || [ -f "$out/$ck" ] || status=0
    [ $status -eq 137 ]
}
# survives NAME ARGUMENTS...: a whole run; then one whose lives end on and on, with other workers and threads in each.
kills=0
survives() {
    name=$1
    shift
    run 0 --data small --batch 20 --threads 2 --checkpoint-every 3 --out "$name" "$@"
    only "$name" metrics.json model.safetensors report.html
    out=$name-killed
    i=0 start=new
    for delay in 0 0.03 0.011 0.07 0.002 0.019 0.05; do
        i=$((i + 1))
        workers=$((i % 3 + (i % 3 == 2))) threads=$((i % 2 + 1)) # 1 3 0 ..., 2 1 2 ...
        if [ $start = new ]; then
            kill_after $delay --data small --batch 20 --threads $threads --workers $workers --checkpoint-every 3 --out "$out" "$@"
        else
            kill_after $delay --resume "$out/$ck" --threads $threads --workers $workers
        fi || break
        kills=$((kills + 1)) start=old
    done
    [ $status -eq 0 ] || run 0 --resume "$out/$ck"
    only "$out" metrics.json model.safetensors report.html
    same "$name" "$out"
    [ "$(number epochs "$name")" = "$(number epochs "$out")" ] || fail "$name: another number of epochs"
}
survives lenet-adam --model lenet --samples 500 --epochs 3 --dropout 0.2
survives cnn-augment --model cnn --samples 300 --epochs 3 --augment
survives cnn-sgd --model cnn --samples 300 --epochs 3 --optimizer sgd --weight-decay 0.001
survives mlp-adamw --model mlp --hidden 64,32 --samples 2000 --epochs 4 --weight-decay 0.1 --augment --seed 7 --kernel blas
survives lenet-patience --model lenet --samples 400 --epochs 40 --patience 2 --validation 0.25 --lr 0.006
grep -q '^kept the weights of epoch' out || { cat out; fail "no weights of an earlier epoch were kept"; }
survives cnn-patience --model cnn --samples 300 --epochs 40 --patience 1 --validation 0.3 --augment --optimizer sgd
[ $kills -ge 20 ] || fail "of 42 lives only $kills were killed"
echo "$kills kills"

# ---- killed once, at any moment of a short life: whatever is there then is whole ----
brief="--data small --model softmax --samples 3000 --batch 10 --epochs 2 --checkpoint-every 20 --patience 9 --quiet"
run 0 $brief --out brief
found=0
for delay in 0.01 0.03 0.05 0.07 0.09 0.11 0.13 0.15 0.17 0.19 0.22 0.25 0.3 0.35 0.4 0.5; do
    rm -rf moment
    "$program" $brief --out moment >/dev/null 2>&1 &
    pid=$!
    sleep $delay
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ -f moment/metrics.json ]; then
        same brief moment # the whole run, or it was killed while it tidied up
    elif [ -f moment/$ck ]; then
        found=$((found + 1))
        run 0 --quiet --resume moment/$ck
        same brief moment
        only moment metrics.json model.safetensors report.html
    fi
done
echo "$found of 16 were killed between first checkpoint and end"

# ---- a checkpoint to play with ----
# stopped FOLDER ARGUMENTS...: a run that is killed after its first checkpoint
stopped() {
    out=$1
    shift
    for try in 1 2 3 4 5; do
        rm -rf "$out"
        if kill_after 0 --data small --batch 10 --out "$out" "$@"; then
            rm -f "$out"/*.part # where it was killed in the middle of the next one
            return
        fi
    done
    fail "$*: never killed in time"
}
lenet='--model lenet --samples 300 --dropout 0.2 --epochs 20'
stopped played $lenet --checkpoint-every 5
cp played/$ck kept
# refuses PART ARGUMENTS...: one sentence, status 2, nothing trained, and the checkpoint as it was
refuses() {
    bad "$@"
    cmp -s played/$ck kept || fail "$*: the checkpoint was changed"
    only played $ck
}
resume="--resume played/$ck"
refuses 'that run has --epochs 20, not 30' $resume --epochs 30
refuses 'that run has --model lenet, not cnn' $resume --model cnn
refuses 'that run has --lr 0.004, not 0.01' $resume --lr 0.01
refuses 'that run has --seed 42, not 43' $resume --seed 43
refuses 'that run has --batch 10, not 20' $resume --batch 20
refuses 'that run has --kernel fast, not ref' $resume --kernel ref
refuses 'that run has --optimizer adam, not sgd' $resume --optimizer sgd
refuses 'that run has --samples 300, not 400' $resume --samples 400
refuses 'that run is without --augment' $resume --augment
refuses 'that run is without --patience' $resume --patience 3
refuses 'that run is without --hidden' $resume --hidden 20
refuses '--resume does not go with --study' $resume --study overfit
refuses '--lr does not go with --study' --study overfit --lr 0.1
refuses '--resume wants a value' --resume
refuses 'no folder/none: cannot be opened' --resume 'no folder/none'
refuses 'is a folder, not a file' --resume small

# Other data: a label, a pixel of the test set, another folder where the run's own is gone.
cp -R small other
printf '\007' | dd of=other/train-labels-idx1-ubyte bs=1 seek=100 conv=notrunc 2>/dev/null
refuses 'that run saw other data' $resume --data other
cp small/train-labels-idx1-ubyte other
printf '\007' | dd of=other/t10k-images-idx3-ubyte bs=1 seek=100 conv=notrunc 2>/dev/null
refuses 'that run saw other data' $resume --data other
mv small moved
refuses 'name its folder with --data' $resume
refuses '--data small: there is no such folder' $resume --data small

# Files that are none, or damaged: made in a folder of their own, which stays as it is.
mkdir none
spoilt() { # PART: of the sentence on none/$ck
    cp none/$ck spoilt
    refuses "$1" --resume none/$ck --data moved
    cmp -s none/$ck spoilt || fail "$1: the file was changed"
    only none $ck
}
# edit FROM TO: of one length, in the text of the header
edit() {
    LC_ALL=C sed "s/$1/$2/" kept >none/$ck
    if cmp -s kept none/$ck; then fail "there is no $1 to edit"; fi
    [ "$(wc -c <kept)" -eq "$(wc -c <none/$ck)" ] || fail "$1 and $2 are not of one length"
}
echo 'these are words, and many of them' >none/$ck
spoilt 'not a safetensors file'
: >none/$ck
spoilt 'not a safetensors file'
run 0 --quiet --data moved --model lenet --samples 300 --epochs 1 --out model
cp model/model.safetensors none/$ck
spoilt 'this is no checkpoint of week04-mnist'
head -c 4 kept >none/$ck
spoilt 'not a safetensors file'
head -c 3000 kept >none/$ck
spoilt 'cut short: the header says'
head -c 9000 kept >none/$ck
spoilt 'are not within the'
edit '\\"format\\":1' '\\"format\\":2'
spoilt 'a checkpoint of format 2: this library reads format 1'
edit 'week04-mnist' 'week05-words'
spoilt 'this is no checkpoint of week04-mnist'
edit '\\"model\\":\\"lenet\\"' '\\"model\\":\\"lemon\\"'
spoilt 'its --model cannot be used'
edit '\\"batch\\":10,\\"drop' '\\"batch\\":-1,\\"drop'
spoilt 'its --batch cannot be used'
edit '\\"epochs\\":20' '\\"epochs\\":[]'
spoilt 'its --epochs cannot be used'
edit '\\"dropout\\":0.2' '\\"dropout\\":7.2'
spoilt 'its --dropout cannot be used'
edit '\\"checkpoint-every\\":5' '\\"checkpoint-every\\":0'
spoilt 'its --checkpoint-every cannot be used'
edit '\\"kind\\":\\"checkpoint\\"' '\\"kind\\":\\"model-file\\"'
spoilt 'this is no checkpoint of week04-mnist'
edit '\\"rule\\":\\"adam\\"' '\\"rule\\":\\"adan\\"'
spoilt 'the optimizer was adan, and is adam here'
edit '\[6,1,5,5\]' '[6,1,5,6]'
spoilt 'none/'
mv moved small
stopped mlp --model mlp --hidden 64 --samples 300 --checkpoint-every 5
mv small moved
mv kept kept-lenet
cp mlp/$ck kept
edit '\\"hidden\\":\[64\]' '\\"hidden\\":[65]'
mv kept-lenet kept
spoilt 'tensor "1.weight" is 64x784 in the file but 65x784 in the net'

# None of this has harmed it. Flags that agree may be said; folders are those of the run, wherever one stands; where the
# results go elsewhere, the checkpoint stays.
mkdir elsewhere
mv moved small
(cd elsewhere && "$program" --quiet --resume ../played/$ck --epochs 20 --lr 0.004 --dropout 0.2 --out there >out 2>err) ||
    { cat elsewhere/err; fail "not resumed from another folder"; }
only elsewhere/there metrics.json model.safetensors report.html
refuses '--out wants a value' --out
run 0 $resume --quiet
only played metrics.json model.safetensors report.html
run 0 --quiet --data small --batch 10 --out whole $lenet
same whole played
same whole elsewhere/there
bad 'cannot be opened' $resume

# ---- early stopping: the best weights lie beside the checkpoint ----
patient="--model mlp --hidden 32 --samples 200 --patience 60 --epochs 50"
stopped played $patient
rm -f kept
cp -R played kept
wants_best() { # PART
    bad "$1" $resume
    cmp -s played/$ck kept/$ck || fail "$1: the checkpoint was changed"
}
rm played/best.safetensors
wants_best 'its best weights: played/best.safetensors: cannot be opened'
stopped other-run $patient --seed 3
cp other-run/best.safetensors played
wants_best 'played/best.safetensors holds the best weights of another run'
cp model/model.safetensors played/best.safetensors
wants_best 'its best weights: played/best.safetensors: '
cp kept/best.safetensors played

# ---- a disk that fills while a checkpoint is written: the last good one stays ----
sentence=$( (ulimit -f 64 && "$program" $resume --checkpoint-every 1 2>&1 >out) )
[ $? -eq 2 ] || fail "a full disk while checkpointing: not status 2: $sentence"
case $sentence in
*"played/best.safetensors: cannot be written"* | *"played/$ck: cannot be written"*) ;;
*) fail "a full disk while checkpointing: $sentence" ;;
esac
only played best.safetensors $ck
cmp played/$ck kept/$ck || fail "a full disk has spoilt the checkpoint"
cmp played/best.safetensors kept/best.safetensors || fail "a full disk has spoilt the best weights"

# ---- what a write that was killed leaves is taken away, what is not ours or not dead is not ----
dead=$(sh -c 'echo $$')
ours="played/$ck.$dead-3.part played/model.safetensors.$dead-0.part played/metrics.json.$dead.part played/.trial.$dead.part"
theirs="played/$ck.$$-0.part played/notes.txt.$dead.part played/metrics.json.part played/x.json.$dead.partly played/.json."
touch $ours $theirs
run 0 $resume
for file in $ours; do
    [ ! -e "$file" ] || fail "$file was left"
done
rm $theirs || fail "a file of others was taken away"
only played metrics.json model.safetensors report.html
run 0 --quiet --data small --batch 10 --out patient $patient
same patient played
echo passed
