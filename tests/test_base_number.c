/* test_base_number.c -- numbers read as strtod reads them in the C locale, bit for bit; written as briefly as can be; the exact
 * way agrees with the fast one.
 */
#include "base/number_parts.h"
#include "support/check.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double read_all(const char *text)
{
    double v = -12345;
    const size_t n = strlen(text);
    char *exact = malloc(n ? n : 1); /* so that the sanitizer sees a read beyond */
    assert_non_null(exact);
    memcpy(exact, text, n);
    const char *end = mli_number_read(exact, exact + n, '.', &v);
    if (end != exact + n)
        fail_msg("'%s' was not read to its end", text);
    free(exact);
    return v;
}

static void assert_as_strtod(const char *text)
{
    const double v = read_all(text), want = strtod(text, NULL);
    if (mli_bits_of_double(v) != mli_bits_of_double(want))
        fail_msg("'%s' was read as %.17g, and is %.17g", text, v, want);
}

/* The exact way must say the same, from neighbours of the answer, too. */
static void assert_exact_agrees(const char *digits, int64_t power)
{
    char text[2048];
    snprintf(text, sizeof text, "%se%lld", digits, (long long)power);
    const double want = strtod(text, NULL);
    const mli_decimal d = {digits, digits + strlen(digits), '.', power};
    const double starts[] = {want, nextafter(want, 0), nextafter(want, INFINITY)};
    for (int i = 0; i < 3; i++) {
        const double start = isfinite(starts[i]) ? starts[i] : DBL_MAX;
        const double v = mli_number_exact(d, start);
        if (mli_bits_of_double(v) != mli_bits_of_double(want))
            fail_msg("%s from %.17g is %.17g, and is %.17g", text, start, v, want);
    }
}

static void a_million_texts(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(1);
    for (int i = 0; i < 1000000; i++) {
        char text[64];
        char *p = text;
        if (ml_rng_below(&rng, 2))
            *p++ = '-';
        const int n = 1 + (int)ml_rng_below(&rng, 24), point = (int)ml_rng_below(&rng, 30);
        for (int k = 0; k < n; k++) {
            if (k == point)
                *p++ = '.';
            *p++ = (char)('0' + ml_rng_below(&rng, 10));
        }
        *p = 0;
        if (ml_rng_below(&rng, 2))
            snprintf(p, 16, "e%d", (int)ml_rng_below(&rng, 700) - 360);
        assert_as_strtod(text);
    }
}

static void every_power_of_ten(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(2);
    for (int q = -400; q <= 330; q++)
        for (int i = 0; i < 40; i++) {
            char text[64];
            const uint64_t w = ((uint64_t)ml_rng_u32(&rng) << 32 | ml_rng_u32(&rng)) >> (i % 64);
            snprintf(text, sizeof text, "%llue%d", (unsigned long long)(w ? w : 1), q);
            assert_as_strtod(text);
        }
}

/* The points half way between doubles, and a little beside them: where rounding goes wrong first. */
static void half_way_points(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(3);
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = ((uint64_t)ml_rng_u32(&rng) << 32 | ml_rng_u32(&rng)) & (uint64_t)INT64_MAX;
        if (i % 3 == 0)
            bits &= 0x000fffffffffffff >> (i % 52); /* below 2^-1022 */
        double v = mli_double_of_bits(bits), w = mli_double_of_bits(bits + 1);
        if (!isfinite(v) || !isfinite(w))
            continue;
        char text[1300], other[1300];
        snprintf(text, sizeof text, "%.1100f", v);
        assert_as_strtod(text);
#if LDBL_MANT_DIG >= 64
        snprintf(text, sizeof text, "%.1200Lg", ((long double)v + (long double)w) / 2);
        assert_as_strtod(text);
        char *e = strchr(text, 'e');
        const size_t head = e ? (size_t)(e - text) : strlen(text);
        snprintf(other, sizeof other, "%.*s%s1%s", (int)head, text, memchr(text, '.', head) ? "" : ".", text + head);
        assert_as_strtod(other);
#endif
    }
}

static void known_hard_ones(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0", "-0", "0.0", ".5", "5.", "+3", "00012", "1e0", "1E+2", "1e-2", "0e999999999999999999999", "9007199254740993",
        "9007199254740992.999999999999999999", "9007199254740993.00000000000000000000000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308", "2.2250738585072014e-308", "4.9406564584124654e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "2.4703282292062327208e-324", "1.7976931348623157e308", "1.7976931348623158e308",
        "1.7976931348623159e308",
        ("179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207"
        "096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959"
        "622842914819860834936475292719074168444365510704342711559699508093042880"), "1e309", "1e-400", "1e99999999999999999999",
        "1e-99999999999999999999", "123456789012345678901234567890", "0.000000000000000000000000000000000000000123456789",
        "6.631236846766476e-316",
        ("3.237883913302901289588352412501532174863037669423108059901297049552301970670676565786835742587799"
        "5578606158e-319"), "8.988465674311580536566680e307", "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124", "1.00000000000000011102230246251565404236316680908203126",
        "7.2057594037927933e16",
        "1e23", "8.5e22", "5e-324", "3e-324", "2e-324", "1234567890123456789e-340", "18446744073709551615",
        "18446744073709551616",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_as_strtod(texts[i]);
    /* 5,000 digits, of which the last one breaks the tie. */
    char *text = malloc(6001);
    assert_non_null(text);
    memset(text, '0', 6000);
    memcpy(text, "9007199254740993.", 17);
    text[6000] = 0;
    assert_true(read_all(text) == 9007199254740992.0);
    text[5999] = '1';
    assert_true(read_all(text) == 9007199254740994.0);
    free(text);
}

static void the_exact_way(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(4);
    for (int i = 0; i < 3000; i++) {
        char digits[840];
        const int n = 1 + (int)ml_rng_below(&rng, i % 10 ? 30 : 820);
        for (int k = 0; k < n; k++)
            digits[k] = (char)('0' + ml_rng_below(&rng, 10));
        digits[0] = (char)('1' + ml_rng_below(&rng, 9));
        digits[n] = 0;
        assert_exact_agrees(digits, ml_rng_below(&rng, 632) - 323 - n);
    }
    assert_exact_agrees("24703282292062327208299439888", -352);
    assert_exact_agrees("17976931348623158079372897140530341507993413271", 262);
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "+", "-", ".", "-.", "e5", "abc", "--1", "+-1", " 1", "in", "nan", "i", "\xff"};
    double v;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (mli_number_read(texts[i], texts[i] + strlen(texts[i]), '.', &v))
            fail_msg("'%s' was read as %g", texts[i], v);
    static const struct {
        const char *text;
        int ends;
        double v;
    } parts[] = {{"1.2.3", 3, 1.2}, {"1e", 1, 1},   {"1e+", 1, 1},      {"1 2", 1, 1},          {"12abc", 2, 12},
                 {"0x10", 1, 0},    {"1,5", 1, 1}, {"-infant", 4, -INFINITY}, {"iNfiniTY", 8, INFINITY}, {"inf", 3, INFINITY}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *t = parts[i].text, *end = mli_number_read(t, t + strlen(t), '.', &v);
        assert_ptr_equal(end, t + parts[i].ends);
        assert_true(v == parts[i].v);
    }
    const char *comma = "-1,25";
    assert_ptr_equal(mli_number_read(comma, comma + 5, ',', &v), comma + 5);
    assert_true(v == -1.25);
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
        int64_t v;
    } rows[] = {{"0", true, 0}, {"-1", true, -1}, {"+7", true, 7}, {"007", true, 7}, {"9223372036854775807", true, INT64_MAX},
                {"-9223372036854775807", true, -INT64_MAX}, {"-9223372036854775808", false, 0}, {"9223372036854775808", false,
                                                                                                 0},
                {"99999999999999999999", false, 0}, {"-0", false, 0}, {"", false, 0}, {"-", false, 0}, {"a", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t v = 5;
        const char *end = mli_integer_read(rows[i].text, rows[i].text + strlen(rows[i].text), &v);
        assert_int_equal(end != NULL, rows[i].fits);
        if (end) {
            assert_int_equal(*end, 0);
            assert_true(v == rows[i].v);
        }
    }
}

/* ---- writing ---- */

/* No text of fewer digits reads back; %.17g, shortened until it does not, is the plain way to find out. */
static void assert_shortest(double v)
{
    char text[MLI_NUMBER_TEXT], plain[64];
    const int n = mli_number_text(v, '.', text);
    assert_int_equal(n, strlen(text));
    if (mli_bits_of_double(read_all(text)) != mli_bits_of_double(v))
        fail_msg("%.17g was written as %s", v, text);
    int digits = 0, plain_digits = 1;
    for (const char *p = text + strspn(text, "-0."); *p && *p != 'e'; p++)
        digits += *p != '.';
    for (const char *p = strchr(text, 'e') ? strchr(text,
                                                    'e') : text + n; p > text && (p[-1] == '0' || p[-1] == '.') && digits > 1; p--)
        digits -= p[-1] == '0';
    while (snprintf(plain, sizeof plain, "%.*g", plain_digits, v), strtod(plain, NULL) != v)
        plain_digits++;
    if (digits > plain_digits)
        fail_msg("%s has %d digits, and %s only %d", text, digits, plain, plain_digits);
}

static void shortest_texts(void **state)
{
    (void)state;
    ml_rng rng = ml_rng_seed(5);
    for (int i = 0; i < 100000; i++) {
        const double v = mli_double_of_bits((uint64_t)ml_rng_u32(&rng) << 32 | ml_rng_u32(&rng));
        if (isfinite(v))
            assert_shortest(v);
    }
    for (int e = -1074; e <= 1023; e++) {
        assert_shortest(ldexp(1, e)); /* the neighbour below is nearer */
        assert_shortest(nextafter(ldexp(1, e), 0));
        assert_shortest(-nextafter(ldexp(1, e), INFINITY));
    }
    for (int i = 0; i < 100000; i++)
        assert_shortest((double)(ml_rng_below(&rng, 2000000) - 1000000) / 1e3);
}

/* What Python's repr writes. */
static void written_as_python_does(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } rows[] = {
        {0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {-1.5, "-1.5"}, {0.1, "0.1"}, {100, "100.0"}, {1e15, "1000000000000000.0"},
        {1e16, "1e+16"}, {123456789012345680.0, "1.2345678901234568e+17"}, {1e22, "1e+22"}, {1e100, "1e+100"},
        {0.0001, "0.0001"}, {0.00012345, "0.00012345"}, {0.00001, "1e-05"}, {1.5e-7, "1.5e-07"}, {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"}, {DBL_MIN, "2.2250738585072014e-308"}, {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"}, {INFINITY, "inf"}, {-INFINITY, "-inf"}, {NAN, "nan"}, {123.456, "123.456"},
        {9007199254740993.0, "9007199254740992.0"}, {5e-5, "5e-05"}, {9.5367431640625e-07, "9.5367431640625e-07"},
        {2e23, "2e+23"}, {9e22, "9e+22"}, {4.35, "4.35"}, {1e21, "1e+21"}, {12345678.9, "12345678.9"},
    };
    char text[MLI_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(mli_number_text(rows[i].v, '.', text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
    }
    mli_number_text(-1.25e-9, ',', text);
    assert_string_equal(text, "-1,25e-09");
}

static void a_locale_with_a_comma(void **state)
{
    (void)state;
    char text[MLI_NUMBER_TEXT];
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "de_DE.utf8"))
        skip();
    const double v = read_all("1.5");
    mli_number_text(2.5, '.', text);
    setlocale(LC_NUMERIC, "C");
    assert_true(v == 1.5);
    assert_string_equal(text, "2.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_texts),
        cmocka_unit_test(every_power_of_ten),
        cmocka_unit_test(half_way_points),
        cmocka_unit_test(known_hard_ones),
        cmocka_unit_test(the_exact_way),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(integers),
        cmocka_unit_test(shortest_texts),
        cmocka_unit_test(written_as_python_does),
        cmocka_unit_test(a_locale_with_a_comma),
    };
    return cmocka_run_group_tests_name("base/number", tests, NULL, NULL);
}
