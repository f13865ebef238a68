/* summary.c -- the table of a net: what goes where, what it learns, what it costs. */
#include "nn/nn.h"

#include <string.h>

enum { COLUMNS = 5, CELL = 64 };
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

static void numbers(row r, int64_t params, int64_t macs)
{
    thousands(r[2], params);
    thousands(r[3], macs);
    thousands(r[4], params * (int64_t)sizeof(ml_real));
}

static void layer_row(const mli_layer *l, row r)
{
    char more[CELL / 2] = "";
    if (l->spec.kind->describe)
        l->spec.kind->describe(l, more, sizeof more);
    if (l->index < 0)
        snprintf(r[0], CELL, "%s", l->spec.kind->name);
    else
        snprintf(r[0], CELL, "%d %s%s%s", l->index, l->spec.kind->name, *more ? ", " : "", more);
    mli_shape_text(l->out.rank, l->out.extent, r[1], CELL);
    numbers(r, l->params, l->macs);
}

/* Row i: the heading, then a layer each (of a custom net: a parameter each), then the total. */
static void row_of(ml_net *net, int i, int n, row r)
{
    const mli_net *self = net->self;
    static const char *const HEAD[COLUMNS] = {"layer", "output", "params", "MACs", "bytes"};
    if (i == 0) {
        for (int c = 0; c < COLUMNS; c++)
            snprintf(r[c], CELL, "%s", HEAD[c]);
        if (self->forward) {
            snprintf(r[0], CELL, "parameter");
            snprintf(r[1], CELL, "shape");
        }
    } else if (i == n - 1) {
        snprintf(r[0], CELL, "total");
        r[1][0] = 0;
        numbers(r, ml_params_size(net->params), ml_net_macs(net));
    } else if (self->forward) {
        const ml_tensor *x = net->params->entries[i - 1].x;
        snprintf(r[0], CELL, "%s", x->name);
        ml_shape_text(x, r[1], CELL);
        numbers(r, x->size, 0);
    } else {
        layer_row(&self->layers[i - 1], r);
    }
    if (self->forward && i > 0)
        snprintf(r[3], CELL, "-"); /* nobody counted what the caller's function does */
}

static void rule(FILE *out, const int *width)
{
    for (int c = 0; c < COLUMNS; c++) {
        for (int k = 0; k < width[c]; k++)
            fputc('-', out);
        fputs(c < COLUMNS - 1 ? "  " : "\n", out);
    }
}

void ml_net_print(FILE *out, ml_net *net)
{
    if (!out || !net) {
        mli_fail(ML_EINVAL, "net: the file or the net is NULL");
        return;
    }
    int n = 2 + (net->self->forward ? net->params->n : net->self->n), width[COLUMNS] = {0};
    row r;
    for (int i = 0; i < n; i++) {
        row_of(net, i, n, r);
        for (int c = 0; c < COLUMNS; c++)
            width[c] = (int)strlen(r[c]) > width[c] ? (int)strlen(r[c]) : width[c];
    }
    for (int i = 0; i < n; i++) {
        row_of(net, i, n, r);
        if (i == n - 1)
            rule(out, width);
        fprintf(out, "%-*s  %-*s  %*s  %*s  %*s\n", width[0], r[0], width[1], r[1], width[2], r[2], width[3], r[3],
                width[4], r[4]);
        if (i == 0)
            rule(out, width);
    }
}
