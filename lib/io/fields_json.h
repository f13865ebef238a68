/* fields_json.h -- structs that a table describes, as JSON and back. Internal. */
#ifndef MLI_FIELDS_JSON_H
#define MLI_FIELDS_JSON_H

#include "io/fields.h"

#include <jansson.h>

/* For mli_json_text: 17 digits name a double exactly. */
#define MLI_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(17))

/* The object with v under a key. Takes both: where v is NULL, or the key is not UTF-8, or memory lacks, both are freed and the
 * result is NULL; an object that is NULL stays so. One look at the end of all is enough. */
json_t *mli_json_put(json_t *o, const char *key, json_t *v);
/* The object with all fields of a struct; a new one of them. */
json_t *mli_json_put_fields(json_t *o, const mli_field *fields, const void *from);
json_t *mli_json_of(const mli_field *fields, const void *from);

/* All fields of a struct out of an object. Where one is missing, of another kind, or out of its range, the sentence begins
 * with "path: where: ". */
ml_status mli_fields_take(const char *path, const char *where, const json_t *o, const mli_field *fields, void *to);

#endif
