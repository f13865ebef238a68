/* wrangle.h -- the verbs of a frame that work on rows and columns one at a time, in pandas' vocabulary and with its results.
 *
 * What picks rows makes a new frame, for ml_frame_free, with the role of the old one. What computes a column puts it under the name
 * `as`: at the end, or in the place of the column of that name; NULL is the place of the column that was read. On error nothing
 * has changed. A missing value stays missing unless it is said otherwise. Lists of names are those of frame.h: "age,fare".
 */
#ifndef MLCORE_WRANGLE_H
#define MLCORE_WRANGLE_H

#include <mlcore/frame.h>

ML_BEGIN

/* ---- masks: which rows ----
 *
 * A mask is eaten by the function that it is given to, also on error, and NULL in gives NULL out. So masks nest:
 *
 *     ml_frame *boys = ml_frame_where(f, ml_mask_and(ml_mask_number(f, "age", ML_LESS, 16),
 *                                                    ml_mask_text(f, "sex", ML_EQUAL, "male")));
 */
typedef struct ml_mask {
    int64_t n;
    bool *v; /* n, to read and write */
} ml_mask;
typedef enum ml_compare { ML_LESS = 0, ML_AT_MOST, ML_EQUAL, ML_NOT_EQUAL, ML_AT_LEAST, ML_GREATER } ml_compare;
typedef enum ml_keep { ML_KEEP_FIRST = 0, ML_KEEP_LAST, ML_KEEP_NONE } ml_keep;

/* A question about a row. */
typedef bool (*ml_row_test)(const ml_frame *f, int64_t row, void *user);

ML_API ml_mask *ml_mask_new(int64_t n); /* all false */
ML_API void ml_mask_free(ml_mask *m);
ML_API int64_t ml_mask_count(const ml_mask *m); /* how many are true; 0 of NULL. Eats nothing */
ML_API ml_mask *ml_mask_rows(const ml_frame *f, ml_row_test test, void *user);
/* A number, an integer (exactly, whatever its size) or a time with a number. What is missing compares as NaN: ML_NOT_EQUAL is true,
 * the others are false. */
ML_API ml_mask *ml_mask_number(const ml_frame *f, const char *column, ml_compare how, double value);
/* A text or category, by the order of code points. What is missing as above. */
ML_API ml_mask *ml_mask_text(const ml_frame *f, const char *column, ml_compare how, const char *text);
/* Whether a text or category is one of n texts; holds a part; matches a POSIX extended regular expression anywhere. False where it
 * is missing. */
ML_API ml_mask *ml_mask_in(const ml_frame *f, const char *column, const char *const *texts, int64_t n);
ML_API ml_mask *ml_mask_contains(const ml_frame *f, const char *column, const char *part);
ML_API ml_mask *ml_mask_matches(const ml_frame *f, const char *column, const char *pattern);
ML_API ml_mask *ml_mask_missing(const ml_frame *f, const char *column);
/* Rows that ml_frame_drop_duplicates drops. */
ML_API ml_mask *ml_mask_duplicated(const ml_frame *f, const char *columns, ml_keep keep);
ML_API ml_mask *ml_mask_and(ml_mask *a, ml_mask *b);
ML_API ml_mask *ml_mask_or(ml_mask *a, ml_mask *b);
ML_API ml_mask *ml_mask_not(ml_mask *m);

/* A new frame of the rows that are true. The mask must have as many rows as the frame. */
ML_API ml_frame *ml_frame_where(const ml_frame *f, ml_mask *m);
/* The same of a question. */
ML_API ml_frame *ml_frame_filter(const ml_frame *f, ml_row_test test, void *user);
/* The mask as an integer column of 0 and 1. */
ML_API ml_status ml_frame_put_mask(ml_frame *f, const char *name, ml_mask *m);

/* ---- rows: new frames ---- */

/* Sorts by these columns, the first counts most; those also listed in `descending` (NULL: none) from large to small. Rows
 * that are equal keep their order. Missing values are last either way; a category goes by its codes, a text by code points. */
ML_API ml_frame *ml_frame_sort(const ml_frame *f, const char *by, const char *descending);

/* Without rows that are equal in these columns (NULL: all), but for the first or last of each. Missing equals missing. */
ML_API ml_frame *ml_frame_drop_duplicates(const ml_frame *f, const char *columns, ml_keep keep);

/* Without rows that have a missing value. */
typedef struct ml_drop_opts {
    const char *columns; /* look at these alone; NULL: all */
    bool all;            /* drop only rows where all of them are missing; pandas' how="all" */
    int64_t least;       /* keep rows that have so many values; pandas' thresh. Not together with all; 0: not asked */
} ml_drop_opts;
ML_API ml_frame *ml_frame_drop_missing(const ml_frame *f, ml_drop_opts opts);

/* The rows of n frames one after another. A column that a part lacks is missing there; with common_only, columns that not all
 * have are left out. Columns come in the order in which they are first seen. Types: equal ones stay, and categories get the
 * union of their lists; integer and number make number, category and text make text; a part whose values are all missing
 * takes the type of the others; anything else is an error. Roles: TEST where a part is TEST, else that of all parts where
 * they agree, else NONE. */
ML_API ml_frame *ml_frame_concat(const ml_frame *const *frames, int n, bool common_only);
/* The columns of n frames side by side: as many rows in each, no name twice. Roles as above. */
ML_API ml_frame *ml_frame_concat_columns(const ml_frame *const *frames, int n);

/* ---- columns from functions and lists ---- */

/* A number column: f(row) for each row; NaN is missing. */
typedef double (*ml_row_number)(const ml_frame *f, int64_t row, void *user);
ML_API ml_status ml_frame_assign(ml_frame *f, const char *name, ml_row_number value, void *user);
/* A text column; NULL is missing. The text is copied before the next call, so it may lie in the caller's buffer. */
typedef const char *(*ml_row_text)(const ml_frame *f, int64_t row, void *user);
ML_API ml_status ml_frame_assign_texts(ml_frame *f, const char *name, ml_row_text value, void *user);
/* A number column: the function of each value of a number or integer column; it sees no missing ones. */
typedef double (*ml_number_map)(double value, void *user);
ML_API ml_status ml_frame_apply(ml_frame *f, const char *column, const char *as, ml_number_map map, void *user);

typedef struct ml_text_pair {
    const char *from, *to; /* to NULL: missing */
} ml_text_pair;
typedef struct ml_number_pair {
    double from, to; /* NaN is missing, on both sides */
} ml_number_pair;
typedef struct ml_text_number {
    const char *from;
    double to;
} ml_text_number;
/* A text or category by a list of n pairs, whose `from` are all different: what is not in the list becomes missing. A
 * category stays one. */
ML_API ml_status ml_frame_map_texts(ml_frame *f, const char *column, const char *as, const ml_text_pair *pairs, int64_t n);
/* A text or category to a number column. */
ML_API ml_status ml_frame_map_numbers(ml_frame *f, const char *column, const char *as, const ml_text_number *pairs, int64_t n);
/* What is not in the list stays. An integer column wants whole numbers. */
ML_API ml_status ml_frame_replace_texts(ml_frame *f, const char *column, const char *as, const ml_text_pair *pairs, int64_t n);
ML_API ml_status ml_frame_replace_numbers(ml_frame *f, const char *column, const char *as, const ml_number_pair *pairs, int64_t n);

/* ---- intervals ---- */

/* A number or integer column as a category of intervals, in their order; outside of all is missing. Of edges e0 < e1 < ..., the
 * intervals are (e0, e1], (e1, e2], ... */
typedef struct ml_cut_opts {
    int64_t bins;              /* as many intervals; or, instead: */
    const double *edges;       /* n_edges of them, rising; of qcut: quantiles in 0 .. 1 */
    int64_t n_edges;
    const char *const *labels; /* a text for each interval, all different; NULL: "(0.5, 10.0]", as pandas writes them */
    bool codes;                /* an integer column 0, 1, ... instead of a category; pandas' labels=False */
    bool left;                 /* [e0, e1), [e1, e2), ...; pandas' right=False. Not of qcut */
    bool include_lowest;       /* the first is [e0, e1] */
    bool drop_duplicates;      /* of equal edges one is kept; else, and with labels, they are an error */
} ml_cut_opts;
/* `bins` intervals of equal width from the least to the largest value, or those between the edges given. */
ML_API ml_status ml_frame_cut(ml_frame *f, const char *column, const char *as, ml_cut_opts opts);
/* Intervals between quantiles, so that each has about as many values; the lowest is included. */
ML_API ml_status ml_frame_qcut(ml_frame *f, const char *column, const char *as, ml_cut_opts opts);
/* The bins + 1 edges that these would use, so that another frame is cut alike: give them as .edges (of qcut, with .include_lowest)
 * to ml_frame_cut. Edges that come from the values of a TEST frame are an error that explains leakage, here and above. */
ML_API ml_status ml_frame_cut_edges(const ml_frame *f, const char *column, int64_t bins, bool left, double *edges);
ML_API ml_status ml_frame_qcut_edges(const ml_frame *f, const char *column, int64_t bins, double *edges);

/* ---- texts, of text and category columns; a category stays one ---- */

ML_API ml_status ml_frame_strip(ml_frame *f, const char *column, const char *as); /* no white space (of ASCII) at the ends */
/* Letters of Latin, Greek and Cyrillic that have one counterpart, by the first of Unicode's blocks of them; others stay. */
ML_API ml_status ml_frame_lower(ml_frame *f, const char *column, const char *as);
ML_API ml_status ml_frame_upper(ml_frame *f, const char *column, const char *as);
/* Every occurrence of a part, from the left, not looking at what was put in. The part must not be empty. */
ML_API ml_status ml_frame_replace_part(ml_frame *f, const char *column, const char *as, const char *part, const char *with);
/* Part k of those between separators: 0 the first, -1 the last; missing where there are not so many. */
ML_API ml_status ml_frame_split_part(ml_frame *f, const char *column, const char *as, const char *separator, int64_t k);
/* How many characters (code points), as an integer column. */
ML_API ml_status ml_frame_length(ml_frame *f, const char *column, const char *as);
/* The groups of the first match of a POSIX extended regular expression: as many columns as it has groups, named by the list
 * `as`. Missing where nothing matches, or the group took no part. A character is one of UTF-8 where the system has such a
 * locale, else a byte. A pattern that the system does not understand is an error with its own sentence. */
ML_API ml_status ml_frame_extract(ml_frame *f, const char *column, const char *as, const char *pattern);

/* ---- missing values ---- */

typedef enum ml_fill {
    ML_FILL_MEAN = 0,   /* of a number or integer column, which becomes a number column, as of the median and of interpolate */
    ML_FILL_MEDIAN,
    ML_FILL_MODE,       /* the most frequent value, of those the least (of a category, by its codes) */
    ML_FILL_FORWARD,    /* the last value before; missing where there is none */
    ML_FILL_BACKWARD,   /* the first after */
    ML_FILL_INTERPOLATE /* on the line between the neighbours, by row number; behind the last value it, before the first missing */
} ml_fill;
/* Mean, median and mode learn from the column: an error for a TEST frame, which explains leakage, and where nothing is there
 * to learn from. */
ML_API ml_status ml_frame_fill(ml_frame *f, const char *column, const char *as, ml_fill how);
/* The value given: a number or whole number, of a number, integer or time column; a text, of a text or category, to whose
 * list it is added where it lacks. */
ML_API ml_status ml_frame_fill_number(ml_frame *f, const char *column, const char *as, double value);
ML_API ml_status ml_frame_fill_text(ml_frame *f, const char *column, const char *as, const char *value);

/* ---- windows and neighbours, of number and integer columns, row after row; the result is a number column ---- */

typedef enum ml_roll {
    ML_ROLL_MEAN = 0,
    ML_ROLL_SUM,
    ML_ROLL_MIN,
    ML_ROLL_MAX,
    ML_ROLL_STD,
    ML_ROLL_MEDIAN,
    ML_ROLL_COUNT
} ml_roll;
typedef struct ml_roll_opts {
    int64_t min_periods; /* missing where fewer values are there (of count: rows); default the window, ML_NONE: 0 */
    bool center;         /* the row is in the middle of its window, else at its end */
} ml_roll_opts;
/* Over `window` rows, fewer at the ends. As in pandas an infinity is taken for missing, but by count, and the deviation
 * divides by n - 1. */
ML_API ml_status ml_frame_rolling(ml_frame *f, const char *column, const char *as, int64_t window, ml_roll what, ml_roll_opts opts);

/* The value `by` rows before (behind, where it is negative), of any type; missing where there is no such row. */
ML_API ml_status ml_frame_shift(ml_frame *f, const char *column, const char *as, int64_t by);
/* The difference from it (of times, in seconds), and the relative one: x / shifted - 1. */
ML_API ml_status ml_frame_diff(ml_frame *f, const char *column, const char *as, int64_t by);
ML_API ml_status ml_frame_pct_change(ml_frame *f, const char *column, const char *as, int64_t by);

typedef enum ml_cumulate { ML_CUM_SUM = 0, ML_CUM_PRODUCT, ML_CUM_MIN, ML_CUM_MAX } ml_cumulate;
/* Of all rows up to this one; what is missing is passed over, and stays missing. */
ML_API ml_status ml_frame_cumulate(ml_frame *f, const char *column, const char *as, ml_cumulate what);

/* ---- types ---- */

typedef struct ml_convert_opts {
    bool coerce;        /* what cannot be converted becomes missing; else it is an error that names the row */
    const char *format; /* of texts to times: %Y %y %m %d %b %H %I %p %M %S %f %z; default ISO 8601: "2012-04-10",
                         * "2012-04-10 12:30:15.25", with T for the blank, and Z or +02:00 behind */
} ml_convert_opts;
/* To number: of digits with a sign, point and exponent, or inf, nan; to integer: of whole numbers from -2^63 + 1 to 2^63 - 1;
 * to time: of such texts, or an integer's microseconds; to text: as few digits as give the number back; to category: such
 * texts in the order of the values. White space around a text is passed over. */
ML_API ml_status ml_frame_convert(ml_frame *f, const char *column, const char *as, ml_type type, ml_convert_opts opts);

typedef enum ml_date_part {
    ML_DATE_YEAR = 0,
    ML_DATE_MONTH,       /* 1 .. 12 */
    ML_DATE_DAY,         /* 1 .. 31 */
    ML_DATE_WEEKDAY,     /* Monday 0 .. Sunday 6 */
    ML_DATE_DAY_OF_YEAR, /* 1 .. 366 */
    ML_DATE_HOUR,
    ML_DATE_MINUTE,
    ML_DATE_SECOND
} ml_date_part;
/* A part of a time (UTC, Gregorian) as an integer column. */
ML_API ml_status ml_frame_date_part(ml_frame *f, const char *column, const char *as, ml_date_part part);

/* ---- to look at ---- */

typedef struct ml_print_opts {
    int width;     /* characters; default: the terminal's where out is one, else $COLUMNS, else 80 */
    int64_t rows;  /* of more than these the middle is left out; default 10, INT64_MAX: all */
    int precision; /* digits behind the point at most; default 4 */
} ml_print_opts;
/* A table with row numbers. Columns that do not fit are left out in the middle, long texts cut, and "..." says so. Control
 * characters are shown as '?', so that a file cannot steer the terminal. The last line is the number of rows and columns, and
 * the role. */
ML_API void ml_frame_print(FILE *out, const ml_frame *f, ml_print_opts opts);
/* A line a column: name, type, values, missing ones, memory. */
ML_API void ml_frame_info_print(FILE *out, const ml_frame *f);

ML_END
#endif
