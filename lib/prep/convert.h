/* convert.h -- a column as the type that it had when something was fitted. Internal: prep and select share it.
 *
 * A file that is read again may give a column another type: whole numbers where there were fractions, texts where there were few
 * enough to be categories, nothing at all. What loses no value is taken, the rest is refused by name.
 */
#ifndef MLI_PREP_CONVERT_H
#define MLI_PREP_CONVERT_H

#include "data/frame.h"

/* Puts c, under its name, into `to` as this type: integers as numbers, numbers that are all whole as integers, texts as categories
 * and the other way round, and a column without a value as any. An error says which types or which row. */
ml_status mli_column_as(ml_frame *to, const ml_column *c, ml_type type);

#endif
