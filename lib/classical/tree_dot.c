/* tree_dot.c -- a tree as a drawing, in the language of Graphviz.
 *
 * Each node asks its question, or gives its answer, and says how many rows came to it and what they were. Its colour is that of its
 * most frequent class, the fuller the purer; of numbers, the fuller the larger.
 * Source of the language: graphviz.org/doc/info/lang.html. Colours: Okabe and Ito 2008, safe for the colour-blind.
 */
#include "base/xml.h"
#include "classical/tree_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- colours ---- */

static const uint8_t COLOURS[][3] = {{230, 159, 0}, {86, 180, 233}, {0, 158, 115}, {204, 121, 167},
                                     {240, 228, 66}, {213, 94, 0},  {0, 114, 178}, {150, 150, 150}};
enum { COLOUR_COUNT = sizeof COLOURS / sizeof *COLOURS };

/* What is drawn. */
typedef struct drawing {
    const ml_model *m;
    const mli_tree *t;
    const char *const *class_names;
    double low, high; /* of all means, where they are numbers */
} drawing;

/* How full: of classes 0 where all weigh the same, 1 where there is one; of numbers from the least mean to the largest. */
static double fullness(const drawing *d, int32_t i)
{
    const mli_tree *t = d->t;
    if (!t->classes)
        return d->high > d->low ? (t->value[i] - d->low) / (d->high - d->low) : 0;
    double share = t->value[(int64_t)i * t->outputs + mli_tree_class(t, i)] / t->weight[i], least = 1.0 / t->classes;
    return least < 1 ? (share - least) / (1 - least) : 1;
}

static void put_colour(FILE *out, const drawing *d, int32_t i)
{
    const mli_tree *t = d->t;
    double full = 0.8 * fullness(d, i); /* black text stays legible */
    const uint8_t *c = COLOURS[t->classes ? mli_tree_class(t, i) % COLOUR_COUNT : 1];
    fputs("fillcolor=\"#", out);
    for (int k = 0; k < 3; k++)
        fprintf(out, "%02x", (unsigned)(255 - full * (255 - c[k]) + 0.5));
    fputc('"', out);
}

/* ---- nodes ---- */

static void put_question(FILE *out, const ml_model *m, const mli_fork *f)
{
    char number[MLI_NUMBER_SIZE];
    const char *name = m->name[mli_feature(f)];
    fputs("<b>", out);
    mli_xml_print(out, name, strlen(name));
    if (f->threshold == INFINITY)
        fputs(" is there?</b><br/>", out);
    else
        fprintf(out, " &lt;= %s</b><br/>", mli_tree_number(f->threshold, 5, number));
}

/* Of many classes only the first few of those that are there. */
static void put_counts(FILE *out, const drawing *d, int32_t i)
{
    enum { SHOWN = 6 };
    char number[MLI_NUMBER_SIZE];
    const mli_tree *t = d->t;
    const double *value = t->value + (int64_t)i * t->outputs;
    int shown = 0;
    for (int32_t k = 0; k < t->classes; k++) {
        if (!(value[k] > 0))
            continue;
        if (shown++ == SHOWN) {
            fputs(", ...", out);
            return;
        }
        fputs(shown > 1 ? ", " : "", out);
        if (d->class_names)
            mli_xml_print(out, d->class_names[k], strlen(d->class_names[k]));
        else
            fprintf(out, "class %ld", (long)k);
        fprintf(out, " %s", mli_tree_number(value[k], 5, number));
    }
}

static void put_node(FILE *out, const drawing *d, int32_t i)
{
    char number[MLI_NUMBER_SIZE];
    const mli_tree *t = d->t;
    bool leaf = mli_leaf(t, i);
    fprintf(out, "n%ld [style=\"filled%s\", ", (long)i, leaf ? ",rounded" : "");
    put_colour(out, d, i);
    fputs(", label=<", out);
    if (!leaf)
        put_question(out, d->m, &t->fork[i]);
    if (t->classes)
        put_counts(out, d, i);
    else
        fprintf(out, "%smean %s, %ld rows%s", leaf ? "<b>" : "", mli_tree_number(t->value[i], 5, number), (long)t->samples[i],
                leaf ? "</b>" : "");
    fputs(">];\n", out);
}

static void put_edges(FILE *out, const mli_tree *t, int32_t i)
{
    const mli_fork *f = &t->fork[i];
    const char *missing = mli_missing_seen(f) && f->threshold < INFINITY ? ", missing" : "";
    bool left = mli_missing_left(f);
    fprintf(out, "n%ld -> n%ld [label=\" yes%s\"];\n", (long)i, (long)i + 1, left ? missing : "");
    fprintf(out, "n%ld -> n%ld [label=\" no%s\"];\n", (long)i, (long)f->right, left ? "" : missing);
}

static void put_tree(FILE *out, const drawing *d)
{
    fputs("digraph tree {\n"
          "graph [ranksep=0.35, nodesep=0.2];\n"
          "node [shape=box, fontname=\"Helvetica\", fontsize=11, color=\"#5b5b5b\", margin=\"0.12,0.06\", height=0.3];\n"
          "edge [fontname=\"Helvetica\", fontsize=9, fontcolor=\"#5b5b5b\", color=\"#5b5b5b\", arrowsize=0.6];\n",
          out);
    for (int32_t i = 0; i < d->t->nodes; i++) {
        put_node(out, d, i);
        if (!mli_leaf(d->t, i))
            put_edges(out, d->t, i);
    }
    fputs("}\n", out);
}

ml_status ml_tree_dot(const ml_model *m, const char *path, const char *const *class_names)
{
    const mli_tree *t = mli_tree_only(m, "tree_dot");
    char *text = NULL;
    size_t size = 0;
    mli_writer w;
    if (!t)
        return ml_error_status();
    if (!path)
        return mli_fail(ML_EINVAL, "tree_dot: the path is NULL");
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return mli_fail(ML_ENOMEM, "tree_dot: out of memory for the drawing");
    drawing d = {.m = m, .t = t, .class_names = class_names, .low = INFINITY, .high = -INFINITY};
    for (int32_t i = 0; i < t->nodes && !t->classes; i++) {
        d.low = fmin(d.low, t->value[i]);
        d.high = fmax(d.high, t->value[i]);
    }
    put_tree(out, &d);
    ml_status s = fclose(out) == 0 ? mli_writer_open(&w, path) : mli_fail(ML_ENOMEM, "tree_dot: out of memory for the drawing");
    if (!s) {
        mli_writer_put(&w, text, size);
        s = mli_writer_commit(&w); /* says what put could not */
    }
    free(text);
    return s;
}
