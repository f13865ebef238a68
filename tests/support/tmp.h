/* tmp.h -- a folder for one test: made empty, filled with small files, removed with all that is in it. */
#ifndef TESTS_TMP_H
#define TESTS_TMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For cmocka's setup and teardown; between them tmp_path may be used. */
int tmp_setup(void **state);
int tmp_teardown(void **state);

/* The path of a name in the folder; eight calls later the text is used again. */
const char *tmp_path(const char *name);
/* Writes a file there and returns its path. */
const char *tmp_file(const char *name, const void *bytes, size_t n);
/* The bytes of a file (to free), or NULL. */
uint8_t *slurp(const char *path, size_t *n);
bool same_file(const char *path, const void *bytes, size_t n);
/* How many entries the folder has: a .part left behind is one too many. */
int tmp_count(void);

#endif
