/* csv.h -- how a file of text becomes columns. Internal to the files csv_*.c and their fuzzer.
 *
 *   source   bytes of a file, plain or gzipped, one stretch after another, as often as wanted        csv_source.c
 *   dialect  separator and quotes; found out from the first lines                                    csv_dialect.c
 *   blocks   a first pass cuts the file where rows end, and counts them                              csv_blocks.c
 *   tokens   where the fields of a block end                                                         csv_tokens.c
 *   columns  what each is; further passes turn fields into numbers, codes and texts, in place        csv_columns.c
 *            one field: quotes, missing values                                                       csv_value.c
 *            numbers, integers, times, by block                                                      csv_numbers.c
 *            categories and texts, by column                                                         csv_texts.c
 *
 * So no column is ever copied, and the file's bytes are in memory a few blocks at a time.
 */
#ifndef MLI_CSV_H
#define MLI_CSV_H

#include "data/dictionary.h"
#include "data/frame.h"

#include <mlcore/csv.h>

/* ---- bytes ---- */

typedef struct mli_csv_source mli_csv_source;
mli_csv_source *mli_csv_source_open(const char *path);
/* Bytes in memory, which must outlive it; name is for sentences. */
mli_csv_source *mli_csv_source_of(const char *name, const uint8_t *bytes, size_t n);
/* The next bytes, at most `want`; fewer only at the end. */
ml_status mli_csv_source_read(mli_csv_source *s, char *out, size_t want, size_t *got);
/* Back to byte `at` of the text. */
ml_status mli_csv_source_seek(mli_csv_source *s, int64_t at);
void mli_csv_source_close(mli_csv_source *s);

/* ---- fields of a block ---- */

typedef struct mli_csv_dialect {
    char separator, point;
    char quote, comment; /* 0: none */
    bool skip_bad;
    int64_t fields; /* that a row has */
} mli_csv_dialect;

/* For a sentence: a tab, or the character in quotes, by way of buf. */
const char *mli_csv_separator_text(const mli_csv_dialect *d, char buf[4]);

/* Text of whole rows, the last one with its newline, and behind it MLI_CSV_PAD zero bytes that may be read. */
enum { MLI_CSV_PAD = 64 };

typedef struct mli_csv_bad {
    int64_t count;
    int64_t line[ML_CSV_BAD_LINES];
} mli_csv_bad;

typedef struct mli_csv_tokens {
    int64_t rows;
    uint32_t *begin; /* of each row, in bytes of the block */
    uint32_t *end;   /* of each field, behind its last byte: rows * fields */
    size_t room_begin, room_end;
    size_t used; /* bytes up to the end of the last whole row */
} mli_csv_tokens;

/* Finds the rows of n bytes, at most max_rows; what follows the last newline is no row yet. Lines that are empty or comments,
 * and bad rows that are to be skipped, are not among them. `line` is the first line's number, for sentences about bad rows,
 * and *bad, where not NULL, counts those that were skipped. */
ml_status mli_csv_tokenise(mli_csv_tokens *t, const mli_csv_dialect *d, const char *path, const char *bytes, size_t n,
                           int64_t line, int64_t max_rows, mli_csv_bad *bad);
void mli_csv_tokens_free(mli_csv_tokens *t);
/* Where the record that begins at `from` ends: the byte behind its newline, or 0 where that is not among the n bytes. *fields
 * counts its fields, *open is whether a quote is never closed. */
size_t mli_csv_record(const mli_csv_dialect *d, const char *bytes, size_t from, size_t n, int64_t *fields, bool *open);
int64_t mli_csv_count_lines(const char *bytes, size_t n);

/* ---- blocks ---- */

typedef struct mli_csv_block {
    char *bytes; /* NULL: to be read again */
    size_t n;
    int64_t rows, row, line; /* how many; the first of them in the frame; the number of the first line */
} mli_csv_block;

typedef struct mli_csv_blocks {
    mli_csv_block *v;
    int64_t n, room;
    int64_t rows;
} mli_csv_blocks;

/* ---- a file that is being read ---- */

typedef struct mli_csv_na {
    char **word; /* one block */
    int n;
    bool begins[256];   /* whether a word begins with this byte */
    bool like_a_number; /* whether a word could be taken for one */
} mli_csv_na;

typedef enum mli_csv_work {
    MLI_CSV_DONE = 0, /* nothing more to do, or nothing in this pass */
    MLI_CSV_INTEGERS,
    MLI_CSV_NUMBERS,
    MLI_CSV_TIMES,
    MLI_CSV_CODES, /* of a category; the bytes of all texts are counted, for the case that it is none */
    MLI_CSV_SIZES, /* of texts */
    MLI_CSV_TEXTS
} mli_csv_work;

typedef struct mli_csv_column {
    char *name;
    char *format;       /* of times; NULL is ISO 8601 */
    int64_t field;      /* its place in a row */
    ml_type type;
    bool given, fixed; /* the type is given; it is, or follows from the stretch before: what does not fit is an error */
    bool again; /* it did not become what was tried: another pass */
    bool times; /* all texts so far are times */
    mli_csv_work work;
    void *values; /* doubles or int64_t's; the codes of a category */
    int64_t missing;
    mli_dictionary *different; /* the texts of the codes; NULL once they are too many */
    char **category;           /* the same in order, one block */
    int32_t categories;
    int64_t *at; /* of texts */
    char *bytes; /* room of them */
    int64_t size, room; /* of the texts, zeros included, that were met so far */
} mli_csv_column;

struct ml_csv {
    char *path;
    ml_csv_opts opts; /* without the pointers, which are the caller's */
    ml_csv_report *report;
    mli_csv_source *source;
    mli_csv_dialect dialect;
    mli_csv_na na;
    int64_t limit; /* rows that may still be read */
    int64_t start; /* byte of the text where the rows begin */
    int64_t line;  /* number of the line where the next row begins */
    char *ahead;   /* bytes that were read, but are in no block yet */
    size_t n_ahead, room_ahead;
    bool ended; /* the source has no more */
    bool begun; /* the first stretch has been read: types are fixed */
    mli_csv_column *columns;
    int n_columns;
    mli_csv_bad bad;
    mli_csv_tokens tokens;
};

/* Takes the source, in error, too. */
ml_csv *mli_csv_start(const char *path, mli_csv_source *source, ml_csv_opts opts);
ml_frame *mli_csv_read_all(ml_csv *csv);

/* Reads on until at least so many bytes are ahead, or, where the file ends before, all, the last line with its newline. */
ml_status mli_csv_fill(ml_csv *csv, size_t least);
/* Looks at the first bytes: separator, number of fields. */
ml_status mli_csv_find_dialect(ml_csv *csv);
/* The names of all fields, numbered as they lie in a row; what follows the header is ahead. */
ml_status mli_csv_names(ml_csv *csv, mli_dictionary *names);
/* The columns that are wanted, with their types where those are given. */
ml_status mli_csv_make_columns(ml_csv *csv, const ml_csv_opts *opts, const mli_dictionary *names);
void mli_csv_columns_free(ml_csv *csv);

/* Blocks of at most `rows` rows from what comes next; their bytes are kept, or to be read again. */
ml_status mli_csv_cut(ml_csv *csv, int64_t rows, bool keep, mli_csv_blocks *blocks);
void mli_csv_blocks_free(mli_csv_blocks *blocks);

struct mli_csv_part;
/* What to try for each column, by the first rows, NULL for none, and by what is given. */
ml_status mli_csv_first_work(ml_csv *csv, const struct mli_csv_part *first);
/* Memory for what is tried. */
ml_status mli_csv_prepare(mli_csv_column *c, int64_t rows);
/* After a pass: what is left to be done. */
ml_status mli_csv_settle(mli_csv_column *c, int64_t rows);

/* The frame of these blocks. */
ml_frame *mli_csv_build(ml_csv *csv, const mli_csv_blocks *blocks);

/* ---- one field ---- */

typedef struct mli_csv_scratch {
    char *bytes;
    size_t room;
} mli_csv_scratch;

typedef struct mli_csv_value {
    const char *text; /* n bytes; in the block, or in the scratch */
    size_t n;
    bool quoted, missing;
} mli_csv_value;

/* The words of pandas and of list (NULL: none); free na->word. */
ml_status mli_csv_na_make(mli_csv_na *na, const char *list, bool no_default, char point);
/* An empty text is one of them. */
bool mli_csv_is_na(const mli_csv_na *na, const char *text, size_t n);
/* The field's text without its quotes, and whether it stands for a missing value. */
ml_status mli_csv_value_of(const ml_csv *csv, const char *begin, const char *end, mli_csv_scratch *scratch, mli_csv_value *v);
/* Without blanks and tabs at both ends. */
void mli_csv_trim(mli_csv_value *v);

/* ---- columns of a block ---- */

typedef struct mli_csv_part {
    const mli_csv_block *block;
    const char *bytes;
    mli_csv_tokens tokens;
} mli_csv_part;

static inline const char *mli_csv_field_begin(const mli_csv_part *p, int64_t fields, int64_t row, int64_t field)
{
    return p->bytes + (field ? p->tokens.end[row * fields + field - 1] + 1 : p->tokens.begin[row]);
}
static inline const char *mli_csv_field_end(const mli_csv_part *p, int64_t fields, int64_t row, int64_t field)
{
    return p->bytes + p->tokens.end[row * fields + field];
}

/* What became of a column in a block. */
typedef struct mli_csv_result {
    int64_t missing;
    mli_csv_work as; /* MLI_CSV_INTEGERS, MLI_CSV_NUMBERS, MLI_CSV_TIMES; MLI_CSV_CODES: it is none of these */
    int64_t row;     /* the first whose value does not fit */
} mli_csv_result;
ml_status mli_csv_numbers(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch,
                          mli_csv_result *r);
void mli_csv_integers_to_numbers(void *values, int64_t n);

/* Codes, sizes or texts of a column in a block, whose predecessors must have been done. */
ml_status mli_csv_texts(const ml_csv *csv, mli_csv_column *c, const mli_csv_part *p, mli_csv_scratch *scratch);
/* After the last block: makes it a category where it is one, its list in order; else forgets the codes. */
ml_status mli_csv_settle_texts(mli_csv_column *c, int64_t rows);
void mli_csv_forget_codes(mli_csv_column *c);

/* "path: line 12: column 'age': sentence". */
ml_status mli_csv_fail_at(const ml_csv *csv, const mli_csv_column *c, const mli_csv_part *p, int64_t row,
                          const char *format, ...)
    ML_PRINTF(5, 6);

#endif
