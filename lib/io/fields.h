/* fields.h -- a struct of options or counters, described once by a table. Its defaults, its check and its way to a file and
 * back (fields_json.c) all follow from the table, so a field that is added is forgotten nowhere. Internal.
 */
#ifndef MLI_FIELDS_H
#define MLI_FIELDS_H

#include "base/base.h"

typedef enum mli_kind {
    MLI_FROM_ZERO, /* double: a number >= 0 */
    MLI_BELOW_ONE, /* double in [0, 1) */
    MLI_FINITE,    /* double: any number */
    MLI_NUMBER,    /* double: NaN and infinity too */
    MLI_COUNT,     /* int64_t in 0 .. 2^53 */
    MLI_WORD,      /* uint64_t: 64 bits, as text on file, where JSON has 53 */
    MLI_FLAG,      /* bool */
    MLI_CHOICE     /* an enum from 0 on; on file its name */
} mli_kind;

typedef struct mli_field {
    const char *name; /* NULL ends the table */
    size_t at;        /* offsetof */
    mli_kind kind;
    double standard; /* the default of an option that is 0 */
    const char *const *choices; /* of a choice: the names of 0, 1, ..., then NULL */
} mli_field;
/* A line of a table: a member under its own name. */
#define MLI_FIELD(type, member, kind_, standard_) \
    {.name = #member, .at = offsetof(type, member), .kind = (kind_), .standard = (standard_)}
#define MLI_FIELD_CHOICE(type, member, names) \
    {.name = #member, .at = offsetof(type, member), .kind = MLI_CHOICE, .choices = (names)}

/* Puts defaults where options are 0, and 0 where they are ML_ZERO (doubles) or ML_NONE (counts). */
void mli_fields_resolve(const mli_field *fields, void *opts);

/* Of resolved options: NULL, or the sentence "adam: beta1 is 1.5: it must be in [0, 1)", which is also ml_error. */
const char *mli_fields_check(const char *who, const mli_field *fields, const void *opts);

/* The first field in which two structs differ, or NULL. NaN equals NaN. */
const mli_field *mli_fields_differ(const mli_field *fields, const void *a, const void *b);

/* How many names a choice has. */
int mli_choices(const mli_field *f);

/* The field whose name is the first `length` bytes of `name`; NULL with an error that lists the names there are. */
const mli_field *mli_fields_find(const char *who, const mli_field *fields, const char *name, size_t length);
/* Sets an option that is not resolved yet: 0 becomes ML_ZERO or ML_NONE. A choice by the number of its name, a flag by 0 or 1. On
 * error it stays as it was. */
ml_status mli_field_set(const char *who, const mli_field *f, void *opts, double v);

/* A field as text, into buf, which it returns. */
char *mli_field_text(const mli_field *f, const void *from, char *buf, size_t size);

#endif
