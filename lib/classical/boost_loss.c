/* boost_loss.c -- losses of scores and their slopes.
 *
 *   two classes     L = log(1 + e^s) - y s          g = p - y       h = p (1 - p)       p = 1 / (1 + e^-s)
 *   K classes       L = log sum_k e^s_k - s_y       g_k = p_k - [y = k]                 h_k = p_k (1 - p_k)
 *   numbers         L = (s - y)^2 / 2               g = s - y       h = 1
 *
 * each times the row's weight. Source: Friedman 2001, sections 4.1, 4.5, 4.6; of K classes the diagonal of the Hessian.
 */
#include "classical/boost_loss.h"

#include <math.h>

enum { ROWS_A_CHUNK = 4096 };

static double weight_of(const mli_aim *a, int64_t i)
{
    return a->weight ? a->weight[i] : 1;
}

static double sigmoid(double s)
{
    return 1 / (1 + exp(-s));
}

/* ---- where it begins ---- */

void mli_loss_base(const mli_aim *a, double *base)
{
    const int32_t scores = a->classes > 2 ? a->classes : 1;
    double total = 0;
    for (int32_t k = 0; k < scores; k++)
        base[k] = 0;
    for (int64_t i = 0; i < a->n; i++) {
        const double w = weight_of(a, i);
        total += w;
        if (a->classes > 2)
            base[a->label[i]] += w;
        else
            base[0] += w * (a->classes ? a->label[i] == 1 : a->y[i]);
    }
    const double least = 1e-15; /* a class without rows: next to never */
    for (int32_t k = 0; k < scores; k++) {
        const double share = base[k] / total;
        const double p = share < least ? least : share > 1 - least ? 1 - least : share;
        base[k] = !a->classes ? share : a->classes > 2 ? log(p) : log(p / (1 - p));
    }
}

/* ---- slopes ---- */

typedef struct job {
    const mli_aim *a;
    const double *score, *softmax;
    int64_t k, scores;
    mli_slope *slope;
    double *out;
} job;

static void last_of(const mli_aim *a, int64_t chunk, int64_t *first, int64_t *end)
{
    *first = chunk * ROWS_A_CHUNK;
    *end = *first + ROWS_A_CHUNK < a->n ? *first + ROWS_A_CHUNK : a->n;
}

static ml_status slopes_chunk(void *arg, int64_t chunk)
{
    const job *j = arg;
    const mli_aim *a = j->a;
    int64_t i, end;
    for (last_of(a, chunk, &i, &end); i < end; i++) {
        const double w = weight_of(a, i);
        if (!a->classes) {
            j->slope[i] = (mli_slope){(float)(w * (j->score[i] - a->y[i])), (float)w};
            continue;
        }
        const double p = a->classes > 2 ? j->softmax[i * j->scores + j->k] : sigmoid(j->score[i]);
        const bool is = a->label[i] == (a->classes > 2 ? (int32_t)j->k : 1);
        j->slope[i] = (mli_slope){(float)(w * (p - is)), (float)(w * p * (1 - p))};
    }
    return ML_OK;
}

static int64_t chunks_of(int64_t n)
{
    return (n + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK;
}

ml_status mli_loss_slopes(const mli_aim *a, const double *score, int64_t k, const double *softmax, mli_slope *slope)
{
    job j = {.a = a, .score = score, .softmax = softmax, .k = k, .scores = a->classes, .slope = slope};
    return ml_parallel_for(chunks_of(a->n), slopes_chunk, &j);
}

void mli_loss_probabilities(int32_t classes, const double *score, double *p)
{
    if (classes <= 2) {
        p[classes - 1] = classes == 2 ? sigmoid(score[0]) : 1;
        if (classes == 2)
            p[0] = 1 - p[1];
        return;
    }
    double most = score[0], sum = 0;
    for (int32_t k = 1; k < classes; k++)
        most = score[k] > most ? score[k] : most;
    for (int32_t k = 0; k < classes; k++)
        sum += p[k] = exp(score[k] - most);
    for (int32_t k = 0; k < classes; k++)
        p[k] /= sum;
}

static ml_status softmax_chunk(void *arg, int64_t chunk)
{
    const job *j = arg;
    int64_t i, end;
    for (last_of(j->a, chunk, &i, &end); i < end; i++)
        mli_loss_probabilities(j->a->classes, j->score + i * j->scores, j->out + i * j->scores);
    return ML_OK;
}

ml_status mli_loss_softmax(const mli_aim *a, const double *score, double *softmax)
{
    job j = {.a = a, .score = score, .scores = a->classes, .out = softmax};
    return ml_parallel_for(chunks_of(a->n), softmax_chunk, &j);
}

/* ---- the loss itself ---- */

static double loss_of(const mli_aim *a, const double *score, int64_t i)
{
    if (!a->classes)
        return (score[i] - a->y[i]) * (score[i] - a->y[i]) / 2;
    if (a->classes <= 2) { /* log(1 + e^-m), m the score on the side of the truth */
        const double m = a->label[i] == 1 ? score[i] : -score[i];
        return m > 0 ? log1p(exp(-m)) : log1p(exp(m)) - m;
    }
    const double *s = score + i * a->classes;
    double most = s[0], sum = 0;
    for (int32_t k = 1; k < a->classes; k++)
        most = s[k] > most ? s[k] : most;
    for (int32_t k = 0; k < a->classes; k++)
        sum += exp(s[k] - most);
    return log(sum) + most - s[a->label[i]];
}

double mli_loss_mean(const mli_aim *a, const double *score)
{
    double sum = 0, total = 0;
    for (int64_t i = 0; i < a->n; i++) {
        const double w = weight_of(a, i);
        total += w;
        sum += w > 0 ? w * loss_of(a, score, i) : 0;
    }
    return sum / total;
}
