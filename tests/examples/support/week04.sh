# What the tests of week04-mnist share. Sourced; makes a folder of its own and goes there.
set -u
build=${MLCORE_BUILD:?}
source=${MLCORE_SOURCE:?}
program=$build/week04-mnist
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset MLCORE_DATA MLCORE_THREADS
fail() { echo "FAILED: $*"; exit 1; }

# run STATUS ARGUMENTS...: stdout to out, stderr to err.
run() {
    wanted=$1
    shift
    "$program" "$@" >out 2>err
    got=$?
    [ "$got" -eq "$wanted" ] || { cat out err; fail "week04-mnist $*: status $got, expected $wanted"; }
}
# bad PART ARGUMENTS...: status 2, one line on stderr that has the part, nothing trained.
bad() {
    part=$1
    shift
    run 2 "$@"
    [ "$(wc -l <err)" -eq 1 ] || { cat err; fail "week04-mnist $*: not one line"; }
    grep -qF -- "$part" err || { cat err; fail "week04-mnist $*: the sentence lacks '$part'"; }
    if grep -q epoch out; then fail "week04-mnist $*: trained all the same"; fi
}
# only FOLDER NAME...: these files are there and no others.
only() {
    folder=$1
    shift
    [ "$(ls -A "$folder")" = "$(printf '%s\n' "$@")" ] || fail "in $folder there are: $(ls -A "$folder" | tr '\n' ' ')"
}
same() { cmp "$1/model.safetensors" "$2/model.safetensors" || fail "$1 and $2 have other bytes"; }
# number KEY FOLDER: of its metrics.json
number() { sed -n 's/.*"'"$1"'": *\([0-9.eE+-]*\).*/\1/p' "$2/metrics.json"; }

# Whether a sanitizer watches: it needs memory of its own, and its library is not one that others link.
sanitized() { ! grep -q '^MLCORE_SANITIZE:[A-Z]*=$' "$build/CMakeCache.txt"; }

# small_set FOLDER: the first 3,000 and 1,000 samples, unpacked, each file under a header of its own.
first() { # name, header's bytes, header, bytes to keep
    { printf "$3"; gzip -dc "$source/data/mnist/$1.gz" | tail -c +$(($2 + 1)) | head -c "$4"; } >"$set/$1" 2>/dev/null
}
small_set() {
    set=$1
    mkdir "$set"
    first train-images-idx3-ubyte 16 '\0\0\010\003\0\0\013\270\0\0\0\034\0\0\0\034' 2352000
    first train-labels-idx1-ubyte 8 '\0\0\010\001\0\0\013\270' 3000
    first t10k-images-idx3-ubyte 16 '\0\0\010\003\0\0\003\350\0\0\0\034\0\0\0\034' 784000
    first t10k-labels-idx1-ubyte 8 '\0\0\010\001\0\0\003\350' 1000
}
