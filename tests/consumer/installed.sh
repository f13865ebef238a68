#!/bin/sh
# The library as a stranger meets it: installed in a place of its own, used from outside the tree.
set -eu
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "consumer: $*"
    exit 1
}
strict="-std=c11 -Wall -Wextra -Wpedantic -Werror"

cmake --install "$MLCORE_BUILD" --prefix "$work/prefix" >"$work/install.log" || fail "cmake --install failed"
pc=$(find "$work/prefix" -name '*.pc')
kind=$(basename "$pc" .pc)
libdir=$(dirname "$(dirname "$pc")")
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
cflags=$(pkg-config --cflags $kind)
libs="$(pkg-config --libs $kind) -Wl,-rpath,$libdir"
echo "installed: $kind $(pkg-config --modversion $kind)"

# Every function that a header promises is in the library, and nothing else is.
sed -n '/^#ifdef MLCORE_DOUBLE/,/^#endif/d; s/^ML_API [^(]*[ *]\(ml_[a-z0-9_]*\)(.*/\1/p' "$work"/prefix/include/mlcore/*.h |
    sort -u >"$work/promised"
so=$(find "$libdir" -maxdepth 1 -name "lib$kind.so" | head -n 1)
if [ -n "$so" ] && command -v nm >/dev/null 2>&1; then
    nm -D --defined-only "$so" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$work/exported"
    sed 's/_double$//' "$work/exported" | sort -u >"$work/plain"
    comm -23 "$work/promised" "$work/plain" >"$work/absent"
    [ ! -s "$work/absent" ] || fail "declared in a header but not in the library:" $(cat "$work/absent")
    comm -13 "$work/promised" "$work/plain" >"$work/extra"
    [ ! -s "$work/extra" ] || fail "in the library but declared in no header:" $(cat "$work/extra")
    echo "exported: $(wc -l <"$work/exported") functions, all declared"
fi

# The program of the README, the very text. It must reach 97 %.
awk '/^```c$/ { on = 1; next } /^```$/ && on { exit } on' "$MLCORE_SOURCE/README.md" >"$work/app.c"
[ -s "$work/app.c" ] || fail "README.md has no C program"
good() { # good program: runs it and looks at the accuracy it prints
    out=$("$@") || fail "$* failed: $out"
    echo "$(basename "$1"): $out" | tail -n 1
    echo "$out" | awk '/accuracy/ { for (i = 1; i < NF; i++) if ($i == "accuracy") last = $(i + 1) }
        END { exit !(last >= 97) }' || fail "$* did not learn: $out"
}
$cc $strict "$work/app.c" $cflags $libs -o "$work/app-shared" || fail "the README's program does not compile"
good "$work/app-shared"

# The same, statically: from a prefix that has only the archive.
mkdir "$work/static"
cp -r "$work/prefix" "$work/static/"
find "$work/static" -name '*.so*' -exec rm {} +
static_pc=$(dirname "$(find "$work/static" -name '*.pc')")
static_flags=$(PKG_CONFIG_PATH=$static_pc:$PKG_CONFIG_PATH pkg-config --static --cflags --libs $kind)
$cc $strict "$work/app.c" $static_flags -o "$work/app-static" || fail "the README's program does not link statically"
good "$work/app-static"

# And by find_package.
cp "$MLCORE_SOURCE/tests/consumer/CMakeLists.txt" "$work/"
cmake -S "$work" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/prefix" -DKIND=$kind -DPROGRAM="$work/app.c" \
    -DCMAKE_C_COMPILER="$cc" >"$work/cmake.log" 2>&1 || { cat "$work/cmake.log"; fail "find_package($kind) failed"; }
cmake --build "$work/cmake" >"$work/cmake.log" 2>&1 || { cat "$work/cmake.log"; fail "the CMake project does not build"; }
good "$work/cmake/app_shared"
good "$work/cmake/app_static"

# The loop of the design, in C and in C++.
cp "$MLCORE_SOURCE"/tests/consumer/design_loop.c* "$work/"
$cc $strict "$work/design_loop.c" $cflags $libs -o "$work/loop-c" || fail "the design's loop does not compile"
good "$work/loop-c"
if echo 'int main() { return 0; }' | ${CXX:-c++} -x c++ - -o "$work/cxx" >/dev/null 2>&1; then
    ${CXX:-c++} -std=c++17 -Wall -Wextra -Wpedantic -Werror "$work/design_loop.cpp" $cflags $libs -o "$work/loop-cpp" ||
        fail "the design's loop does not compile as C++"
    good "$work/loop-cpp"
    ${CXX:-c++} -std=c++17 -Wall -Wextra -Wpedantic -Werror "$MLCORE_SOURCE/tests/embed/test_embed_cpp.cpp" $cflags $libs \
        -o "$work/embed" || fail "the embedding program does not compile as C++"
    good "$work/embed"
fi

# The pieces of docs/nets.md, one after another, of docs/models.md, and of docs/loop.md.
pieces() { awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$MLCORE_SOURCE/docs/$1"; }
for page in nets models loop; do
    pieces $page.md >"$work/$page.c"
    $cc $strict "$work/$page.c" $cflags $libs -o "$work/$page" || fail "the program of docs/$page.md does not compile"
    (cd "$work" && ./$page) >"$work/$page.log" 2>&1 || fail "the program of docs/$page.md failed: $(cat "$work/$page.log")"
done
echo "nets: $(tail -n 1 "$work/nets.log")"

# docs/plots.c draws the picture of docs/plots.md, where gnuplot is.
$cc $strict "$MLCORE_SOURCE/docs/plots.c" $cflags $libs -lm -o "$work/plots" || fail "docs/plots.c does not compile"
if command -v gnuplot >/dev/null; then
    "$work/plots" "$work/plots.svg" && grep -q '>Calibration<' "$work/plots.svg" || fail "docs/plots.c draws nothing"
fi

# The op of docs/your-own-op.md: its gradient holds, and a net with it learns.
pieces your-own-op.md >"$work/own.c"
$cc $strict "$work/own.c" $cflags $libs -lm -o "$work/own" || fail "the program of docs/your-own-op.md does not compile"
good "$work/own"
"$work/own" | grep -q '^gradients hold: 14 numbers' || fail "the op of docs/your-own-op.md is not proved"

# docs/inspecting.md: what it prints is what stands there.
pieces inspecting.md >"$work/inspect.c"
$cc $strict "$work/inspect.c" $cflags $libs -o "$work/inspect" || fail "the program of docs/inspecting.md does not compile"
(cd "$work" && ./inspect) >"$work/printed" || fail "the program of docs/inspecting.md failed: $(cat "$work/printed")"
awk '/^```text$/ { on = 1; next } /^```$/ { on = 0 } on' "$MLCORE_SOURCE/docs/inspecting.md" >"$work/claimed"
diff "$work/claimed" "$work/printed" || fail "docs/inspecting.md claims (<) what its program does not print (>)"
grep -q '^digraph tape' "$work/tape.dot" || fail "the program of docs/inspecting.md has drawn nothing"
echo "docs/inspecting.md: $(wc -l <"$work/printed") lines as claimed"

# The README's second program is that of docs/pipelines.md.
block_of() { awk -v wanted="$2" '/^```c$/ { on = ++n == wanted; next } /^```$/ { on = 0 } on' "$1"; }
block_of "$MLCORE_SOURCE/README.md" 2 >"$work/readme-2.c"
block_of "$MLCORE_SOURCE/docs/pipelines.md" 1 >"$work/pipelines-1.c"
cmp "$work/readme-2.c" "$work/pipelines-1.c" || fail "the README's second program and that of docs/pipelines.md differ"

# docs/pipelines.md: its program on a table of three hundred made-up passengers, some of whose ages are missing.
pieces pipelines.md >"$work/pipelines.c"
awk 'function draw(n) { seed = seed * 16807 % 2147483647; return seed % n }
    BEGIN {
        seed = 1
        print "survived,pclass,sex,age,fare,embarked"
        for (i = 0; i < 300; i++) {
            female = draw(2)
            printf "%d,%d,%s,%s,%d.5,%s\n", draw(10) < (female ? 9 : 1), 1 + draw(3), female ? "female" : "male",
                draw(5) ? 1 + draw(70) : "", draw(90), substr("SCQ", 1 + draw(3), 1)
        }
    }' >"$work/passengers.csv"
$cc $strict "$work/pipelines.c" $cflags $libs -o "$work/pipelines" || fail "the program of docs/pipelines.md does not compile"
(cd "$work" && ./pipelines passengers.csv) >"$work/pipelines.log" || fail "the program of docs/pipelines.md failed: $(cat "$work/pipelines.log")"
awk '$1 == "accuracy" { found = $2 >= 0.8 && $4 == 60 } END { exit !found }' "$work/pipelines.log" ||
    fail "the program of docs/pipelines.md did not learn: $(cat "$work/pipelines.log")"
[ "$(wc -l <"$work/predictions.csv")" = 61 ] || fail "the program of docs/pipelines.md wrote no predictions"
echo "pipelines: $(cat "$work/pipelines.log")"

# A program of the other kind must fail to link, not run with numbers of the wrong size.
case $kind in
mlcore) other=-DMLCORE_DOUBLE ;;
*) other=-UMLCORE_DOUBLE ;;
esac
if $cc $strict "$work/app.c" $cflags $other $libs -o "$work/mixed" 2>"$work/mixed.log"; then
    fail "a program compiled with $other links $kind"
fi
grep -q 'undefined reference\|Undefined symbols\|undefined symbol' "$work/mixed.log" ||
    fail "a program compiled with $other failed for another reason: $(cat "$work/mixed.log")"
echo "a program compiled with $other does not link $kind, as it should"
