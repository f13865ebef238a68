/* test_data_times.c -- dates and times: every day of a thousand years there and back, formats, and what is none. */
#include "data/times.h"
#include "support/check.h"

#include <string.h>

static bool read_time(const char *format, const char *text, int64_t *v)
{
    return mli_time_read_as(format, text, strlen(text), v);
}

/* Counted day by day, by the rule of leap years alone. */
static void every_day(void **state)
{
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = -719528; /* 0000-01-01 */
    for (int year = 0; year < 2400; year++)
        for (int month = 1; month <= 12; month++) {
            const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            const int last = days[month - 1] + (month == 2 && leap);
            for (int d = 1; d <= last + 1; d++) {
                char text[40], back[MLI_TIME_TEXT];
                int64_t v;
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, d);
                assert_int_equal(read_time(NULL, text, &v), d <= last);
                if (d > last)
                    continue;
                assert_true(v == day * MLI_DAY);
                assert_int_equal(mli_time_text(v, true, back), 10);
                assert_string_equal(back, text);
                day++;
            }
        }
    assert_int_equal(day, 157054); /* 2400-01-01 */
}

static void texts(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text;
        int64_t v; /* INT64_MIN: none */
    } rows[] = {
        {NULL, "1970-01-01T00:00", 0}, {NULL, "1970-01-01 00:00:01", 1000000}, {NULL, "1970-01-01T00:00:00.5Z", 500000},
        {NULL, "1970-01-01T00:00:00.1234567", 123456}, {NULL, "1970-01-01T02:00+02:00", 0}, {NULL, "1970-01-01T02:00+0200", 0},
        {NULL, "1970-01-01T02:00+02", 0}, {NULL, "1969-12-31T19:00-05", 0}, {NULL, "1970-01-01T00:00:59Z", 59000000},
        {NULL, "", INT64_MIN}, {NULL, "1970", INT64_MIN}, {NULL, "1970-1-1", INT64_MIN}, {NULL, "1970-01-01T", INT64_MIN},
        {NULL, "1970-01-01T00", INT64_MIN}, {NULL, "1970-01-01T24:00", INT64_MIN}, {NULL, "1970-01-01T00:60", INT64_MIN},
        {NULL, "1970-01-01T00:00:60", INT64_MIN}, {NULL, "1970-01-01T00:00:", INT64_MIN}, {NULL, "1970-01-01T00:00:00.",
                                                                                           INT64_MIN},
        {NULL, "1970-01-01T00:00+", INT64_MIN}, {NULL, "1970-01-01T00:00+2", INT64_MIN}, {NULL, "1970-01-01T00:00+02:",
                                                                                          INT64_MIN},
        {NULL, "1970-01-01T00:00+02:3", INT64_MIN}, {NULL, "1970-01-01T00:00Zx", INT64_MIN}, {NULL, "1970-00-01", INT64_MIN},
        {NULL, "1970-01-00", INT64_MIN}, {NULL, "-970-01-01", INT64_MIN}, {NULL, "1970-01-01T00:00+24:00", INT64_MIN},
        {"%d.%m.%Y", "2.1.1970", 86400000000}, {"%d.%m.%y %H:%M:%S", "01.01.70 00:00:02", 2000000}, {"%d.%m.%y", "01.01.68",
                                                                                                     3092601600000000},
        {"%b %d, %Y", "Jan 02, 1970", 86400000000}, {"%d-%b-%Y", "31-DEC-1969", -86400000000}, {"%m/%d/%Y %I:%M %p",
                                                                                                "01/01/1970 12:01 AM",
                                                                                                60000000},
        {"%m/%d/%Y %I:%M %p", "01/01/1970 12:01 pm", 43260000000}, {"%m/%d/%Y %I:%M %p", "01/01/1970 13:01 pm", INT64_MIN},
        {"%H:%M", "01:30", 5400000000}, {"%Y%m%d", "19700102", 86400000000}, {"%S.%f", "1.25", 1250000}, {"%Y %z",
                                                                                                          "1970 +01:00",
                                                                                                          -3600000000},
        {"100%% %Y", "100% 1970", 0}, {"%Y", "1970 ", INT64_MIN}, {"%Y", "197", INT64_MIN}, {"%b", "Foo", INT64_MIN}, {"%p",
                                                                                                                       "xm",
                                                                                                                       INT64_MIN},
        {"%d.%m.%Y", "30.2.2000", INT64_MIN}, {"%Y-", "1970", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t v = INT64_MIN;
        const bool good = read_time(rows[i].format, rows[i].text, &v);
        if (good != (rows[i].v != INT64_MIN) || (good && v != rows[i].v))
            fail_msg("'%s' is %lld, and was read as %lld", rows[i].text, (long long)rows[i].v, good ? (long long)v : -1);
    }
}

static void written(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        bool date_only;
        const char *text;
    } rows[] = {{0, true, "1970-01-01"}, {0, false, "1970-01-01 00:00:00"}, {-1, false, "1969-12-31 23:59:59.999999"},
                {-1, true, "1969-12-31"}, {86399999999, false, "1970-01-01 23:59:59.999999"}, {INT64_MAX, false,
                                                                                               "294247-01-10 04:00:54.775807"},
                {INT64_MIN + 1, false, "-290308-12-21 19:59:05.224193"}};
    char text[MLI_TIME_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(mli_time_text(rows[i].v, rows[i].date_only, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
    }
}

static void formats(void **state)
{
    (void)state;
    assert_null(mli_time_format_check(NULL));
    assert_null(mli_time_format_check("%Y%y%m%d%b%H%I%p%M%S%f%z%%"));
    assert_non_null(mli_time_format_check("%A"));
    assert_string_equal(mli_time_format_check("%Y %"),
                        "the format '%Y %' has % : what can be read is %Y %y %m %d %b %H %I %p %M %S %f %z %%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day),
        cmocka_unit_test(texts),
        cmocka_unit_test(written),
        cmocka_unit_test(formats),
    };
    return cmocka_run_group_tests_name("data/times", tests, NULL, NULL);
}
