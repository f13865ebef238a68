#!/bin/sh
# week04-mnist as a user meets it: wrong flags, short runs, equal bytes on any number of threads, full disks.
. "${MLCORE_SOURCE:?}/tests/examples/support/week04.sh"

# ---- flags ----
bad 'there is no flag --epoch; did you mean --epochs?' --epoch 3
bad 'did you mean --batch?' --bacth 3
bad 'did you mean --weight-decay?' --weight_decay=3
bad '--help lists those there are' --colour red
bad "'digits' is not a flag" digits
bad "'--' is not a flag" --
bad '--lr wants a value' --lr
bad '--lr wants a value' --lr --batch 3
bad '--quiet takes no value' --quiet=1
for value in abc nan inf -inf '' 1e400 0.1x 0x1p-3 ' 1' 1,5; do
    bad '--lr wants a number between' --lr "$value"
    bad '--dropout wants a number between' "--dropout=$value"
done
for value in abc nan '' 3.5 1e3 99999999999999999999 3x 0x10 ' 3'; do
    bad '--batch wants a whole number between' --batch "$value"
    bad '--seed wants a whole number between' "--seed=$value"
done
bad '--lr 0 is out of range' --lr 0
bad '--lr -0.1 is out of range' --lr -0.1
bad '--lr 101 is out of range' --lr 101
bad '--batch 0 is out of range: 1 to 65536' --batch 0
bad '--batch -5 is out of range' --batch -5
bad '--epochs 0 is out of range' --epochs 0
bad '--threads 0 is out of range: 1 to 256' --threads 0
bad '--threads 257 is out of range' --threads 257
bad '--seed -1 is out of range' --seed -1
bad '--seed 9007199254740993 is out of range' --seed 9007199254740993
bad '--dropout 1 is out of range' --dropout 1
bad '--weight-decay -1 is out of range' --weight-decay -1
bad '--validation 1 is out of range' --validation 1
bad '--patience 0 is out of range' --patience 0
bad '--samples 0 is out of range' --samples 0
bad '--workers -1 is out of range: 0 to 64' --workers -1
bad '--workers 65 is out of range' --workers 65
bad '--checkpoint-every 0 is out of range' --checkpoint-every 0
bad '--checkpoint-every wants a whole number' --checkpoint-every often
bad '--augment takes no value' --augment=1
bad '--study is one of overfit, not' --study underfit
bad '--resume wants a value that is not empty' --resume ''
bad '--samples 60001: the training set has 60000' --samples 60001
bad '--model is one of softmax|mlp|lenet|cnn, not' --model resnet
bad '--optimizer is one of sgd|adam, not' --optimizer ada
bad '--kernel is one of fast|blas|ref, not' --kernel turbo
bad '--hidden wants whole numbers with commas' --hidden 512,
bad '--hidden wants whole numbers with commas' --hidden 512x256
bad '--hidden wants whole numbers with commas' --hidden ''
bad 'out of range: 1 to 16384' --hidden 512,0
bad 'more than 8 numbers' --hidden 1,1,1,1,1,1,1,1,1
bad '--hidden is for --model mlp, not softmax' --model softmax --hidden 20
bad '--hidden is for --model mlp, not cnn' --hidden 20
bad '--dropout is for models with a hidden layer' --model softmax --dropout 0.5
bad '--patience wants a validation set' --patience 2 --validation 0
bad '--study and --doctor are two things' --study overfit --doctor
bad '--explain-conv and --predict are two things' --predict x.png --explain-conv
bad '--lr is for a training, and --predict trains nothing' --lr 0.1 --predict x.png
bad '--resume is for a training, and --explain-conv trains nothing' --explain-conv --resume x
bad '--doctor trains nothing' --doctor --dot
bad '--data ./none: there is no such folder' --data ./none
bad '--data wants a value that is not empty' --data ''
run 0 --help
for flag in data out seed threads epochs kernel quiet help model hidden lr batch optimizer schedule weight-decay dropout \
    validation patience samples augment workers resume checkpoint-every study doctor dot \
    explain-conv predict model-file; do
    grep -q -- "--$flag" out || fail "--help lacks --$flag"
done

# ---- data ----
mkdir empty broken
bad 'no file train-images-idx3-ubyte' --data empty
cp "$source"/data/mnist/*.gz broken
chmod u+w broken/*
cp broken/t10k-labels-idx1-ubyte.gz broken/train-labels-idx1-ubyte.gz
bad 'has 60000 images, but' --data broken
head -c 4000 "$source/data/mnist/train-labels-idx1-ubyte.gz" >broken/train-labels-idx1-ubyte.gz
bad 'train-labels-idx1-ubyte.gz' --data broken

# ---- a small set for the runs below ----
small_set small

# ---- a folder for the results that cannot be written: said before the training ----
touch file
bad 'there is a file of that name' --out file
bad 'cannot be made' --out file/below
bad 'files cannot be written there' --out /proc
# (through a pipe: the limit holds for a file that takes the sentence, too)
sentence=$( (ulimit -f 0 && "$program" --out limited --samples 100 2>&1 >/dev/null) )
[ $? -eq 2 ] || fail "a full disk before training: not status 2: $sentence"
case $sentence in
*'limited: files cannot be written there'*) ;;
*) fail "a full disk is not seen before training: $sentence" ;;
esac

# ---- a disk that fills later: status 2, nothing half-written ----
(ulimit -f 64 && "$program" --quiet --out full --data small --model mlp --samples 500 --epochs 1 2>err >/dev/null)
[ $? -eq 2 ] && grep -q 'model.safetensors' err || { cat err; fail "a full disk while saving has no sentence"; }
[ -z "$(ls -A full)" ] || fail "a full disk left $(ls -A full) behind"
if [ -w /dev/full ]; then
    "$program" --data small --model mlp --samples 200 --epochs 1 >/dev/full 2>err
    [ $? -eq 2 ] && grep -q 'stdout: write failed' err || fail "a full disk behind stdout is not seen"
fi

# ---- a short run ----
run 0 --data small --model softmax --samples 2000 --epochs 5 --threads 2
grep -q '^mlcore ' out || fail "the first line does not say what was built"
grep -q '^epoch 5/5  2000/2000 ' out || fail "no plain line for an epoch"
grep -q 'precision' out || fail "no table of scores"
grep -q '^test accuracy [89]' out || { tail -3 out; fail "softmax on 2000 digits is not above 80 %"; }
if grep -q "$(printf '\033')" out; then fail "escape sequences in a pipe"; fi
for key in model test_accuracy test_loss test_f1 train_seconds train_samples_per_second peak_rss_mb epochs seed threads; do
    grep -q "\"$key\": " runs/week04-mnist/metrics.json || fail "metrics.json lacks $key"
done
only runs/week04-mnist metrics.json model.safetensors report.html
run 0 --quiet --data small --model mlp --samples 200 --epochs 1 --out quiet
[ "$(wc -l <out)" -eq 1 ] || fail "--quiet prints more than one line"

# ---- the cnn and batches of one sample ----
run 0 --quiet --data small --samples 129 --epochs 1 --out odd
bad 'two samples' --data small --samples 129 --batch 1
bad 'wants two' --data small --samples 1

# ---- equal seeds give equal bytes, on any number of threads and workers; another seed others ----
mlp="--quiet --data small --model mlp --samples 1500 --epochs 2 --hidden 64,32 --batch 100 --dropout 0.2"
cnn="--quiet --data small --samples 400 --epochs 2 --batch 50 --augment" # the default model
for threads in 1 2 4; do
    run 0 $mlp --threads $threads --out "mlp$threads"
    run 0 $cnn --threads $threads --workers $((threads - 1)) --out "cnn$threads"
done
same mlp1 mlp2
same mlp1 mlp4
same cnn1 cnn2
same cnn1 cnn4
run 0 $mlp --seed 7 --out other
if cmp -s mlp1/model.safetensors other/model.safetensors; then fail "another seed gives the same bytes"; fi

# ---- networks of convolutions learn, in little memory ----
at_least() { # LEAST KEY FOLDER
    number "$2" "$3" | awk -v least="$1" '{ exit !($1 >= least) }' || fail "$3: $2 is $(number "$2" "$3"), below $1"
}
run 0 --data small --model lenet --samples 2000 --epochs 3 --batch 50 --out lenet
at_least 0.88 test_accuracy lenet
run 0 --data small --model cnn --samples 1500 --epochs 2 --batch 50 --augment --workers 2 --out cnn
at_least 0.88 test_accuracy cnn
grep -q '^0 conv, 3x3, pad 1, no bias ' out || fail "no table of layers"
run 0 --quiet --samples 2000 --epochs 1 --out whole # all 70,000 pictures are in memory, and 10,000 are scored
sanitized || number peak_rss_mb whole | awk '{ exit !($1 < 200) }' || fail "$(number peak_rss_mb whole) MB at the peak, 200 are allowed"

# ---- the file alone is the network: a program that links the library loads it and scores the same ----
if [ -f "$build/libmlcore.so" ] && ! sanitized; then
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -I"$source/include" "$source/tests/examples/support/score.c" -o score \
        -L"$build" -lmlcore -Wl,-rpath,"$build" || fail "score.c does not build"
    for model in cnn lenet mlp1; do
        ./score $model/model.safetensors small >out || fail "$model/model.safetensors does not load"
        [ "$(cat out)" = "$(number test_accuracy $model)" ] || fail "$model scores $(cat out), not $(number test_accuracy $model)"
    done
fi

# ---- the other bodies of the kernels learn the same ----
for kernel in blas ref; do
    run 0 --quiet --data small --model mlp --samples 600 --epochs 3 --batch 20 --hidden 16 --kernel $kernel --out "$kernel"
    grep -q "test accuracy [4-9]" out || { cat out; fail "--kernel $kernel does not learn"; }
done

# ---- early stopping, with both optimizers ----
run 0 --data small --model mlp --samples 1500 --epochs 60 --patience 2 --hidden 64 --optimizer sgd --lr 0.1 --weight-decay 0.0001
grep -q '^stopped after epoch [0-9]*: no better validation accuracy for 2 epochs$' out || { cat out; fail "patience"; }
grep -q '^kept the weights of epoch [0-9]*, validation' out || fail "the best weights are not kept"
at_least 0.8 validation_accuracy runs/week04-mnist
only runs/week04-mnist metrics.json model.safetensors report.html

# ---- a rate far too high says so, and writes no model ----
run 1 --data small --model mlp --samples 3000 --epochs 20 --hidden 64 --checkpoint-every 1 --optimizer sgd --lr 100 --weight-decay 10 --out diverged
grep -q 'try a smaller --lr' err || fail "a diverging loss has no sentence"
[ -z "$(ls -A diverged)" ] || fail "a diverged model was written"

# ---- Fashion-MNIST, where it is installed ----
if [ -d /usr/share/datasets/fashion-mnist ]; then
    run 0 --quiet --data /usr/share/datasets/fashion-mnist --model mlp --samples 3000 --epochs 2 --hidden 64 --out fashion
    grep -q '^test accuracy 7\|^test accuracy [89]' out || { cat out; fail "Fashion-MNIST is not between 70 and 90 %"; }
fi
mkdir -p root
ln -s "$source/data/mnist" root/mnist
MLCORE_DATA=$work/root
export MLCORE_DATA
run 0 --model softmax --samples 200 --epochs 1
grep -q "^$work/root/mnist: " out || fail "MLCORE_DATA is not used"
echo passed
