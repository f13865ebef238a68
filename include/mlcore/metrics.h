/* metrics.h -- scores, in double. */
#ifndef MLCORE_METRICS_H
#define MLCORE_METRICS_H

#include <mlcore/data.h>
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
