/* summary.c -- the table of a net: what goes where, what it learns, what it costs. Written twice, first without a file, to
 * see how wide its columns are. */
#include "nn/nn.h"

#include <string.h>

enum { COLUMNS = 5, CELL = 96 };
typedef char row[COLUMNS][CELL];

/* 1234567 as "1,234,567": read by people. */
static void thousands(char *cell, int64_t value)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value), at = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            cell[at++] = ',';
        cell[at++] = digits[i];
    }
    cell[at] = 0;
}

static void numbers(row r, int64_t params, int64_t macs, int64_t stored)
{
    thousands(r[2], params);
    thousands(r[3], macs);
    thousands(r[4], stored * (int64_t)sizeof(ml_real));
}

static void clear(row r)
{
    for (int c = 0; c < COLUMNS; c++)
        r[c][0] = 0;
}

/* ---- what stands beside a layer's name ---- */

void mli_describe_more(char *buf, size_t size, const char *what, int64_t h, int64_t w)
{
    size_t used = strlen(buf);
    used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "", what);
    if (used < size && (h || w))
        used += (size_t)snprintf(buf + used, size - used, " %lld", (long long)(h == ML_NONE ? 0 : h));
    if (used < size && w)
        snprintf(buf + used, size - used, "x%lld", (long long)(w == ML_NONE ? 0 : w));
}

void mli_describe_window(char *buf, size_t size, int64_t k, int64_t k_w, int64_t stride, int64_t stride_w, int64_t pad,
                         int64_t pad_w)
{
    snprintf(buf, size, "%lldx%lld", (long long)k, (long long)(k_w ? k_w : k));
    if (stride || stride_w)
        mli_describe_more(buf, size, "stride", stride, stride_w);
    if (pad > 0 || pad_w > 0)
        mli_describe_more(buf, size, "pad", pad, pad_w);
}

/* ---- rows: without a file they are only measured ---- */

static void write_row(FILE *out, int *width, row r)
{
    for (int c = 0; !out && c < COLUMNS; c++)
        width[c] = (int)strlen(r[c]) > width[c] ? (int)strlen(r[c]) : width[c];
    if (out && !*r[2])
        fprintf(out, "%-*s  %s\n", width[0], r[0], r[1]);
    else if (out)
        fprintf(out, "%-*s  %-*s  %*s  %*s  %*s\n", width[0], r[0], width[1], r[1], width[2], r[2], width[3], r[3],
                width[4], r[4]);
}

static void write_rule(FILE *out, const int *width)
{
    for (int c = 0; out && c < COLUMNS; c++) {
        for (int k = 0; k < width[c]; k++)
            fputc('-', out);
        fputs(c < COLUMNS - 1 ? "  " : "\n", out);
    }
}

static void write_head(FILE *out, int *width, const char *first, const char *second)
{
    row r = {"", "", "params", "MACs", "bytes"};
    snprintf(r[0], CELL, "%s", first);
    snprintf(r[1], CELL, "%s", second);
    write_row(out, width, r);
    write_rule(out, width);
}

/* "  3 dropout, p 0.2": by its name, or its number where it has none; the numbers of a block stand at what is inside. */
static void layer_row(const mli_layer *l, int depth, row r)
{
    char more[CELL / 2] = "", number[16] = "";
    const char *name = l->spec.name ? l->spec.name : number;
    clear(r);
    if (l->spec.kind->describe)
        l->spec.kind->describe(l, more, sizeof more);
    if (l->index >= 0)
        snprintf(number, sizeof number, "%d", l->index);
    snprintf(r[0], CELL, "%*s%s%s%s%s%s", 2 * depth, "", name, *name ? " " : "", l->spec.kind->name, *more ? ", " : "", more);
    mli_sample_text(&l->out, r[1], CELL);
    if (!l->spec.kind->block)
        numbers(r, l->params, l->macs, l->params + l->buffers);
}

static void write_layers(FILE *out, int *width, const mli_layer *layers, int n, int depth)
{
    row r;
    for (int i = 0; i < n; i++) {
        layer_row(&layers[i], depth, r);
        write_row(out, width, r);
        write_layers(out, width, layers[i].layers, layers[i].n, depth + 1);
    }
}

/* Of a custom net nobody knows the layers: a row a parameter and buffer. */
static void write_tensors(FILE *out, int *width, const ml_params *ps)
{
    row r;
    for (int i = 0; i < ps->n + ps->n_buffers; i++) {
        const ml_tensor *x = i < ps->n ? ps->entries[i].x : ps->buffers[i - ps->n];
        snprintf(r[0], CELL, "%s", x->name);
        ml_shape_text(x, r[1], CELL);
        numbers(r, i < ps->n ? x->size : 0, 0, x->size);
        snprintf(r[3], CELL, "-"); /* nor what its function does */
        write_row(out, width, r);
    }
}

static void write_total(FILE *out, int *width, const ml_net *net)
{
    row r = {"total"};
    int64_t stored = ml_params_size(net->params);
    for (int i = 0; i < net->params->n_buffers; i++)
        stored += net->params->buffers[i]->size;
    numbers(r, ml_params_size(net->params), ml_net_macs(net), stored);
    if (net->self->forward)
        snprintf(r[3], CELL, "-");
    write_rule(out, width);
    write_row(out, width, r);
}

static void write_table(FILE *out, int *width, const ml_net *net)
{
    bool custom = net->self->forward != NULL;
    write_head(out, width, custom ? "parameter" : "layer", custom ? "shape" : "output");
    if (custom)
        write_tensors(out, width, net->params);
    else
        write_layers(out, width, net->self->layers, net->self->n, 0);
    write_total(out, width, net);
}

void ml_net_print(FILE *out, ml_net *net)
{
    int width[COLUMNS] = {0};
    if (!out || !net) {
        mli_fail(ML_EINVAL, "net: the file or the net is NULL");
        return;
    }
    write_table(NULL, width, net);
    write_table(out, width, net);
}
