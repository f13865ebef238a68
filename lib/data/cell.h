/* cell.h -- a value of a column as text. Internal. */
#ifndef MLI_CELL_H
#define MLI_CELL_H

#include "data/frame.h"

enum { MLI_CELL = 48 };

/* Value i, which is there: the column's own text, or in buf a number in as few digits as give it back ("1.0"), an integer, a time.
 * The same on every machine, whatever the locale. */
const char *mli_cell_text(const ml_column *c, int64_t i, char buf[MLI_CELL]);

#endif
