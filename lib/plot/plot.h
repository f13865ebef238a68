/* plot.h -- what the files of this room share. Internal.
 *
 * A plot is a list of layers, each a mark (a line, boxes, texts) with a table of numbers. Every kind of plot is made of these few marks;
 * script.h and its files alone know how gnuplot draws them.
 */
#ifndef MLI_PLOT_H
#define MLI_PLOT_H

#include "base/buffer.h"

#include <mlcore/plot.h>

typedef enum mli_mark {
    MLI_LINE = 0, /* x y */
    MLI_POINTS,   /* x y */
    MLI_AREA,     /* x, from y to y */
    MLI_BOXES,    /* from x to x, from y to y */
    MLI_BARS,     /* a height: bar i + 1; drawn beside the other series */
    MLI_SEGMENTS, /* x y to x y */
    MLI_CELLS,    /* as boxes, and a number for the colour */
    MLI_TEXTS,    /* x y, and a text each */
    MLI_PIXELS    /* x y, and red green blue */
} mli_mark;

/* Colours beside those of series, which are 0, 1, 2, ... */
enum { MLI_INK = -1, MLI_QUIET = -2, MLI_PAPER = -3 };

typedef struct mli_layer {
    struct mli_layer *next;
    mli_mark mark;
    int colour;
    char *label;     /* NULL: not in the legend */
    int64_t n;
    int columns;
    double *v;       /* n rows */
    char **text;     /* of texts */
} mli_layer;

typedef struct mli_names {
    char **v; /* at 1, 2, ..., n of an axis */
    int64_t n;
} mli_names;

struct ml_plot {
    char *title, *x_label, *y_label;
    ml_plot_opts opts; /* resolved; its texts are not used */
    mli_layer *layer, **end;
    int series, boxes;     /* how many there are */
    mli_names x_names, y_names;
    bool x_tight, y_tight; /* the data reaches the frame */
    bool x_zero, y_zero;   /* what stands on 0 */
    bool y_down;           /* 1 is on top */
    bool square, bare;     /* one unit is as long both ways; without axes */
    bool counted;          /* x counts 1, 2, ...: no marks between */
    bool reference;        /* its diagonal is there */
    bool diverging, scale; /* the colours of cells; a scale beside them */
    double low, high;      /* of the colours */
    const ml_plot *const *panel;
    int64_t panels, panel_columns;
    ml_status failed;      /* the first error, which sticks */
    char sentence[256];
};

/* Notes an error, unless there is one, and returns it. */
ml_status mli_plot_fail(ml_plot *p, ml_status status, const char *format, ...) ML_PRINTF(3, 4);
/* The same with what ml_error says. */
ml_status mli_plot_failed(ml_plot *p);
/* Whether something can be drawn: a plot without an error, n values that are there, at most 2^31. Else an error that begins with who. */
ml_status mli_plot_check(ml_plot *p, const char *who, int64_t n, bool there);
/* A new layer of zeros, for the caller to fill; NULL where memory lacks, which is noted. */
mli_layer *mli_plot_layer(ml_plot *p, mli_mark mark, int colour, const char *label, int64_t n);
/* Copies names for an axis, unless it has some; NULL: numbers. */
ml_status mli_plot_names(ml_plot *p, mli_names *axis, const char *const *names, int64_t n);
/* Texts where none were given. */
void mli_plot_labels(ml_plot *p, const char *x, const char *y);
/* The diagonal from (0, 0) to (1, 1), once, and axes 0 .. 1. */
ml_status mli_plot_diagonal(ml_plot *p);

/* The values that are not NaN, in order, for mli_free; infinities are an error. */
ml_status mli_sorted(const char *who, ml_doubles v, double **sorted, int64_t *n);

typedef enum mli_output { MLI_SVG = 0, MLI_PNG, MLI_TERMINAL, MLI_TERMINAL_COLOURS } mli_output;
/* What gnuplot is told, into *script. Sizes: pixels, or columns and rows of a terminal. */
void mli_plot_script(const ml_plot *p, mli_output output, int64_t width, int64_t height, mli_buffer *script);

#endif
