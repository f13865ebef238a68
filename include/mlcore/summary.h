/* summary.h -- what a frame says: counts and moments, groups, pivot tables, joins, correlations. Each answer is a frame again, of the
 * role of the frame it was made of. Numbers equal those of pandas 3: docs/summaries.md, which also says where they do not.
 *
 * NULL, or a status, where a column is not there or has a type that the question has no answer for; ml_error() names it. Rows with
 * missing values count as each function says. "Numeric" columns are those of numbers and integers.
 */
#ifndef MLCORE_SUMMARY_H
#define MLCORE_SUMMARY_H

#include <mlcore/frame.h>

ML_BEGIN

/* ---- one row a column ---- */

/* Of each numeric column: "column", "count" (of what is there), "mean", "std" (n - 1), "min", "25%", "50%", "75%", "max". */
ML_API ml_frame *ml_frame_describe(const ml_frame *f);
/* Of each text and category: "column", "count", "unique" (how many different), "top" (the most frequent, of equals the one seen
 * first) and "freq" (how often). */
ML_API ml_frame *ml_frame_describe_texts(const ml_frame *f);
/* Of every column: "column", "type", "missing" (how many), "share" (of the rows), "unique" (how many different, without missing). */
ML_API ml_frame *ml_frame_null_counts(const ml_frame *f);
/* One row for each of n shares in 0 .. 1: "quantile", and each numeric column, between two values by a straight line (Hyndman and
 * Fan 1996, definition 7). Missing values do not count. */
ML_API ml_frame *ml_frame_quantiles(const ml_frame *f, const double *share, int n);

/* ---- values of one column ---- */

/* The different values in the order in which they are first seen, a missing one among them: one column. */
ML_API ml_frame *ml_frame_unique(const ml_frame *f, const char *column);

typedef struct ml_value_counts_opts {
    bool missing;   /* a row for missing values too */
    bool normalise; /* shares: "proportion" in the place of "count" */
    bool ascending; /* the rarest first */
} ml_value_counts_opts;
/* The different values and "count", how often each is there; the most frequent first, of equals the one seen first. */
ML_API ml_frame *ml_frame_value_counts(const ml_frame *f, const char *column, ml_value_counts_opts opts);

/* ---- groups ---- */

/* What becomes of many values. Missing ones are left out of all but ML_AGG_SIZE. */
typedef enum ml_aggregate_kind {
    ML_AGG_MEAN = 0, /* of numeric columns, a number; so are the next four. Missing where there are no values */
    ML_AGG_MEDIAN,
    ML_AGG_STD,      /* n - 1; missing of a single value */
    ML_AGG_VAR,
    ML_AGG_FUNCTION, /* `of` */
    ML_AGG_SUM,      /* of numeric columns: an integer of integers, and an error where it does not fit. 0 of none */
    ML_AGG_MIN,      /* of any column, and of its type; in the order of keys */
    ML_AGG_MAX,
    ML_AGG_FIRST,    /* the first that is there, in the order of rows */
    ML_AGG_LAST,
    ML_AGG_COUNT,    /* integers: how many are there, */
    ML_AGG_NUNIQUE,  /* how many different, */
    ML_AGG_SIZE      /* and how many rows: `column` is not read */
} ml_aggregate_kind;
typedef struct ml_aggregate {
    ml_aggregate_kind kind;
    const char *column;
    const char *name; /* of the result; default the column's and the kind's, "fare_mean"; "size" */
    /* Of ML_AGG_FUNCTION: of n >= 0 values in the order of rows. Groups come one after another, on the caller's thread. */
    double (*of)(const double *v, int64_t n, void *user);
    void *user;
} ml_aggregate;
/* The aggregate of all rows, of a numeric column: one number. */
ML_API ml_status ml_frame_statistic(const ml_frame *f, const char *column, ml_aggregate_kind kind, double *value);

typedef struct ml_frame_group_opts {
    bool missing; /* a missing key is a group of its own, the last; default: such rows are left out */
} ml_frame_group_opts;
/* One row for each different combination of the keys ("class,sex", as ml_frame_select) that occurs, sorted by them as ml_frame_sort
 * does, categories by their list: the keys, then n aggregates. -0 is 0. Time linear in rows; the same bits on any number of threads. */
ML_API ml_frame *ml_frame_group(const ml_frame *f, const char *keys, const ml_aggregate *aggregate, int n, ml_frame_group_opts opts);
/* Puts the aggregate of a row's group into each row: a column of the aggregate's name. Missing in rows that are left out. */
ML_API ml_status ml_frame_transform(ml_frame *f, const char *keys, ml_aggregate aggregate, ml_frame_group_opts opts);

/* ---- tables of two ways ---- */

typedef enum ml_normalise {
    ML_NORMALISE_NONE = 0,
    ML_NORMALISE_ALL,    /* shares of all rows of the frame */
    ML_NORMALISE_ROWS,   /* of those of their row */
    ML_NORMALISE_COLUMNS /* of those of their column */
} ml_normalise;
typedef struct ml_pivot_opts {
    double fill;         /* for combinations that do not occur; default: missing. ML_ZERO: 0 */
    bool margins;        /* one row and one column more, of all. Keys of rows become texts then */
    const char *margins_name; /* default "All" */
} ml_pivot_opts;
/* The keys of `rows` going down, those of `columns` going right, both as in ml_frame_select, and in each cell the aggregate of the
 * rows that have both: columns of the names of their values, of several keys "1/female". Combinations whose aggregate is
 * missing do not make a row or a column; rows with a missing key are left out. */
ML_API ml_frame *ml_frame_pivot(const ml_frame *f, const char *rows, const char *columns, ml_aggregate aggregate,
                                ml_pivot_opts opts);

typedef struct ml_crosstab_opts {
    ml_normalise normalise; /* default: counts, as integers */
    bool margins;           /* with shares of rows only the row, with shares of columns only the column, since the other is 1 */
    const char *margins_name; /* default "All" */
} ml_crosstab_opts;
/* How many rows have each combination; 0 where none. */
ML_API ml_frame *ml_frame_crosstab(const ml_frame *f, const char *rows, const char *columns, ml_crosstab_opts opts);

/* ---- joins ---- */

typedef enum ml_join {
    ML_JOIN_INNER = 0, /* rows whose keys are in both; in the order of the left rows, then of the right */
    ML_JOIN_LEFT,      /* all rows of the left in their order, what is not on the right missing */
    ML_JOIN_RIGHT,     /* all rows of the right in their order */
    ML_JOIN_OUTER      /* all of both, sorted by the keys as groups are, missing keys last */
} ml_join;
typedef enum ml_merge_check {
    ML_MERGE_ANY = 0,
    ML_MERGE_ONE_TO_ONE,  /* a combination of keys that is there twice, on either side, is an error that names the rows */
    ML_MERGE_ONE_TO_MANY, /* twice on the left */
    ML_MERGE_MANY_TO_ONE  /* twice on the right */
} ml_merge_check;
typedef struct ml_merge_opts {
    ml_join how;
    const char *right_on;          /* the keys' names on the right; default: those on the left */
    const char *suffix_left;       /* for columns that both have, but keys of one name: default "_x" */
    const char *suffix_right;      /* default "_y" */
    ml_merge_check validate;
} ml_merge_opts;
/* Each pair of a left and a right row of equal keys, as one row. Numbers and integers are comparable, and so are texts and
 * categories; other pairs of types are an error. Categories whose lists have not the same texts make a category of both, its list
 * in the order of the texts. Missing keys are equal to each other. Columns of the left, then those of the right; a key of one name
 * on both sides is there once. A part of role TEST makes the result TEST. */
ML_API ml_frame *ml_frame_merge(const ml_frame *left, const ml_frame *right, const char *on, ml_merge_opts opts);

/* ---- how columns go together ---- */

typedef enum ml_correlation {
    ML_PEARSON = 0,
    ML_SPEARMAN, /* Pearson's of the ranks, equal values at the mean of theirs */
    ML_KENDALL   /* tau-b, by Knight's algorithm (1966): n log n */
} ml_correlation;
/* A square: "column", then one number column for each of `names` (NULL: all numeric ones). Each pair is of the rows where both
 * are there; missing where a column is constant on them, or there are less than two. */
ML_API ml_frame *ml_frame_correlation(const ml_frame *f, const char *names, ml_correlation method);
/* The same with covariances, n - 1. */
ML_API ml_frame *ml_frame_covariance(const ml_frame *f, const char *names);

ML_END
#endif
