#!/bin/sh
# The kernels of a package, compiled for several levels of x86-64: each variant is apart from the others, code for newer CPUs is nowhere
# else, and the one that MLCORE_CPU names runs.
set -u
cd "$MLCORE_BUILD" || exit 1
command -v nm >/dev/null 2>&1 && command -v objdump >/dev/null 2>&1 || { echo "nm or objdump is not here"; exit 77; }
bad=0
complain() {
    echo "$*"
    bad=1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

levels=
for folder in CMakeFiles/kernels_v[234].dir; do
    level=${folder#CMakeFiles/kernels_v}
    levels="$levels ${level%.dir}"
done
for level in $levels; do
    find CMakeFiles/kernels_v$level.dir -name '*.o' >"$work/objects"
    # What a variant defines bears its level, and is neither weak nor shared with others by the linker.
    xargs nm -g --defined-only <"$work/objects" | awk -v end="_v$level" 'NF == 3 && ($2 != "T" || $3 !~ end "$") { print $2, $3 }' >"$work/odd"
    [ ! -s "$work/odd" ] || complain "level $level defines these names:" $(cat "$work/odd")
    xargs nm -g --defined-only <"$work/objects" | awk 'NF == 3 { sub(/_v[234]$/, "", $3); print $3 }' | sort >"$work/defined"
    # It calls no other variant, and none of the jumps.
    xargs nm -u <"$work/objects" | awk -v end="_v$level" '$2 ~ /_v[234]$/ && $2 !~ end "$" { print $2 }' >"$work/others"
    [ ! -s "$work/others" ] || complain "level $level calls:" $(sort -u "$work/others")
    xargs nm -u <"$work/objects" | awk '{ print $2 }' | sort -u | comm -12 - "$work/defined" >"$work/jumps"
    [ ! -s "$work/jumps" ] || complain "level $level leaves its variant to call:" $(cat "$work/jumps")
    # Each of its functions has a jump, and there are no more.
    nm -g --defined-only CMakeFiles/kernels_dispatch.dir/variants/*.o | awk 'NF == 3 && $2 == "T" { print $3 }' | sort >"$work/jump"
    cmp -s "$work/jump" "$work/defined" || complain "level $level and the jumps differ:" $(comm -3 "$work/jump" "$work/defined")
    xargs objdump -d --no-show-raw-insn <"$work/objects" >"$work/code"
    grep -c '%zmm' "$work/code" >"$work/zmm"
    grep -c '%ymm' "$work/code" >"$work/ymm"
    case $level in
    2) [ "$(cat "$work/ymm" "$work/zmm" | tr -d '\n')" = 00 ] || complain "level 2 has vectors of more than 128 bits" ;;
    3) [ "$(cat "$work/zmm")" = 0 ] && [ "$(cat "$work/ymm")" -gt 0 ] || complain "level 3 has not vectors of 256 bits" ;;
    4) [ "$(cat "$work/zmm")" -gt 0 ] || complain "level 4 has no vectors of 512 bits" ;;
    esac
done
# All else runs on every CPU of the kind that the compiler is for.
find CMakeFiles/mlcore_objects.dir CMakeFiles/kernels_dispatch.dir -name '*.o' | xargs objdump -d --no-show-raw-insn |
    grep -E '%[yz]mm|	v[a-z0-9]+ ' | head -n 3 >"$work/leaked"
[ ! -s "$work/leaked" ] || complain "code for newer CPUs outside of the variants:" "$(cat "$work/leaked")"

# Which one runs.
printf '%s\n' '#include <mlcore/mlcore.h>' '#include <stdio.h>' \
    'int main(void) { puts(ml_cpu_check() ? ml_cpu_check() : ml_build_info()); return 0; }' >"$work/info.c"
archive=$(ls libmlcore*.so | head -n 1)
kind=
case $archive in *double*) kind=-DMLCORE_DOUBLE ;; esac
${CC:-cc} -std=c11 $kind -I"$MLCORE_SOURCE/include" "$work/info.c" "./$archive" -Wl,-rpath,"$PWD" -o "$work/info" || exit 1
best=$("$work/info" | sed -n 's/.*(x86-64-v\([234]\), picked at start from.*/\1/p')
[ -n "$best" ] || complain "no variant is named: $("$work/info")"
# says NAME TEXT [under...]: with MLCORE_CPU=NAME the line has TEXT
says() {
    name=$1 text=$2
    shift 2
    line=$(MLCORE_CPU=$name "$@" "$work/info")
    case $line in
    *"$text"*) ;;
    *) complain "MLCORE_CPU=$name $*: wanted '$text' in: $line" ;;
    esac
}
for level in $levels; do
    if [ "$level" -le "$best" ]; then
        says x86-64-v$level "(x86-64-v$level, picked at start from$(printf ' v%s' $levels); as MLCORE_CPU says)"
    else
        says x86-64-v$level "(x86-64-v$best, picked at start from$(printf ' v%s' $levels); MLCORE_CPU names one that this CPU lacks)"
    fi
done
says pentium "(x86-64-v$best, picked at start from$(printf ' v%s' $levels); MLCORE_CPU names none of them)"
says '' "(x86-64-v$best, picked at start from$(printf ' v%s' $levels))"
# CPUs of other days, where they can be had.
if command -v qemu-x86_64 >/dev/null 2>&1 && [ "$levels" = " 2 3 4" ]; then
    says x86-64-v3 "(x86-64-v2, picked at start from v2 v3 v4; MLCORE_CPU names one that this CPU lacks)" qemu-x86_64 -cpu Nehalem
    says '' "built for CPUs of level x86-64-v2 and up, which this one is not" qemu-x86_64 -cpu core2duo
fi
[ $bad = 0 ] && echo "variants$levels: $(wc -l <"$work/defined") functions each, apart from one another; $best runs here"
exit $bad
