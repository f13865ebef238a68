/* prep.h -- steps that learn from the rows of a training frame how to change a frame: holes are filled, scales made alike,
 * categories made numbers.
 *
 *     ml_prep *p = ml_prep_fit(ML_IMPUTE("age,fare", .how = ML_IMPUTE_MEDIAN), train, "survived");
 *     ml_frame *ready = ml_prep_transform(p, test);
 *
 * A step is a value, like a layer of a net. Pipelines take a list of them.
 */
#ifndef MLCORE_PREP_H
#define MLCORE_PREP_H

#include <mlcore/frame.h>

ML_BEGIN

/* Options of most steps begin with `columns`, what the step works on: names as ml_frame_select takes them, "age,fare", or classes
 * of columns, which may stand among names: "*number" (numbers and integers), "*category", "*text", or "*" (all); a column that
 * has such a name itself goes first. The target is in no class, and to name it is an error. A class may have no column: the step
 * then has nothing to do. Texts in options are the caller's; fit copies them. */

/* Fills what is missing. A column without a single value gets the constant, whatever `how` says. */
typedef enum ml_impute_how {
    ML_IMPUTE_MEAN = 0, /* of numbers and integers, which both become numbers */
    ML_IMPUTE_MEDIAN,   /* the same; of an even number of values the mean of the middle two */
    ML_IMPUTE_MODE,     /* the most frequent value; of several the smallest, of texts by their bytes */
    ML_IMPUTE_CONSTANT
} ml_impute_how;
typedef struct ml_impute_opts {
    const char *columns;
    ml_impute_how how;
    double constant;  /* of numbers; of integers too, which become numbers where it is not whole */
    const char *text; /* of categories and texts; default "missing" */
} ml_impute_opts;

/* Numbers and integers become numbers  (x - centre) / scale.  Missing values stay so and do not count; a scale that would be 0,
 * of a constant column, is 1. */
typedef enum ml_scale_how {
    ML_SCALE_STANDARD = 0, /* the mean; the standard deviation, of n and not n-1 values */
    ML_SCALE_MIN_MAX,      /* the smallest value becomes low, the largest high */
    ML_SCALE_ROBUST        /* the median; the distance between the quartiles */
} ml_scale_how;
typedef struct ml_scale_opts {
    const char *columns;
    ml_scale_how how;
    bool no_center, no_scale; /* of STANDARD and ROBUST: centre 0, scale 1 */
    double low, high;         /* of MIN_MAX: default 0 and 1; ML_ZERO for a high of 0 */
} ml_scale_opts;

/* What becomes of a category that no training row had. */
typedef enum ml_unseen {
    ML_UNSEEN_ERROR = 0, /* an error that names column, row and category */
    ML_UNSEEN_IGNORE,    /* one-hot: zeros; ordinal: missing */
    ML_UNSEEN_OTHER      /* one-hot: the column "<column>_other", which is then there always; ordinal: the next code */
} ml_unseen;

/* Categories, texts and integers become columns of 0 and 1, "<column>_<category>", one for each value that occurs, in sorted
 * order (texts by their bytes), in the place of the column. A missing value is zeros. Two columns of one name are an error; so are
 * more than 10,000 for one column. */
typedef struct ml_one_hot_opts {
    const char *columns;
    ml_unseen unseen;
    bool drop_first;        /* no column for the first category: for models that want no column to follow from the others */
    bool missing;           /* a missing value has a column too, "<column>_missing" */
    int64_t min_count;      /* categories with fewer rows go together into "<column>_other"; default 1 */
    int64_t max_categories; /* and all but so many of the most frequent; default: all have a column */
} ml_one_hot_opts;

/* Categories and texts become integers 0, 1, ... in sorted order, or in the order given; missing values stay so. */
typedef struct ml_ordinal_opts {
    const char *columns;
    ml_unseen unseen;
    const char *order; /* "low,middle,high", a list like that of columns' names: all values there are, of each column */
} ml_ordinal_opts;

/* Adds a number: the mean of the target over the training rows of the same group, without the row itself where it is one of them
 * (so a training row never sees its own target, and fit_transform differs from fit and transform). Rows are of one group
 * where they agree in all of `columns`, or in all of one of the lists in `also`: "ticket", .also = {"surname,pclass"}. A missing
 * value agrees with none. Keys are categories, texts and integers. The target is an integer or number, or has two classes: of
 * those the second in sorted order is 1, the first 0. */
#define ML_ALSO 3
typedef struct ml_group_rate_opts {
    const char *columns;
    const char *also[ML_ALSO];
    const char *name; /* of the new column; default: "<columns>_rate" */
    double smoothing; /* m in  (sum + m * prior) / (n + m),  prior the mean over all training rows; default 0; 0 / 0 is the prior */
    bool count;       /* n too, in a column "<name>_count" */
} ml_group_rate_opts;

/* Adds products of numbers and integers, of up to `degree` factors: "a^2", "a b", "b^2", "a^2 b", in scikit-learn's order. */
typedef struct ml_polynomial_opts {
    const char *columns;
    int64_t degree;         /* default 2 */
    bool interactions_only; /* no factor twice */
} ml_polynomial_opts;

/* Numbers and integers become the numbers of bins, integers 0 .. bins-1. A bin begins at its left edge; what lies outside is
 * in the first or last bin. Edges closer than 1e-8 are one, so there may be fewer bins. Missing values stay so. */
typedef enum ml_bin_how {
    ML_BIN_QUANTILE = 0, /* as many rows in each */
    ML_BIN_UNIFORM       /* of one width */
} ml_bin_how;
typedef struct ml_bin_opts {
    const char *columns;
    ml_bin_how how;
    int64_t bins; /* default 5 */
} ml_bin_opts;

/* A function of the caller's: a new frame with as many rows out of one that has no target (which is put back). It may be called
 * from several threads at once. It must give the same columns, of the same types, whatever the rows are. NULL, with an
 * error set by the calls that it makes, is an error. */
typedef ml_frame *(*ml_apply_fn)(const ml_frame *f, void *arg);
typedef struct ml_apply_opts {
    const char *name; /* under which it is saved; it must be registered before a file with it is loaded */
    ml_apply_fn function;
    void *arg;
} ml_apply_opts;

/* (ml_step is what an optimizer does.) */
typedef struct ml_prep_kind ml_prep_kind;
typedef struct ml_prep_step {
    const ml_prep_kind *kind;
    union {
        const char *columns; /* of all but apply */
        ml_impute_opts impute;
        ml_scale_opts scale;
        ml_one_hot_opts one_hot;
        ml_ordinal_opts ordinal;
        ml_group_rate_opts group_rate;
        ml_polynomial_opts polynomial;
        ml_bin_opts bin;
        ml_apply_opts apply;
    } opts;
} ml_prep_step;

ML_API ml_prep_step ml_impute_step(ml_impute_opts opts);
ML_API ml_prep_step ml_scale_step(ml_scale_opts opts);
ML_API ml_prep_step ml_one_hot_step(ml_one_hot_opts opts);
ML_API ml_prep_step ml_ordinal_step(ml_ordinal_opts opts);
ML_API ml_prep_step ml_group_rate_step(ml_group_rate_opts opts);
ML_API ml_prep_step ml_polynomial_step(ml_polynomial_opts opts);
ML_API ml_prep_step ml_bin_step(ml_bin_opts opts);
ML_API ml_prep_step ml_apply_step(ml_apply_opts opts);
/* Adds "<column>_missing" for each of the columns, of any type: 1 where a value is missing, else 0. Stands before the imputer. */
ML_API ml_prep_step ml_indicate_step(const char *columns);
/* Numbers and integers x become log(1 + x). A number of -1 or below is an error. */
ML_API ml_prep_step ml_log_step(const char *columns);
/* Removes these columns, or all others. What is dropped may be absent from a frame that is transformed. */
ML_API ml_prep_step ml_drop_step(const char *columns);
ML_API ml_prep_step ml_keep_step(const char *columns);

#ifndef __cplusplus
/* ML_IMPUTE("age,fare", .how = ML_IMPUTE_MEDIAN), ML_SCALE("*number"), ML_ONE_HOT("sex", .unseen = ML_UNSEEN_IGNORE) */
#define ML_IMPUTE(...) ml_impute_step((ml_impute_opts){.columns = __VA_ARGS__})
#define ML_SCALE(...) ml_scale_step((ml_scale_opts){.columns = __VA_ARGS__})
#define ML_ONE_HOT(...) ml_one_hot_step((ml_one_hot_opts){.columns = __VA_ARGS__})
#define ML_ORDINAL(...) ml_ordinal_step((ml_ordinal_opts){.columns = __VA_ARGS__})
#define ML_GROUP_RATE(...) ml_group_rate_step((ml_group_rate_opts){.columns = __VA_ARGS__})
#define ML_POLYNOMIAL(...) ml_polynomial_step((ml_polynomial_opts){.columns = __VA_ARGS__})
#define ML_BIN(...) ml_bin_step((ml_bin_opts){.columns = __VA_ARGS__})
/* ML_APPLY("titles", add_titles, NULL) */
#define ML_APPLY(...) ml_apply_step((ml_apply_opts){.name = __VA_ARGS__})
#define ML_INDICATE(columns) ml_indicate_step(columns)
#define ML_LOG(columns) ml_log_step(columns)
#define ML_DROP(columns) ml_drop_step(columns)
#define ML_KEEP(columns) ml_keep_step(columns)
#endif

/* "impute", and so on; NULL where kind is NULL. */
ML_API const char *ml_prep_step_name(ml_prep_step step);
/* NULL, or a sentence on what is wrong with the options, as far as that shows without a frame; it is ml_error too. */
ML_API const char *ml_prep_step_check(ml_prep_step step);
/* Sets an option by its name, as a search does; whole numbers, flags (0, 1) and enums are given as doubles too. An error lists the
 * names; options that are texts are not among them. */
ML_API ml_status ml_prep_step_set(ml_prep_step *step, const char *option, double value);
/* Makes a function known to the files that are loaded from now on, by the name that its ML_APPLY has. The same name again
 * replaces it. At most 64 names, each at most 63 bytes. Not while another thread loads. */
ML_API ml_status ml_prep_register(const char *name, ml_apply_fn function, void *arg);

/* ---- a fitted step ---- */

typedef struct ml_prep ml_prep;

/* Learns from f. target (NULL: none) is the name of a column that is never changed, and looked at by group rates alone. A frame for
 * testing is an error that explains leakage; so are columns that are not there or of a type that the step cannot take, and an
 * infinity where something is learnt from numbers. NULL on error. */
ML_API ml_prep *ml_prep_fit(ml_prep_step step, const ml_frame *f, const char *target);
/* A new frame, of f's role: new columns stand in the place of the one that they replace, added ones at the end. Columns that the
 * step works on must be there with the type they had; one of integers may be there for one of numbers, numbers that are all whole
 * for integers, text for categories and the other way round, and one without a value for any. Other columns, the target
 * among them, may be absent, or be new. A fitted step may transform in many threads at once. */
ML_API ml_frame *ml_prep_transform(const ml_prep *p, const ml_frame *f);
/* Fits and transforms the same rows, and leaves the fitted step in *out. Only a group rate differs here from ml_prep_transform. */
ML_API ml_frame *ml_prep_fit_transform(ml_prep_step step, const ml_frame *f, const char *target, ml_prep **out);
ML_API const char *ml_prep_name(const ml_prep *p); /* as ml_prep_step_name */
ML_API void ml_prep_free(ml_prep *p);

ML_END
#endif
