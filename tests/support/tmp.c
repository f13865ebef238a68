/* tmp.c -- see tmp.h. */
#include "support/tmp.h"

#include "support/check.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[512];

int tmp_setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/mlcore-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

int tmp_teardown(void **state)
{
    (void)state;
    chmod(folder, 0700);
    DIR *d = opendir(folder);
    char path[1024];
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            remove(path);
    }
    if (d)
        closedir(d);
    return rmdir(folder);
}

const char *tmp_path(const char *name)
{
    static char texts[8][1024];
    static int next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%s/%s", folder, name);
    return text;
}

const char *tmp_file(const char *name, const void *bytes, size_t n)
{
    const char *path = tmp_path(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(n ? fwrite(bytes, 1, n, f) : 0, n);
    assert_int_equal(fclose(f), 0);
    return path;
}

uint8_t *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    *n = 0;
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    *n = fread(bytes, 1, (size_t)size, f);
    fclose(f);
    return bytes;
}

bool same_file(const char *path, const void *bytes, size_t n)
{
    size_t have;
    uint8_t *b = slurp(path, &have);
    bool same = b && have == n && memcmp(b, bytes, n) == 0;
    free(b);
    return same;
}

int tmp_count(void)
{
    DIR *d = opendir(folder);
    int n = -2; /* . and .. */
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}
