/* test_base_buffer.c -- text that grows; letters of UTF-8 and what is none; numbers that no locale changes. */
#include "base/buffer.h"
#include "support/check.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_clean(const char *in, const char *keep, int64_t most, const char *out)
{
    mli_buffer b = {0};
    mli_put_clean(&b, in, keep, most);
    assert_string_equal(b.v ? b.v : "", out);
    mli_buffer_free(&b);
}

#define BAD "\xef\xbf\xbd"

static void what_is_no_letter_is_replaced(void **state)
{
    (void)state;
    assert_clean("plain, \xc3\xbc, \xe2\x82\xac, \xf0\x9f\x98\x80", "", 100, "plain, \xc3\xbc, \xe2\x82\xac, \xf0\x9f\x98\x80");
    assert_clean("a\nb\tc\x01\x7f", "", 100, "a b c  ");
    assert_clean("a\nb\tc\x01", "\n\t", 100, "a\nb\tc ");
    assert_clean("\xff\x80x", "", 100, BAD BAD "x");
    assert_clean("\xc3", "", 100, BAD);                              /* cut short */
    assert_clean("\xe2\x82", "", 100, BAD BAD);
    assert_clean("\xc0\xaf", "", 100, BAD BAD);                      /* a slash, overlong */
    assert_clean("\xe0\x80\xaf", "", 100, BAD BAD BAD);
    assert_clean("\xf0\x80\x80\xaf", "", 100, BAD BAD BAD BAD);
    assert_clean("\xed\xa0\x80", "", 100, BAD BAD BAD);              /* half of a pair */
    assert_clean("\xf4\x90\x80\x80", "", 100, BAD BAD BAD BAD);      /* beyond U+10FFFF */
    assert_clean("\xef\xbf\xbe\xef\xbf\xbf", "", 100, BAD BAD BAD BAD BAD BAD);
    assert_clean("abc", "", 3, "abc");
    assert_clean("ab\xc3\xbc" "d", "", 3, "ab\xc3\xbc...");
    assert_clean("", "", 0, "");
}

static void numbers_have_points(void **state)
{
    (void)state;
    /* Where the locale is there; elsewhere this is the plain case once more. */
    const char *had = setlocale(LC_NUMERIC, "de_DE.UTF-8");
    mli_buffer b = {0};
    mli_put_number(&b, 'g', 15, 0.1);
    mli_put(&b, " ");
    mli_put_number(&b, 'f', 2, -1234.567);
    mli_put(&b, " ");
    mli_put_number(&b, 'g', 3, 1e-300);
    mli_put(&b, " ");
    mli_put_number(&b, 'g', 3, NAN);
    mli_put(&b, " ");
    mli_put_number(&b, 'f', 3, -INFINITY);
    assert_string_equal(b.v, "0.1 -1234.57 1e-300 nan -inf");
    mli_buffer_free(&b);
    mli_put_number(&b, 'f', 1000, 1.7e308);
    assert_int_equal(b.n, 309 + 1 + 100);
    mli_buffer_free(&b);
    if (had)
        setlocale(LC_NUMERIC, "C");
}

static void grows_and_is_handed_over(void **state)
{
    (void)state;
    mli_buffer b = {0};
    for (int i = 0; i < 1000; i++)
        mli_putf(&b, "%d,", i);
    assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal(mli_buffer_status(&b), ML_OK);
    char *text = mli_buffer_for_caller(&b);
    assert_memory_equal(text, "0,1,2,", 6);
    assert_null(b.v);
    free(text);
    text = mli_buffer_for_caller(&b);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_letter_is_replaced),
        cmocka_unit_test(numbers_have_points),
        cmocka_unit_test(grows_and_is_handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
