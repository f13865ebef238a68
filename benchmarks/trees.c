/* trees.c -- a full-depth tree, a forest and their predictions on a table from a file.
 *
 *   bench-trees X.npy LABEL.npy WORK [THREADS]        WORK: tree, forest or extra
 *
 * X is float32, rows x features; LABEL is int32. Fits once and predicts the same rows; prints one JSON line: seconds, nodes and
 * the share of rows that it gets right. benchmarks/trees.py runs it beside scikit-learn. */
#include "lab/measure.h"

#include <mlcore/mlcore.h>

#include <stdlib.h>
#include <string.h>

/* The array of a .npy file; ends the program where it is another kind. */
static ml_npy array(const char *path, const char *dtype, int rank)
{
    ml_npy a;
    if (ml_npy_read(path, &a))
        exit(ml_perror("trees"));
    if (strcmp(a.dtype, dtype) != 0 || a.rank != rank) {
        fprintf(stderr, "trees: %s is not %s of %d axes\n", path, dtype, rank);
        exit(2);
    }
    return a;
}

int main(int argc, char **argv)
{
    if (argc < 4 || (argc > 4 && ml_set_threads(atoi(argv[4])))) {
        fprintf(stderr, "usage: %s X.npy LABEL.npy tree|forest|extra [THREADS]\n", argv[0]);
        return 2;
    }
    ml_npy x = array(argv[1], "f4", 2), label = array(argv[2], "i4", 1);
    ml_learner learner = ml_learner_named(strcmp(argv[3], "extra") == 0 ? "forest:extra=1" : argv[3]);
    ml_matrix *m = ml_matrix_new(x.shape[0], x.shape[1]);
    int32_t *said = m ? malloc((size_t)m->rows * sizeof *said) : NULL;
    if (!said || !learner.kind)
        return ml_perror("trees");
    for (int64_t i = 0; i < m->rows; i++)
        for (int64_t j = 0; j < m->columns; j++)
            ml_matrix_values(m)[i + j * m->rows] = (double)((const float *)x.data)[i * m->columns + j];
    double start = lab_seconds();
    ml_model *model = ml_fit(learner, (ml_xy){.x = *m, .label = {label.data, m->rows}});
    double fitted = lab_seconds();
    if (!model || ml_model_labels(model, *m, said))
        return ml_perror("trees");
    double predicted = lab_seconds();
    int64_t right = 0, nodes = 0, all = 0;
    for (int64_t i = 0; i < m->rows; i++)
        right += said[i] == ((const int32_t *)label.data)[i];
    for (int64_t k = 0; k < ml_model_trees(model); k++, all += nodes)
        if (ml_model_tree_size(model, k, &nodes, NULL, NULL))
            return ml_perror("trees");
    printf("{\"fit\": %.4f, \"predict\": %.4f, \"nodes\": %lld, \"right\": %.6f}\n", fitted - start, predicted - fitted, (long long)all,
           (double)right / (double)m->rows);
    ml_model_free(model), ml_matrix_free(m), ml_npy_free(&x), ml_npy_free(&label), free(said);
    return 0;
}
