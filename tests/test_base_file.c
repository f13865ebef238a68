/* test_base_file.c -- files are read whole or not at all, and written whole or not at all. */
#include "base/base.h"
#include "support/check.h"
#include "support/tmp.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static ml_status write_text(const char *path, const char *text)
{
    mli_writer w;
    ml_status s = mli_writer_open(&w, path);
    if (s)
        return s;
    s = mli_writer_put(&w, text, strlen(text));
    ml_status c = mli_writer_commit(&w);
    return s ? s : c;
}

static void assert_sentence(const char *path, const char *part)
{
    if (strncmp(ml_error(), path, strlen(path)) != 0 || !strstr(ml_error(), part) || strchr(ml_error(), '\n'))
        fail_msg("\"%s\" should begin with \"%s\" and say \"%s\"", ml_error(), path, part);
}

static void reads_whole_files(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    assert_int_equal(mli_read_file(tmp_file("a", "x\0y", 3), 3, &bytes, &n), ML_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "x\0y\0", 4);
    mli_free(bytes);
    assert_int_equal(mli_read_file(tmp_file("empty", "", 0), 0, &bytes, &n), ML_OK);
    assert_int_equal(n, 0);
    assert_int_equal(bytes[0], 0);
    mli_free(bytes);
}

static void refuses_to_read(void **state)
{
    (void)state;
    uint8_t *bytes = (uint8_t *)"";
    size_t n = 9;
    const char *path = tmp_path("missing");
    assert_int_equal(mli_read_file(path, 9, &bytes, &n), ML_EIO);
    assert_sentence(path, "No such file");
    assert_null(bytes);
    assert_int_equal(n, 0);
    path = tmp_file("four", "abcd", 4);
    assert_int_equal(mli_read_file(path, 3, &bytes, &n), ML_EFORMAT);
    assert_sentence(path, "4 bytes, more than the 3");
    path = tmp_path("");
    assert_int_equal(mli_read_file(path, 9, &bytes, &n), ML_EIO);
    assert_sentence(path, "is a folder");
    path = tmp_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(mli_read_file(path, 9, &bytes, &n), ML_EIO); /* and does not wait for a writer */
    assert_sentence(path, "is not a regular file");
}

static void writes_and_replaces(void **state)
{
    (void)state;
    const char *path = tmp_path("w");
    assert_int_equal(write_text(path, "first"), ML_OK);
    assert_true(same_file(path, "first", 5));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(write_text(path, "second"), ML_OK);
    assert_true(same_file(path, "second", 6));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(write_text(path, ""), ML_OK);
    assert_true(same_file(path, "", 0));
    assert_int_equal(tmp_count(), 1);
}

static void follows_a_link(void **state)
{
    (void)state;
    const char *path = tmp_file("real", "old", 3), *link = tmp_path("link");
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(write_text(link, "new"), ML_OK);
    assert_true(same_file(path, "new", 3));
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(tmp_count(), 2);
}

static void gives_up_without_a_trace(void **state)
{
    (void)state;
    mli_writer w;
    const char *path = tmp_file("keep", "old", 3);
    assert_int_equal(mli_writer_open(&w, path), ML_OK);
    assert_int_equal(mli_writer_put(&w, "half", 4), ML_OK);
    assert_int_equal(tmp_count(), 2);
    mli_writer_abandon(&w);
    mli_writer_abandon(&w);
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
    assert_int_equal(mli_writer_open(&w, path), ML_OK);
    assert_int_equal(mli_writer_commit(&w), ML_OK);
    mli_writer_abandon(&w); /* harmless after commit */
    assert_true(same_file(path, "", 0));
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){.rlim_cur = 4096, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    const char *path = tmp_file("keep", "old", 3);
    char *big = calloc(1, 100000);
    assert_non_null(big);
    /* Many small puts (the failure comes late, in a flush), one large put, and a failure that only commit sees. */
    size_t steps[] = {10, 100000, 5000};
    for (int k = 0; k < 3; k++) {
        mli_writer w;
        assert_int_equal(mli_writer_open(&w, path), ML_OK);
        setrlimit(RLIMIT_FSIZE, &small);
        for (size_t done = 0; done < (k == 2 ? 5000 : 100000); done += steps[k])
            (void)mli_writer_put(&w, big, steps[k]); /* even where the caller does not look */
        ml_status s = mli_writer_commit(&w);
        setrlimit(RLIMIT_FSIZE, &old);
        assert_int_equal(s, ML_EIO);
        assert_sentence(path, "cannot be written: File too large");
        assert_true(same_file(path, "old", 3));
        assert_int_equal(tmp_count(), 1);
    }
    free(big);
    signal(SIGXFSZ, SIG_DFL);
}

static void refuses_to_write(void **state)
{
    (void)state;
    const char *path = tmp_path("no/such/folder/x");
    assert_int_equal(write_text(path, "x"), ML_EIO);
    assert_sentence(path, "No such file");
    path = tmp_path("");
    assert_int_equal(write_text(path, "x"), ML_EIO);
    assert_sentence(path, "is a folder");
    path = tmp_path("sub");
    assert_int_equal(mkdir(path, 0700), 0); /* empty: a rename could replace it */
    assert_int_equal(write_text(path, "x"), ML_EIO);
    assert_sentence(path, "is a folder");
    path = tmp_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(write_text(path, "x"), ML_EIO);
    assert_sentence(path, "not a regular file");
    char file_in_file[1100];
    snprintf(file_in_file, sizeof file_in_file, "%s/x", tmp_file("f", "f", 1));
    assert_int_equal(write_text(file_in_file, "x"), ML_EIO);
    assert_sentence(file_in_file, "Not a directory");
    char name[400];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    path = tmp_path(name);
    assert_int_equal(write_text(path, "x"), ML_EIO);
    assert_sentence(path, "File name too long");
    assert_int_equal(tmp_count(), 3);
}

static void devices_stay_devices(void **state)
{
    (void)state;
    struct stat st;
    if (stat("/dev/full", &st) != 0)
        skip();
    assert_int_equal(write_text("/dev/full", "x"), ML_EIO);
    assert_sentence("/dev/full", "not a regular file");
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void a_read_only_folder(void **state)
{
    (void)state;
    const char *path = tmp_file("keep", "old", 3);
    assert_int_equal(chmod(tmp_path(""), 0555), 0);
    bool root = geteuid() == 0;
    if (root && seteuid(65534) != 0) /* root may write everywhere; nobody may not */
        skip();
    ml_status s = write_text(path, "new");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(tmp_path(""), 0700), 0);
    assert_int_equal(s, ML_EIO);
    assert_sentence(path, "Permission denied");
    assert_true(same_file(path, "old", 3));
    assert_int_equal(tmp_count(), 1);
}

static void two_writers_never_mix(void **state)
{
    (void)state;
    mli_writer a, b;
    const char *path = tmp_path("shared");
    assert_int_equal(mli_writer_open(&a, path), ML_OK);
    assert_int_equal(mli_writer_open(&b, path), ML_OK);
    assert_string_not_equal(a.beside, b.beside);
    assert_int_equal(mli_writer_put(&a, "aa", 2), ML_OK);
    assert_int_equal(mli_writer_put(&b, "bbb", 3), ML_OK);
    assert_int_equal(mli_writer_commit(&b), ML_OK);
    assert_true(same_file(path, "bbb", 3));
    assert_int_equal(mli_writer_commit(&a), ML_OK);
    assert_true(same_file(path, "aa", 2));
    assert_int_equal(tmp_count(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_whole_files, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_to_read, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(writes_and_replaces, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(follows_a_link, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(gives_up_without_a_trace, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(refuses_to_write, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(devices_stay_devices, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(a_read_only_folder, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(two_writers_never_mix, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
