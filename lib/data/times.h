/* times.h -- dates and times as text. Internal. */
#ifndef MLI_TIMES_H
#define MLI_TIMES_H

#include "base/base.h"

#define MLI_DAY ((int64_t)86400 * 1000000) /* in microseconds */

/* Days from 1970-01-01 to a day of the Gregorian calendar, and back. */
int64_t mli_days_of(int64_t year, int64_t month, int64_t day);
void mli_days_date(int64_t days, int64_t *year, int64_t *month, int64_t *day);

/* The whole of n bytes as ISO 8601: "2020-01-31", or with "T12:00", "T12:00:59", "T12:00:59.123456", a blank for the T, and
 * perhaps "Z", "+02:00", "+0200" or "+02" behind; without a zone it is UTC. Years 0000 to 9999; what is below a microsecond is
 * dropped. */
bool mli_time_read(const char *text, size_t n, int64_t *microseconds);
/* The same by a format; NULL is ISO 8601. Names of months are English. */
bool mli_time_read_as(const char *format, const char *text, size_t n, int64_t *microseconds);
/* NULL, or the sentence for why a format cannot be read. */
const char *mli_time_format_check(const char *format);

/* "2020-01-31", or with " 12:00:00", and ".123456" where that is not 0. Returns the length. */
enum { MLI_TIME_TEXT = 40 };
int mli_time_text(int64_t microseconds, bool date_only, char buf[MLI_TIME_TEXT]);

#endif
