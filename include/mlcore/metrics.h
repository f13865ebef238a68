/* metrics.h -- scores, in double. */
#ifndef MLCORE_METRICS_H
#define MLCORE_METRICS_H

#include <mlcore/data.h>
#include <mlcore/matrix.h>
#include <mlcore/nn.h>

ML_BEGIN

/* counts[truth * classes + predicted]. Labels out of 0 .. classes-1, or lengths that differ, are errors. */
ML_API ml_status ml_confusion(ml_ints truth, ml_ints predicted, int32_t classes, int64_t *counts);

/* The share of equal labels; an error when there are none. */
ML_API ml_status ml_accuracy(ml_ints truth, ml_ints predicted, double *accuracy);

typedef struct ml_class_score {
    double precision, recall, f1; /* 0 where the denominator is 0, as scikit-learn's zero_division=0 */
    int64_t support;              /* how many have this label */
} ml_class_score;

/* One score a class, from a confusion matrix. */
ML_API ml_status ml_class_scores(const int64_t *counts, int32_t classes, ml_class_score *scores);
/* The unweighted mean over classes. */
ML_API ml_class_score ml_macro_score(const ml_class_score *scores, int32_t classes);

/* How the scores of classes become one: docs/metrics.md. */
typedef enum ml_average {
    ML_MACRO = 0, /* the mean over classes: each class counts alike, however rare */
    ML_MICRO,     /* one score of all samples together: with one label a sample, all three are the accuracy */
    ML_WEIGHTED   /* the mean over samples of the score of their class */
} ml_average;
/* One score from a confusion matrix; support is the number of samples. As scikit-learn's precision_recall_fscore_support
 * over all classes, those without a sample too. */
ML_API ml_status ml_average_score(const int64_t *counts, int32_t classes, ml_average average, ml_class_score *score);

/* The mean recall of the classes that have a sample: what accuracy would be if these were equally frequent. */
ML_API ml_status ml_balanced_accuracy(const int64_t *counts, int32_t classes, double *accuracy);
/* Matthews' correlation of truth and prediction in -1 .. 1 (Matthews 1975; Gorodkin 2004 for more than two classes); 0 where one of them is
 * a single class. */
ML_API ml_status ml_matthews(const int64_t *counts, int32_t classes, double *r);
typedef enum ml_kappa_weight {
    ML_KAPPA_PLAIN = 0, /* all confusions are alike */
    ML_KAPPA_LINEAR,    /* for classes that have an order: by how far they are apart, */
    ML_KAPPA_QUADRATIC  /* or by its square */
} ml_kappa_weight;
/* Cohen's kappa (1960; 1968 with weights): agreement beyond that of chance, 1 at most. Where chance alone agrees fully, since all is of
 * one class, it is undefined: an error. */
ML_API ml_status ml_cohen_kappa(const int64_t *counts, int32_t classes, ml_kappa_weight weight, double *kappa);

/* Numbers that a model gives, a row a sample: v[row * columns + column]. The caller's. */
typedef struct ml_scores {
    const double *v;
    int64_t rows;
    int32_t columns; /* a class each, but for the one score of ml_roc_auc */
} ml_scores;
/* The three below want a label in 0 .. columns-1 for each row, and are an error where numbers of samples differ, where there
 * are none, or where a score is NaN; the sentence names the sample. */

/* The share of samples whose true class is among the k of largest score. Of equal scores the higher class comes first, as
 * scikit-learn has it. k in 1 .. columns. */
ML_API ml_status ml_top_k_accuracy(ml_ints truth, ml_scores scores, int32_t k, double *accuracy);

/* The mean of -log p[label]. Rows are probabilities: in 0 .. 1, and their sum is 1 to 1e-3. They are moved into 2.2e-16 ..
 * 1 - 2.2e-16 first, so that one 0 at the truth costs 36 and not infinity: scikit-learn's log_loss. */
ML_API ml_status ml_log_loss(ml_ints truth, ml_scores p, double *loss);

typedef struct ml_auc_opts {
    bool one_vs_one; /* the mean over pairs of classes, each seen from both sides (Hand and Till 2001, eq. 7); default: the
                        mean over classes, each against all others (Fawcett 2006, section 10) */
    bool weighted;   /* by how many samples the class, or the pair, has; default: all alike */
} ml_auc_opts;
/* The area under the ROC curve: how probable it is that a sample of class 1 has a larger score than one of class 0, ties
 * counted half (Hanley and McNeil 1982). One column: labels are 0 and 1, the score is of any scale. Two columns: the second is
 * that score. More: rows of probabilities, as ml_log_loss wants them, and what opts say; scikit-learn's roc_auc_score with
 * multi_class. A class without a sample has no curve: an error that names it. */
ML_API ml_status ml_roc_auc(ml_ints truth, ml_scores scores, ml_auc_opts opts, double *auc);

/* ---- two classes, by score ----
 * Labels are 0 and 1; scores have one column, of class 1, or two, of which the second counts. Both classes must be there. Errors are as
 * above. */

/* Points of a curve, all of n numbers. */
typedef struct ml_curve {
    int64_t n;
    double *x, *y;
    double *at; /* the threshold: score >= it is called 1. Of a calibration curve: how many samples */
} ml_curve;
ML_API void ml_curve_free(ml_curve *c);
/* x the false positive rate, y the true one (recall), from (0, 0) at infinity on; points inside of straight stretches are left out.
 * NULL on error; scikit-learn's roc_curve. */
ML_API ml_curve *ml_roc_curve(ml_ints truth, ml_scores scores);
/* x recall, y precision, from the smallest score on to (0, 1) at infinity, where nothing is called 1: precision_recall_curve. */
ML_API ml_curve *ml_precision_recall_curve(ml_ints truth, ml_scores scores);
/* The sum over thresholds of precision times what recall grows by: the area under that curve, in steps. */
ML_API ml_status ml_average_precision(ml_ints truth, ml_scores scores, double *precision);

/* The mean of (p - label)^2, p being probabilities of class 1 (Brier 1950). One class alone is fine, here and in the next. */
ML_API ml_status ml_brier_score(ml_ints truth, ml_scores p, double *score);
/* x the mean probability, y the share of class 1 in each of 1 <= bins <= 10^6 bins, empty ones left out: of equal width, or with
 * `quantile` of about as many samples each. scikit-learn's calibration_curve. */
ML_API ml_curve *ml_calibration_curve(ml_ints truth, ml_scores p, int32_t bins, bool quantile);

/* What each outcome costs, or where negative, brings. Finite. */
typedef struct ml_costs {
    double true_negative, false_positive, false_negative, true_positive;
} ml_costs;
typedef struct ml_threshold {
    double threshold; /* score >= it is called 1; infinite: nothing is */
    double cost;      /* of all samples together */
    int64_t counts[4]; /* the confusion matrix there, as of ml_confusion */
} ml_threshold;
/* The threshold among the scores, and infinity, that costs least; of equals the largest. Choose it on validation data. */
ML_API ml_status ml_best_threshold(ml_ints truth, ml_scores scores, ml_costs costs, ml_threshold *best);

/* ---- numbers ---- */

typedef struct ml_regression_score {
    double mse, rmse, mae; /* means of the squared and of the absolute error, and the root of the first */
    double median_ae, max_error; /* of the absolute error; weights do not count for the largest */
    double mape; /* the mean of |error| / |truth|, which is at least 2.2e-16: a truth of 0 makes it huge */
    double r2;   /* 1 - sum error^2 / sum (truth - mean)^2: 1 at most, 0 as good as the mean. NaN of a single sample */
    double explained_variance; /* the same, a constant error forgiven: 1 of a single sample */
} ml_regression_score;
/* All of them: scikit-learn's, also where the truth is constant (1 where there is no error, else 0). weight.v may be NULL: all alike.
 * Numbers that are not finite, no samples, lengths that differ, and weights that are negative or all 0 are errors. */
ML_API ml_status ml_regression_scores(ml_doubles truth, ml_doubles predicted, ml_doubles weight, ml_regression_score *score);
/* The mean of q (truth - predicted) where that is positive, else of (q - 1) (truth - predicted): least at the quantile q in 0 .. 1. */
ML_API ml_status ml_pinball_score(ml_doubles truth, ml_doubles predicted, ml_doubles weight, double q, double *loss);

/* ---- how sure a score is ---- */

/* What is true, or what a model says of the same samples. */
typedef struct ml_outcome {
    const char *name; /* of a model, for the table; may be NULL */
    ml_ints label;    /* classes; of a model that gives p it may be left out: then the class of largest probability */
    ml_scores p;      /* probabilities, a column a class, or v NULL; not of the truth */
    ml_doubles y;     /* or numbers */
} ml_outcome;
typedef struct ml_report_opts {
    int64_t rounds; /* of the bootstrap: default 1000, at most 10^6 */
    double level;   /* default 0.95, in (0, 1) */
    uint64_t seed;
} ml_report_opts;
typedef struct ml_report_row {
    /* Of labels "accuracy", "balanced_accuracy", "f1_macro" (the mean of the classes that are there or said); of two classes and p
     * "roc_auc", "average_precision", "brier"; of p "log_loss"; of numbers "rmse", "mae", "r2". */
    const char *score;
    bool loss;            /* smaller is better */
    double value;
    double low, high;     /* the interval */
    double other;         /* the score of the baseline, or of the other model; NaN: there is none, and so of these: */
    double difference;    /* value - other */
    double difference_low, difference_high;
    bool noise;           /* 0 lies in that interval, or none could be had */
    int64_t rounds;       /* in which the score was defined: a sample without a class has no curve */
} ml_report_row;
typedef struct ml_report {
    ml_report_row *row;
    int rows;
    int64_t samples;
    double level;
    char *model, *other; /* names; other NULL: there is none */
} ml_report;
/* Scores of a model beside a baseline or another model (all zero: none), each with the percentile interval of a bootstrap of the samples
 * (Efron 1979); that of the difference is paired: both are scored on the same draws. Equal seeds give equal bits on any number of
 * threads. NULL on error. */
ML_API ml_report *ml_report_new(ml_outcome truth, ml_outcome model, ml_outcome other, ml_report_opts opts);
ML_API void ml_report_free(ml_report *r);
/* "the difference of 0.8 points is within the noise (95 % interval -0.5 .. 2.1)", or "model is better by ..."; into buf, which it
 * returns. Shares are told in points, which are hundredths. */
ML_API char *ml_report_sentence(const ml_report *r, int row, char *buf, size_t size);
/* A table, and a sentence for each score where there is another model. A control character in a name is shown as '?', here and in the
 * next. */
ML_API void ml_report_print(FILE *out, const ml_report *r);

/* The matrix as a table with row sums and recall, column precision. names may be NULL: 0, 1, 2, ... */
ML_API void ml_confusion_print(FILE *out, const int64_t *counts, int32_t classes, const char *const *names);

typedef enum ml_metric {
    ML_ACCURACY = 0,
    ML_LOSS,     /* the mean softmax cross-entropy */
    ML_F1_MACRO,
    ML_F1_WEIGHTED,
    ML_TOP_5,    /* ml_top_k_accuracy with k 5, or with as many as there are classes */
    ML_ROC_AUC   /* of softmax probabilities: of class 1 where there are two, else each against all others, all alike */
} ml_metric;
/* Predicts the whole set in eval mode and scores it. */
ML_API ml_status ml_evaluate(ml_net *net, ml_dataset *ds, ml_metric metric, double *value);
/* The same pass, giving the label of largest logit for each sample (predicted: n) and, where not NULL, the mean loss. */
ML_API ml_status ml_classify(ml_net *net, ml_dataset *ds, int32_t *predicted, double *loss);
/* The same pass, giving the softmax of the logits: p has ml_net_outputs(net) numbers for each of the ds->n samples. For
 * ml_log_loss, ml_roc_auc, ml_top_k_accuracy: (ml_scores){p, ds->n, outputs}. */
ML_API ml_status ml_probabilities(ml_net *net, ml_dataset *ds, double *p);

ML_END
#endif
