#!/bin/sh
# flip-signs.sh -- are the tests awake? Makes each change of tests/flips.txt in a copy of the tree; some unit test must fail.
# Prints by what each was caught, and ends with the count. The copy is built in double precision.
# --stale: only looks whether each text is there, once; no build.
set -u
root=$(cd "$(dirname "$0")/.." && pwd -P)

# flip FILE OLD NEW: prints the file with NEW for OLD, taking any run of blanks and line ends for one blank; it must occur once
flip() {
    FLIP_OLD=$2 FLIP_NEW=$3 awk '
        function escape(s) { gsub(/[][\\.*+?(){}|^$]/, "\\\\&", s); gsub(/ +/, "[ \n]+", s); return s }
        { text = text $0 "\n" }
        END {
            pattern = escape(ENVIRON["FLIP_OLD"])
            # Not in the middle of a longer word, so that "g[i] = dy" is not found in "dg[i] = dy".
            if (!match(text, "(^|[^A-Za-z0-9_>.])" pattern)) exit 3
            begin = RSTART; length_ = RLENGTH
            if (substr(text, begin, 1) != substr(ENVIRON["FLIP_OLD"], 1, 1)) { begin++; length_-- }
            rest = substr(text, begin + length_)
            if (match(rest, "(^|[^A-Za-z0-9_>.])" pattern)) exit 4
            printf "%s%s%s", substr(text, 1, begin - 1), ENVIRON["FLIP_NEW"], rest
        }' "$root/$1"
}

# each_flip COMMAND: calls it for each flip, with file, old and new
each_flip() {
    while IFS= read -r file; do
        case $file in '' | '#'*) continue ;; esac
        IFS= read -r old
        IFS= read -r new
        "$1" "$file" "${old#- }" "${new#+ }"
    done <"$root/tests/flips.txt"
}
is_there() {
    flip "$1" "$2" "$3" >/dev/null || { echo "tests/flips.txt: $1 has not exactly one '$2'"; stale=$((stale + 1)); }
}
if [ "${1:-}" = --stale ]; then
    stale=0
    each_flip is_there
    [ $stale = 0 ]
    exit
fi

copy=$root/build/flips
tree=$copy/tree
build=$copy/build
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

rm -rf "$tree" "$copy/times"
mkdir -p "$tree"
for item in CMakeLists.txt cmake include lib third_party tests README.md; do
    cp -Rp "$root/$item" "$tree/" || exit 1
done
ln -sfn "$root/data" "$tree/data"
# Tests that look behind the door of a shared library: after a flip one thing is linked anew, and not sixty.
sed -i 's/C_VISIBILITY_PRESET hidden/C_VISIBILITY_PRESET default/' "$tree/CMakeLists.txt"
sed -i 's/test_support PUBLIC mlcore_static/test_support PUBLIC mlcore/' "$tree/cmake/Tests.cmake"
tests=$(cd "$root/tests" && ls test_kernels_*.c test_autograd_*.c test_nn_*.c | sed 's/\.c$//')
# shellcheck disable=SC2086
cmake -S "$tree" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O1 -DMLCORE_DOUBLE=ON -DMLCORE_WERROR=OFF \
    -DMLCORE_EXAMPLES=OFF >"$copy/log" 2>&1 && cmake --build "$build" -j "$jobs" --target $tests >"$copy/log" 2>&1 ||
    { tail -n 30 "$copy/log"; exit 1; }

# Quick tests first: most flips are caught within a second.
cd "$build" || exit 1
for test in $tests; do
    begin=$(date +%s%N)
    timeout 600 "./$test" >"$copy/log" 2>&1 || { cat "$copy/log"; echo "$test fails as it is"; exit 1; }
    echo "$(($(date +%s%N) - begin)) $test" >>"$copy/times"
done
sort -n "$copy/times" | cut -d ' ' -f 2 >"$copy/order"

# The first test that fails; nothing where all pass.
first_failure() {
    rm -f "$copy/failed"
    xargs -n 1 -P "$jobs" sh -c 'timeout 120 "./$1" >/dev/null 2>&1 || { echo "$1" >>"$0"; exit 255; }' "$copy/failed" \
        <"$copy/order" 2>/dev/null
    head -n 1 "$copy/failed" 2>/dev/null
}

caught=0 survived=0
try() {
    if ! flip "$1" "$2" "$3" >"$tree/$1"; then
        echo "stale: $1 has not exactly one '$2'"
        survived=$((survived + 1))
    elif ! cmake --build "$build" -j "$jobs" --target mlcore >"$copy/log" 2>&1; then
        echo "does not build: $1: $3"
        tail -n 15 "$copy/log"
        survived=$((survived + 1))
    else
        by=$(first_failure)
        [ -n "$by" ] && caught=$((caught + 1)) || survived=$((survived + 1))
        echo "${by:+caught by }${by:-survived}: $1: $3"
    fi
    cp -p "$root/$1" "$tree/$1" && touch "$tree/$1"
}
each_flip try
echo "flipped signs: $caught caught, $survived not"
[ $survived = 0 ]
