/* boost.c -- gradient boosting on arrays that benchmarks/boost.py wrote: seconds to fit, seconds to predict, log loss.
 *
 *     bench-boost TRAIN_X.npy TRAIN_Y.npy TEST_X.npy TEST_Y.npy LEARNER RUNS */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>

static ml_xy read(const char *x_path, const char *y_path)
{
    static ml_npy x[2], y[2];
    static int n;
    int32_t *label;
    if (ml_npy_read(x_path, &x[n]) || ml_npy_read(y_path, &y[n])) {
        ml_perror("boost");
        exit(1);
    }
    label = malloc((size_t)y[n].size * sizeof *label);
    for (int64_t i = 0; label && i < y[n].size; i++)
        label[i] = (int32_t)((const int64_t *)y[n].data)[i];
    ml_xy data = {.x = {.v = x[n].data, .rows = x[n].shape[0], .columns = x[n].shape[1]}, .label = {label, y[n].size}};
    n++;
    return data;
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return fputs("usage: bench-boost TRAIN_X TRAIN_Y TEST_X TEST_Y LEARNER RUNS\n", stderr), 2;
    const ml_xy train = read(argv[1], argv[2]), test = read(argv[3], argv[4]);
    const ml_learner learner = ml_learner_named(argv[5]);
    const int runs = atoi(argv[6]);
    if (!learner.kind)
        return ml_perror("boost");
    double fit[32], predict[32], loss = 0, *p = malloc((size_t)test.x.rows * 2 * sizeof *p);
    for (int r = 0; p && r < runs && r < 32; r++) {
        double start = lab_seconds();
        ml_model *m = ml_fit(learner, train);
        fit[r] = lab_seconds() - start;
        start = lab_seconds();
        if (!m || ml_model_probabilities(m, test.x, p))
            return ml_perror("boost");
        predict[r] = lab_seconds() - start;
        if (ml_log_loss(test.label, (ml_scores){p, test.x.rows, 2}, &loss))
            return ml_perror("boost");
        ml_model_free(m);
    }
    printf("{\"fit\": %.6f, \"predict\": %.6f, \"log_loss\": %.6f}\n", lab_median(fit, runs), lab_median(predict, runs), loss);
    return 0;
}
