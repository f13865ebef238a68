/* script.h -- a plot in gnuplot's words: the text that is made, and who writes which part of it. Internal to the files that do.
 *
 *   texts, terminal, panels                     script.c
 *   what the layers lie on: axes, names, key    sheet.c
 *   the layers: tables of numbers, and marks    layers.c
 *
 * The house style: white ground, few thin grey lines, no frame; the colours of Okabe and Ito (2008), which people who see
 * two colours alike can tell apart; for print in grey a dash or a shape of its own for each series, and areas in an order in which
 * dark and light take turns.
 * Source of the language: gnuplot 5.4 documentation
 */
#ifndef MLI_SCRIPT_H
#define MLI_SCRIPT_H

#include "plot/axes.h"

typedef struct mli_script {
    mli_buffer texts, commands;
    int64_t lines; /* of texts */
    int blocks;
    mli_output output;
    int64_t width, height; /* of one plot */
} mli_script;

/* The most letters of a title and of a name; how many pixels wide a letter is, and one of a title. */
enum { MLI_MOST_TITLE = 120, MLI_MOST_NAME = 24, MLI_LETTER = 7, MLI_LARGE_LETTER = 10 };
#define MLI_INK_RGB "1a1a1a"

static inline bool mli_script_is_terminal(const mli_script *s)
{
    return s->output >= MLI_TERMINAL;
}

/* Writes a text down, at most so many letters; the number of its line. The name of a tick is a format to gnuplot: there % is %%. */
int64_t mli_script_note(mli_script *s, const char *text, int64_t most, bool format);
/* The same, and into the command the call that gives it. */
void mli_script_text(mli_script *s, const char *text, int64_t most, bool format);
/* How many letters, each so wide, go into so many pixels. */
int64_t mli_script_letters(const mli_script *s, int64_t pixels, int letter, int64_t most);

void mli_script_sheet(mli_script *s, const ml_plot *p, const mli_axes *a);
void mli_script_layers(mli_script *s, const ml_plot *p, const mli_axes *a);

#endif
