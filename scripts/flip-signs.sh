#!/bin/sh
# flip-signs.sh -- are the tests awake? Makes each change of tests/flips.txt in a copy of the tree; some unit test must fail.
# Prints what survived, and ends with the count. The copy is built in double precision, without optimisation.
set -u
root=$(cd "$(dirname "$0")/.." && pwd -P)
copy=$root/build/flips
tree=$copy/tree
build=$copy/build
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

rm -rf "$tree"
mkdir -p "$tree"
for item in CMakeLists.txt cmake include lib third_party tests README.md; do
    cp -Rp "$root/$item" "$tree/" || exit 1
done
ln -sfn "$root/data" "$tree/data"
cmake -S "$tree" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0 -DMLCORE_DOUBLE=ON -DMLCORE_WERROR=OFF \
    -DMLCORE_EXAMPLES=OFF >"$copy/log" 2>&1 && cmake --build "$build" -j "$jobs" >>"$copy/log" 2>&1 ||
    { tail -n 30 "$copy/log"; exit 1; }
tests='^test_(kernels|autograd|nn)'
ctest --test-dir "$build" -R "$tests" -j "$jobs" >"$copy/log" 2>&1 || { cat "$copy/log"; echo "the tests fail as they are"; exit 1; }

# flip FILE OLD NEW: replaces OLD, taking any run of blanks and line ends for one blank; it must occur once
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
        }' "$root/$1" >"$tree/$1"
}

caught=0 survived=0
while IFS= read -r file; do
    case $file in '' | '#'*) continue ;; esac
    IFS= read -r old
    IFS= read -r new
    old=${old#- } new=${new#+ }
    if ! flip "$file" "$old" "$new"; then
        echo "stale: $file has not exactly one '$old'"
        survived=$((survived + 1))
    elif ! cmake --build "$build" -j "$jobs" >"$copy/log" 2>&1; then
        echo "does not build: $file: $new"
        tail -n 15 "$copy/log"
        survived=$((survived + 1))
    elif ctest --test-dir "$build" -R "$tests" -j "$jobs" --stop-on-failure --timeout 120 >"$copy/log" 2>&1; then
        echo "survived: $file: $new"
        survived=$((survived + 1))
    else
        caught=$((caught + 1))
        echo "caught by $(sed -n 's/^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .*\*\*\*.*/\1/p' "$copy/log" | head -n 1): $file: $new"
    fi
    cp -p "$root/$file" "$tree/$file" && touch "$tree/$file"
done <"$root/tests/flips.txt"
echo "flipped signs: $caught caught, $survived not"
[ $survived = 0 ]
