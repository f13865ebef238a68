/* Linear and logistic regression in memory of the program's own, which fails: each request of each solver refused in turn gives an error and
 * every block back. */
#include "support/check.h"
#include "support/tmp.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory {
    int64_t asked, live, refuse; /* the request that gets nothing, from 1; 0: none */
} memory;
static memory bank;

static void *take(void *user, size_t bytes)
{
    memory *m = user;
    if (++m->asked == m->refuse)
        return NULL;
    void *p = malloc(bytes);
    m->live += p != NULL;
    return p;
}

static void give(void *user, void *block)
{
    ((memory *)user)->live--;
    free(block);
}

enum { N = 40, D = 6 };

/* Fits, predicts, saves, loads: the status of the first that fails. */
static ml_status work(ml_learner learner, ml_xy data)
{
    double out[3 * N];
    ml_model *m = ml_fit(learner, data), *back = NULL;
    ml_status s = m ? ML_OK : ml_error_status();
    if (!s)
        s = data.label.v ? ml_model_probabilities(m, data.x, out) : ml_model_values(m, data.x, out);
    if (!s)
        s = ml_model_save(m, tmp_path("model.safetensors"));
    if (!s && !(back = ml_model_load(tmp_path("model.safetensors"))))
        s = ml_error_status();
    ml_model_free(m);
    ml_model_free(back);
    return s;
}

static void each_request_refused(void **state)
{
    (void)state;
    double x[N * D], y[N];
    int32_t label[N];
    for (int i = 0; i < N * D; i++)
        x[i] = i % D == 4 ? x[i - 1] + x[i - 2] : sin(i * i); /* a sum of others: QR has a case of its own for it */
    for (int i = 0; i < N; i++) {
        y[i] = x[i * D] + cos(3 * i);
        label[i] = (y[i] > 0.3) + (y[i] > -0.3);
    }
    const ml_learner learners[] = {
        ML_LINEAR(.solver = ML_LINEAR_QR),       ML_LINEAR(.alpha = 0.1, .solver = ML_LINEAR_CHOLESKY),
        ML_LINEAR(.alpha = 0.1, .l1_ratio = 1),  ML_LINEAR(.solver = ML_LINEAR_LBFGS),
        ML_LINEAR(.alpha = 0.1, .solver = ML_LINEAR_QR), ML_LOGISTIC(.solver = ML_LOGISTIC_LBFGS),
        ML_LOGISTIC(.solver = ML_LOGISTIC_NEWTON), ML_LOGISTIC(.l1_ratio = 0.5), ML_LOGISTIC(.C = INFINITY, .balanced = true),
    };
    for (size_t k = 0; k < sizeof learners / sizeof *learners; k++) {
        bool regression = strcmp(ml_learner_name(learners[k]), "linear") == 0;
        ml_xy data = {.x = {.v = x, .rows = N, .columns = D}};
        if (regression)
            data.y = (ml_doubles){y, N};
        else
            data.label = (ml_ints){label, N};
        ml_status s = ML_ENOMEM;
        int64_t refused = 0;
        for (bank.refuse = 1; s == ML_ENOMEM; bank.refuse++, refused++) {
            bank.asked = 0;
            s = work(learners[k], data);
            if (bank.live)
                fail_msg("learner %zu, request %lld: %lld blocks are not given back", k, (long long)bank.refuse, (long long)bank.live);
        }
        if (s)
            fail_msg("learner %zu, request %lld: %s", k, (long long)refused, ml_error());
        assert_true(refused > 10 && bank.asked == refused - 1);
    }
}

int main(void)
{
    if (ml_set_threads(1) || ml_set_allocator((ml_allocator){take, give, &bank}))
        return ml_perror("memory");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_request_refused, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
