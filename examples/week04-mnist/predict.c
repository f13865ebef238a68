/* predict.c -- the user's own digits: a trained network reads pictures. */
#include "week04-mnist/digit.h"
#include "week04-mnist/week04.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { CLASSES = 10, SHOWN = 3, PIXELS = DIGIT_SIDE * DIGIT_SIDE };
static const double UNSURE = 0.6;

/* A network, and how its bytes became numbers when it was trained: (byte - mean) * scale. */
typedef struct reader {
    ml_net *net;
    double mean, scale;
} reader;

/* ---- the network ---- */

/* What main.c keeps beside the weights. */
static bool parse_extra(const char *extra, reader *r)
{
    int classes = 0;
    json_t *all = extra ? json_loads(extra, 0, NULL) : NULL;
    bool ok = all && json_unpack(all, "{s:{s:F, s:F}, s:i}", "preprocessing", "mean", &r->mean, "scale", &r->scale, "classes",
                                 &classes) == 0;
    json_decref(all);
    return ok && classes == CLASSES;
}

static int load(const settings *s, reader *r)
{
    char path[CLI_PATH], *extra = NULL;
    const char *file = s->model_file ? s->model_file : cli_out_path(&s->c, "model.safetensors", path);
    if (!s->model_file && access(file, F_OK) != 0)
        return cli_fail(&s->c, "%s: no network has been trained yet: '%s --out %s' trains one; --model-file names another", file,
                        s->c.program, s->c.out);
    r->net = ml_net_load(file, &extra);
    bool known = r->net && parse_extra(extra, r);
    free(extra);
    if (!r->net || ml_net_set_kernel(r->net, (ml_kernel)s->c.kernel))
        return cli_fail_ml(&s->c);
    if (!known)
        return cli_fail(&s->c, "%s: it does not say how it wants its pictures: %s has not written it for ten digits", file,
                        s->c.program);
    if (ml_net_inputs(r->net) != PIXELS || ml_net_outputs(r->net) != CLASSES)
        return cli_fail(&s->c, "%s: the network takes %lld numbers and gives %lld; a digit is %dx%d, one of %d", file,
                        (long long)ml_net_inputs(r->net), (long long)ml_net_outputs(r->net), DIGIT_SIDE, DIGIT_SIDE, CLASSES);
    return -1;
}

/* ---- one picture ---- */

/* Softmax of what the network answers. */
static ml_status classify(const reader *r, const digit_pixels px, double p[CLASSES])
{
    ml_real x[PIXELS], logits[CLASSES];
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < PIXELS; i++)
        x[i] = (ml_real)((px[i] - r->mean) * r->scale);
    if (ml_predict(r->net, x, 1, logits))
        return ml_error_status();
    for (int i = 0; i < CLASSES; i++)
        most = fmax(most, (double)logits[i]);
    for (int i = 0; i < CLASSES; i++)
        sum += p[i] = exp((double)logits[i] - most);
    for (int i = 0; i < CLASSES; i++)
        p[i] /= sum;
    return ML_OK;
}

/* The digits, likeliest first. */
static void rank(const double p[CLASSES], int order[CLASSES])
{
    for (int i = 0; i < CLASSES; i++) {
        int j = i;
        for (; j > 0 && p[order[j - 1]] < p[i]; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

static void print_answers(const settings *s, const char *name, const digit_pixels px, const double p[CLASSES])
{
    int order[CLASSES];
    rank(p, order);
    if (s->c.quiet) {
        printf("%s: %d, %.1f %%\n", name, order[0], 100 * p[order[0]]);
        return;
    }
    printf("\n%s\n", name);
    show_picture(stdout, px, DIGIT_SIDE, DIGIT_SIDE);
    for (int i = 0; i < SHOWN; i++)
        printf("  %d  %5.1f %%\n", order[i], 100 * p[order[i]]);
    if (p[order[0]] < UNSURE)
        printf("The network is not sure. Is the picture above what you wrote? One digit, large, upright, on plain paper helps.\n");
}

static int read_one(const settings *s, const reader *r, const char *name)
{
    digit_pixels px;
    double p[CLASSES];
    ml_image *photo = ml_image_read(name, 0);
    if (!photo)
        return cli_fail_ml(&s->c);
    const char *why = digit_prepare(photo, px);
    ml_image_free(photo);
    if (why)
        return cli_fail(&s->c, "%s: %s", name, why);
    if (classify(r, px, p))
        return cli_fail(&s->c, "%s: %s", name, ml_error());
    print_answers(s, name, px, p);
    return 0;
}

int predict(const settings *s)
{
    reader r = {0};
    int status = load(s, &r);
    if (status < 0) {
        status = 0;
        for (int i = 0; i < s->predict.n; i++)
            if (read_one(s, &r, s->predict.v[i]))
                status = 2;
    }
    ml_net_free(r.net);
    return status ? status : cli_close_stdout(&s->c);
}
