/* cell.c -- see cell.h. */
#include "data/cell.h"
#include "base/number.h"
#include "data/times.h"

_Static_assert(MLI_CELL >= (int)MLI_NUMBER_TEXT && MLI_CELL >= (int)MLI_TIME_TEXT, "a cell has room for a number and a time");

const char *mli_cell_text(const ml_column *c, int64_t i, char buf[MLI_CELL])
{
    switch (c->type) {
    case ML_NUMBER:
        mli_number_text(c->number[i], '.', buf);
        return buf;
    case ML_INTEGER:
        snprintf(buf, MLI_CELL, "%lld", (long long)c->integer[i]);
        return buf;
    case ML_TIME:
        mli_time_text(c->integer[i], c->integer[i] % MLI_DAY == 0, buf);
        return buf;
    default:
        return ml_column_text(c, i);
    }
}
