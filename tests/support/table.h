/* table.h -- what the tests of CSV share: tables from text in memory, and frames compared. */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H

#include "support/check.h"

/* Reads n bytes as ml_csv_read reads a file "t.csv" of them; NULL with an error set. The bytes lie in memory of just that
 * size, so that the sanitizer sees a read beyond. */
ml_frame *table_parse(const void *bytes, size_t n, ml_csv_opts opts);
/* The same of a text, which must be read. */
ml_frame *table_of(const char *text, ml_csv_opts opts);
/* Fails unless reading fails with this very sentence. */
void assert_table_refused(const char *text, ml_csv_opts opts, const char *sentence);
void assert_table_bytes_refused(const void *bytes, size_t n, ml_csv_opts opts, const char *sentence);

/* Fails unless frames have the same columns, types and bits. */
void assert_same_table(const ml_frame *a, const ml_frame *b);
/* Fails unless the column has this type, and these values as texts between bars, as ml_csv_write writes them: "1|2|". */
void assert_table_column(const ml_frame *f, const char *name, ml_type type, const char *values);

#endif
