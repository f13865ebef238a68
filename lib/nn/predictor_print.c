/* predictor_print.c -- what a net made ready consists of, as a table. */
#include "nn/predictor.h"

#include <string.h>

int64_t mli_step_bytes(const mli_step *s)
{
    if (s->kind == MLI_STEP_LAYER)
        return (s->layer.params + s->layer.buffers) * (int64_t)sizeof(ml_real);
    if (s->kind != MLI_STEP_CONV)
        return 0;
    int64_t window = s->g.r * s->g.s * (s->g.c / s->g.groups);
    int64_t weights = s->packed ? (int64_t)mlk_conv2d_body_packed_size(s->body, &s->g) : s->g.f * window * (int64_t)sizeof(ml_real);
    return weights + s->g.f * (int64_t)sizeof(ml_real);
}

size_t mli_predictor_workspace(const ml_predictor *p, int64_t samples)
{
    size_t most = 0;
    for (int i = 0; i < p->n; i++) {
        mlk_conv2d g = p->steps[i].g;
        g.n = samples;
        size_t bytes = p->steps[i].kind == MLI_STEP_CONV
                           ? mlk_conv2d_body_workspace(p->steps[i].body, p->kernel, &g, MLK_FORWARD)
                           : 0;
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* The body of the convolution, "packed" where its weights are; else what the step does. */
static void body_text(const mli_step *s, char *buf, size_t size)
{
    static const char *const others[] = {[MLI_STEP_ADD] = "sum", [MLI_STEP_JOIN] = "joined", [MLI_STEP_LAYER] = "as it is"};
    if (s->kind == MLI_STEP_CONV)
        snprintf(buf, size, "%s%s", mlk_conv2d_body_name(s->body), s->packed ? ", packed" : "");
    else
        snprintf(buf, size, "%s", others[s->kind]);
}

static int longer(int width, const char *text)
{
    return (int)strlen(text) > width ? (int)strlen(text) : width;
}

static void print_steps(FILE *out, const ml_predictor *p)
{
    char body[64], shape[160];
    int made_of = (int)strlen("made of"), bodies = (int)strlen("runs"), shapes = (int)strlen("output");
    for (int i = 0; i < p->n; i++) {
        const mli_step *s = &p->steps[i];
        body_text(s, body, sizeof body);
        made_of = longer(made_of, s->made_of), bodies = longer(bodies, body);
        shapes = longer(shapes, mli_sample_text(&s->out, shape, sizeof shape));
    }
    fprintf(out, "step  %-*s  %-*s  %-*s  buffer  bytes of weights\n", made_of, "made of", bodies, "runs", shapes, "output");
    for (int i = 0; i < p->n; i++) {
        const mli_step *s = &p->steps[i];
        body_text(s, body, sizeof body);
        fprintf(out, "%4d  %-*s  %-*s  %-*s  %6d  %16lld\n", i, made_of, s->made_of, bodies, body, shapes,
                mli_sample_text(&s->out, shape, sizeof shape), s->buffer, (long long)mli_step_bytes(s));
    }
}

void ml_predictor_print(FILE *out, const ml_predictor *p)
{
    if (!out || !p) {
        mli_fail(ML_EINVAL, "predictor: the file or the predictor is NULL");
        return;
    }
    int64_t weights = 0, numbers = 0;
    for (int i = 0; i < p->n; i++)
        weights += mli_step_bytes(&p->steps[i]);
    for (int b = 0; b < p->buffers; b++)
        numbers += mli_predictor_numbers(p, b);
    print_steps(out, p);
    fprintf(out, "%lld bytes of weights; for each call at the same time, of %lld samples or more, %d buffers of %lld bytes together and "
                 "a workspace of %lld\n", (long long)weights, (long long)p->batch, p->buffers,
            (long long)(numbers * p->batch * (int64_t)sizeof(ml_real)), (long long)mli_predictor_workspace(p, p->batch));
}
