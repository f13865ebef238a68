#!/bin/sh
# Each public header compiles alone, as C11 and as C++17, float and double, with every compiler that is here.
set -eu
cd "$MLCORE_SOURCE"
strict="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude"
tried=0

try() { # try compiler language standard header define
    tried=$((tried + 1))
    echo "#include <mlcore/$4>" | $1 -x "$2" -std="$3" $strict $5 - || {
        echo "<mlcore/$4> does not compile alone: $1 -x $2 -std=$3 $5"
        exit 1
    }
}
for cc in gcc clang clang-14; do
    command -v $cc >/dev/null 2>&1 || continue
    languages=c
    if echo 'int main() { return 0; }' | $cc -x c++ -fsyntax-only - >/dev/null 2>&1; then
        languages="c c++"
    fi
    for header in include/mlcore/*.h; do
        for language in $languages; do
            standard=c11
            [ $language = c ] || standard=c++17
            try $cc $language $standard "$(basename "$header")" ""
            try $cc $language $standard "$(basename "$header")" -DMLCORE_DOUBLE
        done
    done
done
echo "$tried headers compiled alone"
[ $tried -gt 0 ]
