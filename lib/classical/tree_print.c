/* tree_print.c -- a tree as text, a line a question. */
#include "classical/tree_show.h"
#include "io/io.h"

#include <math.h>
#include <string.h>

char *mli_tree_number(double x, int digits, char buf[MLI_NUMBER_SIZE])
{
    snprintf(buf, MLI_NUMBER_SIZE, "%.*g", digits, x);
    for (char *p = buf; *p; p++)
        if (*p == ',')
            *p = '.';
    return buf;
}

const mli_tree *mli_tree_only(const ml_model *m, const char *who)
{
    const mli_tree *t = mli_tree_of(m, 0, who);
    if (t && ml_model_trees(m) > 1)
        return mli_null(ML_EINVAL, "%s: the model has %lld trees: it must be one", who, (long long)ml_model_trees(m));
    return t;
}

int32_t mli_tree_class(const mli_tree *t, int32_t node)
{
    const double *value = t->value + (int64_t)node * t->outputs;
    int32_t best = 0;
    for (int32_t k = 1; k < t->outputs; k++)
        if (value[k] > value[best])
            best = k;
    return best;
}

static void indent(FILE *f, int32_t depth)
{
    for (int32_t d = 0; d < depth; d++)
        fputs("|   ", f);
}

/* The answer to its parent's question that leads to node i. */
static void print_answer(FILE *f, const ml_model *m, const mli_tree *t, int32_t parent, int32_t i)
{
    char name[MLI_SHOWN], number[MLI_NUMBER_SIZE];
    const mli_fork *p = &t->fork[parent];
    bool left = i == parent + 1, missing = mli_missing_seen(p) && left == mli_missing_left(p);
    mli_shown(m->name[mli_feature(p)], name);
    if (p->threshold == INFINITY)
        fprintf(f, "%s is %s\n", name, left ? "there" : "missing");
    else
        fprintf(f, "%s %s %s%s\n", name, left ? "<=" : ">", mli_tree_number(p->threshold, 8, number), missing ? ", or missing" : "");
}

static void print_leaf(FILE *f, const mli_tree *t, int32_t i, const char *const *class_names)
{
    char name[MLI_SHOWN], a[MLI_NUMBER_SIZE], b[MLI_NUMBER_SIZE];
    const double *value = t->value + (int64_t)i * t->outputs;
    if (!t->classes) {
        fprintf(f, "value %s (%ld rows)\n", mli_tree_number(value[0], 6, a), (long)t->samples[i]);
        return;
    }
    int32_t k = mli_tree_class(t, i);
    snprintf(name, sizeof name, "%ld", (long)k);
    fprintf(f, "class %s (%s of %s)\n", class_names ? mli_shown(class_names[k], name) : name, mli_tree_number(value[k], 6, a),
            mli_tree_number(t->weight[i], 6, b));
}

/* Nodes below i, whose number is that of the branch without i. */
static int32_t print_cut(FILE *f, const mli_tree *t, int32_t i)
{
    int32_t last = i;
    while (!mli_leaf(t, last))
        last = t->fork[last].right;
    fprintf(f, "... %ld nodes more\n", (long)(last - i));
    return last;
}

ml_status ml_tree_print(FILE *f, const ml_model *m, const char *const *class_names, int64_t max_depth)
{
    const mli_tree *t = mli_tree_only(m, "tree_print");
    if (!t)
        return ml_error_status();
    if (!f || max_depth < 0)
        return mli_fail(ML_EINVAL, "tree_print: %s", f ? "max_depth must be 0 or more" : "the file is NULL");
    mli_place *place = mli_tree_places(t);
    if (!place)
        return ML_ENOMEM;
    for (int32_t i = 0; i < t->nodes; i++) {
        if (i > 0) {
            indent(f, place[i].depth - 1);
            print_answer(f, m, t, place[i].parent, i);
        }
        bool leaf = mli_leaf(t, i);
        if (!leaf && !(max_depth && place[i].depth >= max_depth))
            continue;
        indent(f, place[i].depth);
        if (leaf)
            print_leaf(f, t, i, class_names);
        else
            i = print_cut(f, t, i);
    }
    mli_free(place);
    return ML_OK;
}
