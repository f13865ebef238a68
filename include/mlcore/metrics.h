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

/* The matrix as a table with row sums and recall, column precision. names may be NULL: 0, 1, 2, ... */
ML_API void ml_confusion_print(FILE *out, const int64_t *counts, int32_t classes, const char *const *names);

typedef enum ml_metric { ML_ACCURACY = 0, ML_LOSS, ML_F1_MACRO } ml_metric;
/* Predicts the whole set in eval mode and scores it. ML_LOSS is the mean softmax cross-entropy. */
ML_API ml_status ml_evaluate(ml_net *net, ml_dataset *ds, ml_metric metric, double *value);
/* The same pass, giving the label of largest logit for each sample (predicted: n) and, where not NULL, the mean loss. */
ML_API ml_status ml_classify(ml_net *net, ml_dataset *ds, int32_t *predicted, double *loss);

ML_END
#endif
