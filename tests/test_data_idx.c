/* Folders of IDX files: the embedded digits, and small folders that are wrong in one way each. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void put(const char *name, const uint8_t *header, size_t n_header, size_t n, uint8_t value)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(header, 1, n_header, f);
    for (size_t i = 0; i < n; i++)
        fputc((int)(value + i % 3), f);
    fclose(f);
}

static void put_images(const char *name, uint8_t n, uint8_t h, uint8_t w)
{
    uint8_t header[] = {0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, h, 0, 0, 0, w};
    put(name, header, sizeof header, (size_t)n * h * w, 10);
}

static void put_labels(const char *name, uint8_t n, uint8_t first)
{
    uint8_t header[] = {0, 0, 8, 1, 0, 0, 0, n};
    put(name, header, sizeof header, n, first);
}

static int new_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/mlcore-idx-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                        "t10k-labels-idx1-ubyte", "t10k-images.idx3-ubyte"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return rmdir(folder);
}

static void reads_the_embedded_digits(void **state)
{
    (void)state;
    ml_dataset *test = ml_dataset_read_idx(MLCORE_SOURCE_DIR "/data/mnist", "t10k", 0);
    if (!test)
        fail_msg("%s", ml_error());
    assert_int_equal(test->n, 10000);
    assert_int_equal(test->rank, 3);
    assert_int_equal(test->shape[0], 28);
    assert_int_equal(test->shape[1], 28);
    assert_int_equal(test->shape[2], 1);
    assert_int_equal(test->classes, 10);
    assert_int_equal(test->role, ML_ROLE_TEST);
    const int32_t first[] = {7, 2, 1, 0, 4, 1, 4, 9, 5, 9};
    assert_memory_equal(test->labels, first, sizeof first);
    double sum = 0;
    for (int64_t i = 0; i < test->n * test->features; i++)
        sum += test->bytes[i];
    assert_float_equal(sum / (double)(test->n * test->features) / 255, 0.13251, 1e-5); /* the known mean */
    ml_dataset_free(test);
}

static void reads_plain_files_and_dotted_names(void **state)
{
    (void)state;
    put_images("t10k-images.idx3-ubyte", 6, 2, 3);
    put_labels("t10k-labels-idx1-ubyte", 6, 0);
    ml_dataset *ds = ml_dataset_read_idx(folder, "t10k", 0);
    if (!ds)
        fail_msg("%s", ml_error());
    assert_int_equal(ds->n, 6);
    assert_int_equal(ds->classes, 3); /* no training labels beside: its own */
    assert_int_equal(ds->bytes[4], 11);
    ml_dataset_free(ds);
    put_labels("train-labels-idx1-ubyte", 6, 5);
    ds = ml_dataset_read_idx(folder, "t10k", 0);
    assert_int_equal(ds->classes, 8); /* the training labels say 5, 6, 7 */
    ml_dataset_free(ds);
}

static void expect_error(const char *prefix, int32_t classes, ml_status status, const char *part1, const char *part2)
{
    assert_null(ml_dataset_read_idx(folder, prefix, classes));
    assert_int_equal(ml_error_status(), status);
    if (!strstr(ml_error(), part1) || !strstr(ml_error(), part2))
        fail_msg("'%s' lacks '%s' or '%s'", ml_error(), part1, part2);
}

static void wrong_folders_are_errors(void **state)
{
    (void)state;
    expect_error("train", 0, ML_EIO, folder, "no file train-images-idx3-ubyte");
    put_images("train-images-idx3-ubyte", 6, 2, 2);
    expect_error("train", 0, ML_EIO, folder, "no file train-labels-idx1-ubyte");
    put_labels("train-labels-idx1-ubyte", 5, 0);
    expect_error("train", 0, ML_EFORMAT, "train-images-idx3-ubyte has 6 images", "train-labels-idx1-ubyte has 5 labels");
    put_labels("train-labels-idx1-ubyte", 6, 9);
    expect_error("train", 10, ML_EFORMAT, "train-labels-idx1-ubyte: label 10 of sample 1", "outside 0 .. 9");
    put_images("train-images-idx3-ubyte", 6, 0, 2);
    expect_error("train", 0, ML_EFORMAT, "train-images-idx3-ubyte", "n x height x width");
    put_labels("train-images-idx3-ubyte", 6, 0);
    expect_error("train", 0, ML_EFORMAT, "train-images-idx3-ubyte", "n x height x width");
    put_images("train-images-idx3-ubyte", 6, 2, 2);
    put_images("train-labels-idx1-ubyte", 6, 1, 1);
    expect_error("train", 0, ML_EFORMAT, "train-labels-idx1-ubyte", "rank 3");
    expect_error("test", 0, ML_EINVAL, "'test'", "'t10k'");
    assert_null(ml_dataset_read_idx(NULL, "train", 0));
    assert_null(ml_dataset_read_idx(folder, "train", -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_embedded_digits),
        cmocka_unit_test_setup_teardown(reads_plain_files_and_dotted_names, new_folder, drop_folder),
        cmocka_unit_test_setup_teardown(wrong_folders_are_errors, new_folder, drop_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
