/* tree_predict.c -- rows down the trees.
 *
 * One row waits at each step for the node it goes to; so eight go down side by side, until none of them moves: a leaf leads to
 * itself. A block of rows passes through a tree while its nodes are in the cache.
 */
#include "classical/tree.h"

#include <string.h>

enum { ABREAST = 8, BLOCK = 512 };

/* From node i to the next, of a row. Without a branch: nobody can foretell it, and eight rows wait for each wrong guess. */
static inline int32_t step(const mli_fork *fork, int32_t i, const double *x)
{
    const mli_fork f = fork[i];
    double v = x[f.what >> 2];
    int32_t left = (v <= f.threshold) | ((v != v) & f.what);
    return f.right + ((i + 1 - f.right) & -left);
}

void mli_tree_walk(const mli_tree *t, const double *x, int64_t n, int64_t features, int32_t *leaf)
{
    const mli_fork *fork = t->fork;
    int64_t i = 0;
    memset(leaf, 0, (size_t)n * sizeof *leaf);
    if (t->nodes == 1)
        return;
    for (; i + ABREAST <= n; i += ABREAST) {
        int32_t at[ABREAST] = {0}, moved;
        const double *row = x + i * features;
        do {
            moved = 0;
            for (int r = 0; r < ABREAST; r++) {
                int32_t next = step(fork, at[r], row + r * features);
                moved |= next ^ at[r];
                at[r] = next;
            }
        } while (moved);
        memcpy(leaf + i, at, sizeof at);
    }
    for (; i < n; i++)
        while (fork[leaf[i]].right != leaf[i])
            leaf[i] = step(fork, leaf[i], x + i * features);
}

void mli_tree_add(const mli_tree *t, int32_t leaf, double *out)
{
    const double *value = t->value + (int64_t)leaf * t->outputs;
    double whole = t->classes ? t->weight[leaf] : 1;
    for (int32_t k = 0; k < t->outputs; k++)
        out[k] += value[k] / whole;
}

double *mli_matrix_rows(const ml_matrix *x, int64_t first, int64_t n)
{
    double *row = mli_alloc((size_t)(n * x->columns) * sizeof *row);
    for (int64_t j = 0; j < x->columns && row; j++)
        for (int64_t i = 0; i < n; i++)
            row[i * x->columns + j] = ml_matrix_at(x, first + i, j);
    return row;
}

typedef struct prediction {
    const mli_trees *all;
    const ml_matrix *x;
    double *out;
} prediction;

static ml_status predict_block(void *arg, int64_t block)
{
    const prediction *p = arg;
    const ml_matrix *x = p->x;
    int64_t first = block * BLOCK, n = x->rows - first < BLOCK ? x->rows - first : BLOCK;
    int32_t outputs = p->all->tree[0].outputs, leaf[BLOCK];
    double *row = mli_matrix_rows(x, first, n), *out = p->out + first * outputs;
    if (!row)
        return ML_ENOMEM;
    memset(out, 0, (size_t)(n * outputs) * sizeof *out);
    for (int64_t k = 0; k < p->all->trees; k++) {
        mli_tree_walk(&p->all->tree[k], row, n, x->columns, leaf);
        for (int64_t i = 0; i < n; i++)
            mli_tree_add(&p->all->tree[k], leaf[i], out + i * outputs);
    }
    for (int64_t i = 0; i < n * outputs; i++)
        out[i] /= (double)p->all->trees;
    mli_free(row);
    return ML_OK;
}

ml_status mli_trees_predict(const ml_model *m, const ml_matrix *x, double *out)
{
    return ml_parallel_for((x->rows + BLOCK - 1) / BLOCK, predict_block, &(prediction){m->state, x, out});
}
