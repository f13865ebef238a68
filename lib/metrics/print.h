/* print.h -- names in tables. Internal. */
#ifndef MLI_METRICS_PRINT_H
#define MLI_METRICS_PRINT_H

#include "base/base.h"

enum { MLI_NAME_COLUMNS = 12 };
/* Text at the right of `width` columns, cut to MLI_NAME_COLUMNS characters. */
void mli_print_right(FILE *out, const char *text, int width);

#endif
