/* linear.c -- linear regression on 1,000,000 x 50 and logistic regression on 100,000 x 100, as fit by ml_fit: with its checks of
 * the data.
 *
 *   bench-linear DIR THREADS ROUNDS
 *
 * DIR holds linear_x, linear_y, logistic_x and logistic_y: doubles as they lie in memory, rows one after the other; benchmarks/linear.py writes
 * them. Prints one JSON line: median seconds, and what the loss came to. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <math.h>
#include <stdlib.h>

enum { N = 1000000, D = 50, NL = 100000, DL = 100 };

static double *doubles(const char *dir, const char *name, size_t n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    double *v = malloc(n * sizeof *v);
    if (!f || !v || fread(v, sizeof *v, n, f) != n) {
        fprintf(stderr, "linear: %s does not hold %zu doubles\n", path, n);
        exit(2);
    }
    fclose(f);
    return v;
}

/* Median seconds of a fit; the model of the last round. */
static ml_model *timed(ml_learner learner, ml_xy data, int rounds, double *seconds)
{
    double *time = malloc((size_t)rounds * sizeof *time);
    ml_model *m = NULL;
    for (int r = 0; r < rounds && time; r++) {
        ml_model_free(m);
        double start = lab_seconds();
        m = ml_fit(learner, data);
        time[r] = lab_seconds() - start;
        if (!m)
            exit(ml_perror("linear"));
    }
    *seconds = time ? lab_median(time, rounds) : 0;
    free(time);
    return m;
}

/* C sum loss + |w|^2 / 2 with C = 1, as scikit-learn has it. */
static double objective(const ml_model *m, const double *x, const int32_t *label)
{
    double w[DL], b, sum = 0;
    ml_model_coefficients(m, w, &b);
    for (int64_t i = 0; i < NL; i++) {
        double z = b;
        for (int j = 0; j < DL; j++)
            z += w[j] * x[i * DL + j];
        z = label[i] ? z : -z;
        sum += log1p(exp(-fabs(z))) + (z < 0 ? -z : 0);
    }
    for (int j = 0; j < DL; j++)
        sum += w[j] * w[j] / 2;
    return sum;
}

int main(int argc, char **argv)
{
    int rounds = argc > 3 ? atoi(argv[3]) : 0;
    if (rounds < 1 || ml_set_threads(atoi(argv[2]))) {
        fprintf(stderr, "usage: %s DIR THREADS ROUNDS\n", argv[0]);
        return 2;
    }
    double *x = doubles(argv[1], "linear_x", (size_t)N * D), *y = doubles(argv[1], "linear_y", N);
    double *gx = doubles(argv[1], "logistic_x", (size_t)NL * DL), *gy = doubles(argv[1], "logistic_y", NL);
    int32_t *label = malloc(NL * sizeof *label);
    for (int64_t i = 0; i < NL; i++)
        label[i] = gy[i] > 0;
    ml_xy linear = {.x = {.v = x, .rows = N, .columns = D}, .y = {y, N}};
    ml_xy logistic = {.x = {.v = gx, .rows = NL, .columns = DL}, .label = {label, NL}};
    double seconds[4];
    ml_model_free(timed(ML_LINEAR(.alpha = 0), linear, rounds, &seconds[0]));
    ml_model_free(timed(ML_LINEAR(.solver = ML_LINEAR_QR), linear, 1, &seconds[1]));
    ml_model *newton = timed(ML_LOGISTIC(.C = 1), logistic, rounds, &seconds[2]);
    ml_model *lbfgs = timed(ML_LOGISTIC(.solver = ML_LOGISTIC_LBFGS), logistic, rounds, &seconds[3]);
    printf("{\"linear\": %.4f, \"linear_qr\": %.4f, \"logistic\": %.4f, \"logistic_steps\": %lld, \"logistic_objective\": %.9f, "
           "\"logistic_lbfgs\": %.4f, \"logistic_lbfgs_steps\": %lld, \"logistic_lbfgs_objective\": %.9f}\n",
           seconds[0], seconds[1], seconds[2], (long long)ml_model_steps(newton, NULL), objective(newton, gx, label), seconds[3],
           (long long)ml_model_steps(lbfgs, NULL), objective(lbfgs, gx, label));
    ml_model_free(newton), ml_model_free(lbfgs);
    free(x), free(y), free(gx), free(gy), free(label);
    return 0;
}
