/* csv.h -- tables as text: fields between separators, a row a line (RFC 4180), into frames and out of them.
 *
 * What is read and what is refused, by cases: docs/csv.md.
 */
#ifndef MLCORE_CSV_H
#define MLCORE_CSV_H

#include <mlcore/frame.h>

ML_BEGIN

/* What a column is, whatever its values look like. */
typedef struct ml_csv_type {
    const char *column;
    ml_type type;
    const char *format; /* of a time: "%d.%m.%Y %H:%M", from %Y %y %m %d %b %H %I %p %M %S %f %z %%; NULL: ISO 8601 */
} ml_csv_type;

/* What reading met with. */
enum { ML_CSV_BAD_LINES = 8 };
typedef struct ml_csv_report {
    char separator;
    int64_t rows;                       /* that were read, by all calls so far */
    int64_t bad;                        /* that were left out because they have too few fields, or too many */
    int64_t bad_line[ML_CSV_BAD_LINES]; /* where the first of those begin; the first line of a file is 1 */
} ml_csv_report;

typedef struct ml_csv_opts {
    char separator;     /* default: of , ; tab | the one that cuts the first lines into equally many fields */
    char quote;         /* default '"' */
    bool no_quotes;     /* quotes are characters like others */
    char comment;       /* lines that begin with it are passed over; default: there are none */
    bool decimal_comma; /* 1,5 is one and a half */
    bool no_header;     /* the first line is a row; the columns are x0, x1, ... */
    const char *names;  /* "age,fare": of all columns of the file, in place of the header's */
    const char *columns; /* "age,fare": only these, in this order; default all */
    const ml_csv_type *types; /* n_types of them; other columns are what their values look like */
    int n_types;
    const char *na;      /* "missing,-999": more words for a missing value */
    bool no_default_na;  /* only an empty field is missing, and the words of na */
    bool quoted_present; /* a text in quotes is there, even if it is empty or a word for a missing value */
    int64_t skip_lines;  /* so many at the start are not looked at */
    int64_t rows;        /* at most so many are read; default all; ML_NONE: none, only the columns' names */
    int64_t categories;  /* a column of texts is a category where they are at most so many, each twice on average;
                          * default 50; ML_NONE: never */
    bool skip_bad_rows;  /* rows with too few or too many fields are counted, where the default is an error */
    ml_csv_report *report; /* NULL, or filled while it is read; it must live so long */
} ml_csv_opts;

/* Reads a file, or a gzip file of one, into a new frame. A column is an integer where all its values are, else a number, else
 * a time (ISO 8601), else a category or a text; without any value, a number. NULL with an error that names the file and the
 * line. */
ML_API ml_frame *ml_csv_read(const char *path, ml_csv_opts opts);

/* The same by stretches of rows, for files that are larger than memory. The types that are not given are those of the first
 * stretch: a later value that does not fit them is an error. The list of a category is made for each stretch anew. */
typedef struct ml_csv ml_csv;
ML_API ml_csv *ml_csv_open(const char *path, ml_csv_opts opts);
/* The next rows, at most so many and at least one; NULL at the end, then ml_error_status() is ML_OK, and on error. */
ML_API ml_frame *ml_csv_next(ml_csv *csv, int64_t rows);
ML_API void ml_csv_free(ml_csv *csv);

typedef struct ml_csv_write_opts {
    char separator; /* default ',' */
    bool no_header;
    bool decimal_comma; /* wants a separator other than the comma */
    bool quote_all;     /* texts, categories and names are in quotes, whether they need them or not */
    const char *na;     /* what stands for a missing value; default nothing. Texts that a reader may take for one are in quotes */
} ml_csv_write_opts;

/* Writes a frame: UTF-8, lines that end with \n, numbers as the shortest text that reads back the same ("1.0" is a number, "1"
 * an integer), times as "2020-01-31" where all are midnights, else "2020-01-31 12:00:00". The file is whole or not there. */
ML_API ml_status ml_csv_write(const ml_frame *f, const char *path, ml_csv_write_opts opts);

ML_END
#endif
