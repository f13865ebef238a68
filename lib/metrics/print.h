/* print.h -- names in tables. Internal. */
#ifndef MLI_METRICS_PRINT_H
#define MLI_METRICS_PRINT_H

#include "base/base.h"

enum { MLI_NAME_COLUMNS = 12 };
/* A name at the right of `width` columns, cut to MLI_NAME_COLUMNS characters, control characters as '?'. */
void mli_print_right(FILE *out, const char *name, int width);

#endif
