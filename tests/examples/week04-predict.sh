#!/bin/sh
# week04-mnist --predict: twenty pictures as a person would take them, drawn here; and files that are no such pictures.
. "${MLCORE_SOURCE:?}/tests/examples/support/week04.sh"

${CC:-cc} -O2 -std=c11 -D_POSIX_C_SOURCE=200809L -I"$source/include" "$source"/tests/examples/support/photo.c \
    "$source"/tests/examples/support/strokes.c "$source"/tests/examples/support/render_digits.c -o render \
    -L"$build" -lmlcore -lm -Wl,-rpath,"$build" || fail "the pictures' program does not build"

# ---- without a network ----
mkdir photos
./render photos 2024 20 >scenes || fail "render"
bad "no network has been trained yet" --predict photos/000_0.png
bad '--predict wants the names of files' --predict
bad '--model-file is for --predict' --model-file x

# ---- twenty pictures, at least eighteen right ----
run 0 --quiet --model mlp --epochs 3 --seed 1
run 0 --quiet --predict photos/*
read_right() { sed 's/.*_\([0-9]\)\.[a-z]*: \([0-9]\), .*/\1 \2/' out | awk '$1 == $2 { n++ } END { print n + 0 }'; }
right=$(read_right)
[ "$(wc -l <out)" -eq 20 ] || fail "not one line a picture"
[ "$right" -ge 18 ] || { paste out scenes; fail "$right of 20 digits read"; }
# Another network, where one is named: that of quickstart.sh, in the slow tier.
if [ -n "${MLCORE_PHOTO_MODEL:-}" ]; then
    run 0 --quiet --predict photos/* --model-file "$MLCORE_PHOTO_MODEL"
    others=$(read_right)
    [ "$others" -ge 18 ] || { paste out scenes; fail "$others of 20 digits read with $MLCORE_PHOTO_MODEL"; }
fi
run 0 --predict photos/003_3.png
[ "$(grep -c '%' out)" -ge 3 ] || { cat out; fail "not three answers"; }

bad 'a?b.png' --predict "$(printf 'a\nb.png')"

# ---- what is no picture of a digit: a sentence, status 2, and the others are read all the same ----
head -c 700 photos/003_3.png >cut.png
echo "this is text" >text.png
: >empty.png
printf '\0\0\0\030ftypheic\0\0\0\0mif1heic' >photo.heic
printf 'RIFF\044\0\0\0WEBPVP8 ' >photo.webp
./render blank 7 1 blank >/dev/null 2>&1 || { mkdir blank && ./render blank 7 1 blank >/dev/null; }
for file in cut.png text.png empty.png photo.heic photo.webp photos none.png "$source/tests/fuzz/seeds/image/wide.png" blank/*; do
    "$program" --quiet --predict "$file" photos/003_3.png >out 2>err
    [ $? -eq 2 ] || { cat out err; fail "--predict $file: not status 2"; }
    [ "$(wc -l <err)" -eq 1 ] && grep -qF "$(basename "$file")" err || { cat err; fail "--predict $file: not one sentence with its name"; }
    grep -q 'photos/003_3.png: ' out || { cat out; fail "--predict $file: the picture after it was not read"; }
done
echo "$right of 20 right${others:+; $others with $MLCORE_PHOTO_MODEL}"
