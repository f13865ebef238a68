/* plot.h -- pictures of numbers: described here, drawn by gnuplot into SVG, PNG or the terminal.
 *
 *     ml_plot *p = ml_plot_new((ml_plot_opts){.title = "Loss", .x_label = "epoch"});
 *     ml_plot_line(p, "training", NULL, loss, epochs);
 *     if (ml_plot_save(p, "loss.svg"))
 *         ml_perror("loss.svg");        ... and the program goes on
 *     ml_plot_free(p);
 *
 * A plot takes copies of all that it is given. Its first error sticks, so that one check is enough: the one of drawing.
 *
 * Numbers that are NaN, infinite, or beyond 1e300 are gaps, and so is what is below 1e-300 on a logarithmic axis. A plot without a
 * number to draw is an empty frame. Texts are UTF-8; what is none becomes U+FFFD, line ends and other control characters become
 * blanks, and long texts end in three dots. No text is ever a command of gnuplot's.
 *
 * gnuplot runs as a process of its own, for at most a minute; where it is not installed, drawing is ML_ESTATE with a sentence that
 * says how to get it. All kinds, with pictures: docs/plots.md.
 */
#ifndef MLCORE_PLOT_H
#define MLCORE_PLOT_H

#include <mlcore/matrix.h>
#include <mlcore/vision.h>

ML_BEGIN

typedef struct ml_plot ml_plot;

typedef struct ml_plot_opts {
    const char *title, *x_label, *y_label; /* NULL: none, or the usual ones of what is drawn */
    int64_t width, height;                 /* pixels of the SVG, 100 .. 10000; default 640 x 400 (panels: 480 x 340 each). A PNG
                                              has twice as many each way */
    bool log_x, log_y;
    double x_min, x_max, y_min, y_max; /* ends of the axes; 0: from the data; ML_ZERO: zero. Each min below its max */
    bool horizontal;                   /* bars lie, the first on top */
} ml_plot_opts;

/* NULL with an error where an option cannot be. */
ML_API ml_plot *ml_plot_new(ml_plot_opts opts);
ML_API void ml_plot_free(ml_plot *p);

/* ---- what is drawn: any number of these on one plot. label is for the legend; NULL: none ---- */

/* A line through n points in their order; a gap breaks it. x NULL: 1, 2, ..., n. Of more than 8,000 points, those are drawn that
 * are the least and the most of each of 4,000 stretches: no peak is lost. */
ML_API ml_status ml_plot_line(ml_plot *p, const char *label, const double *x, const double *y, int64_t n);
/* n points. Of more than 20,000 every second, third, ... is drawn. */
ML_API ml_status ml_plot_points(ml_plot *p, const char *label, const double *x, const double *y, int64_t n);
/* A bar a value; several series stand side by side. names of the n bars: of the first call that gives some; NULL: 1, 2, ... */
ML_API ml_status ml_plot_bars(ml_plot *p, const char *label, const char *const *names, const double *v, int64_t n);
/* How many values fall where; bins 0: as ml_histogram_bins finds. */
ML_API ml_status ml_plot_histogram(ml_plot *p, const char *label, const double *v, int64_t n, int64_t bins);
/* ml_density of the values, over them and three bandwidths beyond. Fewer than two different values leave it out. */
ML_API ml_status ml_plot_density(ml_plot *p, const char *label, const double *v, int64_t n);
/* A box beside those there are: ml_box_of the values, those outside of the whiskers as points. The label is under it. */
ML_API ml_status ml_plot_box(ml_plot *p, const char *label, const double *v, int64_t n);
/* A line with a mark at each point, and, where spread is not NULL, a band y - spread .. y + spread: a learning curve. */
ML_API ml_status ml_plot_curve(ml_plot *p, const char *label, const double *x, const double *y, const double *spread, int64_t n);

/* ---- what has a plot of its own ---- */

typedef struct ml_heat {
    const double *v; /* v[i * columns + j], the first row on top */
    int64_t rows, columns;
    const char *const *row_names, *const *column_names; /* NULL: 1, 2, ... */
    double low, high;                                   /* of the colours; both 0: from the data */
    bool diverging;                                     /* two colours, one each side of the middle: for correlations, -1 .. 1 */
    int64_t decimals;                                   /* of the numbers in the cells; default 2, ML_NONE 0 */
    bool no_numbers;                                    /* a scale beside it instead: also where there are more than 400 cells */
} ml_heat;
/* At most 250,000 cells. */
ML_API ml_status ml_plot_heat(ml_plot *p, ml_heat heat);
/* counts[truth * classes + predicted] as ml_confusion gives it: the numbers, coloured by their share of the row. */
ML_API ml_status ml_plot_confusion(ml_plot *p, const int64_t *counts, int32_t classes, const char *const *names);
/* n pictures in a grid of so many columns (0: about as many as rows), each pixel a square, captions above them (NULL: none).
 * Pictures may differ in size; what has more than 256 pixels a side is made smaller. */
ML_API ml_status ml_plot_pictures(ml_plot *p, const ml_image *const *pictures, const char *const *captions, int64_t n,
                                  int64_t columns);
/* The ROC curve of a score for labels 0 and 1, with its area in the legend; several models on one plot. One class alone is an
 * error. */
ML_API ml_status ml_plot_roc(ml_plot *p, const char *label, ml_ints truth, const double *score);
/* How often label 1 is true where its probability was said to be p: the samples in so many groups of equal width (0: 10), at the
 * mean probability of each; below the diagonal a model is too sure. */
ML_API ml_status ml_plot_calibration(ml_plot *p, const char *label, ml_ints truth, const double *probability, int64_t bins);
/* Lying bars, the largest on top, at most `most` (0: 20) of them; spread (NULL: none) as a line to both sides. */
ML_API ml_status ml_plot_importances(ml_plot *p, const char *const *names, const double *v, const double *spread, int64_t n,
                                     int64_t most);

/* A plot of n plots in a grid, row after row; they must outlive it. 0 columns: about as many as rows. Of opts: title and sizes. */
ML_API ml_plot *ml_plot_panels(const ml_plot *const *plots, int64_t n, int64_t columns, ml_plot_opts opts);

/* ---- drawing ---- */

/* By the end of the path: ".svg" or ".png". Written beside and renamed. */
ML_API ml_status ml_plot_save(const ml_plot *p, const char *path);
/* The SVG as text, for free(). */
ML_API char *ml_plot_svg(const ml_plot *p);
/* As text of so many columns (0: 80), in colours where out is a terminal. */
ML_API ml_status ml_plot_print(FILE *out, const ml_plot *p, int64_t width);

/* A drawing in Graphviz's language, such as ml_tape_dot writes, as SVG: text for free(), or a file. Where its program dot is
 * not installed, ML_ESTATE and how to get it. */
ML_API char *ml_graphviz_svg(const char *dot_path);
ML_API ml_status ml_graphviz_save(const char *dot_path, const char *svg_path);

/* ---- the numbers behind: pure functions. NaN is left out; an infinity is an error ---- */

/* How many bins of equal width NumPy's histogram(bins="auto") would make, and from where to where: the narrower of Sturges and
 * Freedman-Diaconis (1981). Without a value 1 bin, 0 .. 1; of equal values 1 bin around them. At most 100,000. */
ML_API ml_status ml_histogram_bins(ml_doubles v, int64_t *bins, double *low, double *high);
/* Counts v in bins of equal width over low .. high: count[i] for low + i w <= v < low + (i + 1) w, the last with its end; what
 * is outside is in none. */
ML_API ml_status ml_histogram_counts(ml_doubles v, int64_t bins, double low, double high, int64_t *count);
/* The density at x: the mean over v of normal curves as wide as `bandwidth` (0: Scott 1992, n^(-1/5) standard deviations, as
 * scipy.stats.gaussian_kde). NaN where x is. Wants two different values. */
ML_API ml_status ml_density(ml_doubles v, double bandwidth, ml_doubles x, double *density);
/* The bandwidth of that rule. */
ML_API ml_status ml_density_bandwidth(ml_doubles v, double *bandwidth);

/* What a box plot shows (Tukey 1977): quartiles, interpolated as NumPy's percentile; whiskers to the outermost values within 1.5
 * times q3 - q1 of the box. */
typedef struct ml_box {
    double low, q1, median, q3, high;
    int64_t n;        /* values that are not NaN */
    int64_t outliers; /* beyond the whiskers */
} ml_box;
/* An error where there is no value. */
ML_API ml_status ml_box_of(ml_doubles v, ml_box *box);

ML_END
#endif
