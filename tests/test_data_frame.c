/* test_data_frame.c -- a frame owns its columns, says what is wrong with what it is given, and keeps roles. */
#include "data/frame.h"
#include "support/check.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_says(const char *part)
{
    if (!strstr(ml_error(), part))
        fail_msg("the sentence '%s' does not say '%s'", ml_error(), part);
}

/* Five rows of every type, each with a hole. */
static ml_frame *five(void)
{
    ml_frame *f = ml_frame_new();
    assert_int_equal(ml_frame_put_numbers(f, "age", (double[]){22, NAN, 4.5, 61, 22}, 5), ML_OK);
    assert_int_equal(ml_frame_put_integers(f, "kin", (int64_t[]){1, 0, ML_MISSING, 5, 0}, 5), ML_OK);
    assert_int_equal(ml_frame_put_categories(f, "port", (ml_ints){(int32_t[]){1, 0, 1, -1, 1}, 5}, (const char *[]){"C", "S"}, 2),
                     ML_OK);
    assert_int_equal(ml_frame_put_texts(f, "name", (const char *[]){"Ann", "Bo", "", NULL, "\xc3\x84nne"}, 5), ML_OK);
    assert_int_equal(ml_frame_put_times(f, "when", (int64_t[]){0, ML_MISSING, -1, 86400000000, 5}, 5), ML_OK);
    return f;
}

static void test_what_is_put_is_found(void **state)
{
    (void)state;
    ml_frame *f = five();
    assert_int_equal(f->rows, 5);
    assert_int_equal(f->columns, 5);
    for (int j = 0; j < 5; j++)
        assert_int_equal(f->column[j].missing, 1);
    const ml_column *age = ml_frame_column(f, "age"), *port = ml_frame_column(f, "port"), *name = ml_frame_column(f, "name");
    assert_true(ml_column_number(age, 2) == 4.5 && isnan(ml_column_number(age, 1)));
    assert_string_equal(ml_column_text(port, 0), "S");
    assert_null(ml_column_text(port, 3));
    assert_string_equal(ml_column_text(name, 2), "");
    assert_string_equal(ml_column_text(name, 4), "\xc3\x84nne");
    assert_null(ml_column_text(name, 3));
    assert_true(isnan(ml_column_number(name, 0)));
    assert_true(isnan(ml_column_number(ml_frame_column(f, "kin"), 2)));
    assert_true(ml_column_number(ml_frame_column(f, "when"), 3) == 86400e6);
    assert_int_equal(ml_frame_put_numbers(f, "kin", (double[]){1, 2, 3, 4, 5}, 5), ML_OK); /* in its place */
    assert_int_equal(f->columns, 5);
    assert_string_equal(f->column[1].name, "kin");
    assert_int_equal(f->column[1].type, ML_NUMBER);
    ml_frame_free(f);
}

static void test_what_is_wrong_is_said(void **state)
{
    (void)state;
    ml_frame *f = five();
    const double v[6] = {0};
    assert_int_equal(ml_frame_put_numbers(f, "more", v, 6), ML_EINVAL);
    assert_says("'more' has 6 values, and the frame 5 rows");
    assert_int_equal(ml_frame_put_numbers(f, "", v, 5), ML_EINVAL);
    assert_int_equal(ml_frame_put_numbers(f, "\xff", v, 5), ML_EINVAL);
    assert_says("not UTF-8");
    assert_int_equal(ml_frame_put_numbers(f, "x", NULL, 5), ML_EINVAL);
    assert_int_equal(ml_frame_put_numbers(NULL, "x", v, 5), ML_EINVAL);
    const char *texts[] = {"a", "b\xff", "c", "d", "e"};
    assert_int_equal(ml_frame_put_texts(f, "x", texts, 5), ML_EINVAL);
    assert_says("row 1");
    const int32_t codes[] = {0, 1, 2, 0, 0};
    assert_int_equal(ml_frame_put_categories(f, "x", (ml_ints){codes, 5}, (const char *[]){"a", "b"}, 2), ML_EINVAL);
    assert_says("code 2 of row 2 is not in -1 .. 1");
    assert_int_equal(ml_frame_put_categories(f, "x", (ml_ints){codes, 5}, (const char *[]){"a", "b", "a"}, 3), ML_EINVAL);
    assert_says("'a' is there twice");
    assert_null(ml_frame_column(f, "Age"));
    assert_says("no column 'Age'; there are: age, kin, port, name, when");
    assert_int_equal(ml_frame_remove(f, "fare"), ML_EINVAL);
    assert_int_equal(ml_frame_rename(f, "age", "kin"), ML_EINVAL);
    assert_says("a column 'kin' already");
    assert_null(ml_frame_take(f, (int64_t[]){5}, 1));
    assert_says("row 5 is not in 0 .. 4");
    assert_null(ml_frame_matrix(f, NULL));
    assert_says("'name' is text");
    assert_int_equal(f->columns, 5);
    ml_frame_free(f);
}

/* From another frame, from the same one, in the place of another. */
static void test_columns_are_copied(void **state)
{
    (void)state;
    ml_frame *f = five(), *g = ml_frame_new();
    for (int j = 0; j < f->columns; j++)
        assert_int_equal(ml_frame_put(g, NULL, &f->column[j]), ML_OK);
    assert_int_equal(ml_frame_put(g, "again", ml_frame_column(g, "name")), ML_OK);
    assert_int_equal(ml_frame_put(g, "age", ml_frame_column(g, "port")), ML_OK);
    assert_int_equal(ml_frame_put(g, "port", ml_frame_column(g, "port")), ML_OK);
    ml_frame_free(f);
    f = five();
    assert_true(g->columns == 6 && g->rows == 5 && g->column[0].type == ML_CATEGORY);
    for (int i = 0; i < 5; i++) {
        const char *name = ml_column_text(ml_frame_column(f, "name"), i), *port = ml_column_text(ml_frame_column(f, "port"), i);
        const char *again = ml_column_text(ml_frame_column(g, "again"), i), *age = ml_column_text(ml_frame_column(g, "age"), i);
        assert_true(name ? again && strcmp(name, again) == 0 : !again);
        assert_true(port ? age && strcmp(port, age) == 0 : !age);
    }
    ml_frame *two = ml_frame_head(f, 2);
    assert_int_equal(ml_frame_put(g, NULL, &two->column[0]), ML_EINVAL);
    assert_says("column 'age' has 2 values, and the frame 5 rows");
    assert_int_equal(ml_frame_put(g, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_frame_put(g, "", &f->column[0]), ML_EINVAL);
    assert_int_equal(ml_frame_put(NULL, NULL, &f->column[0]), ML_EINVAL);
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(two);
}

static void test_columns_by_lists_of_names(void **state)
{
    (void)state;
    ml_frame *f = five();
    assert_int_equal(ml_frame_rename(f, "kin", "sibs, sp\\"), ML_OK);
    ml_frame *g = ml_frame_select(f, "name,sibs\\, sp\\\\");
    assert_non_null(g);
    assert_int_equal(g->columns, 2);
    assert_string_equal(g->column[1].name, "sibs, sp\\");
    ml_frame *h = ml_frame_without(f, "name,when,port");
    assert_int_equal(h->columns, 2);
    assert_string_equal(h->column[0].name, "age");
    ml_frame *none = ml_frame_select(f, "");
    assert_int_equal(none->columns, 0);
    assert_null(ml_frame_select(f, "age,,name"));
    assert_says("name 2 of 'age,,name' is empty");
    assert_null(ml_frame_select(f, "age,age"));
    assert_says("twice");
    assert_null(ml_frame_select(f, "age,fare"));
    assert_null(ml_frame_without(f, "fare"));
    assert_int_equal(ml_frame_remove(f, "age"), ML_OK);
    assert_string_equal(f->column[0].name, "sibs, sp\\");
    ml_frame_free(f), ml_frame_free(g), ml_frame_free(h), ml_frame_free(none);
}

/* Whatever comes, goes and is renamed, each column is found by its name, and no other is. */
static void test_names_are_found(void **state)
{
    (void)state;
    enum { NAMES = 300, CHANGES = 20000 };
    ml_frame *f = ml_frame_new();
    ml_rng rng = ml_rng_seed(1);
    char a[16], b[16];
    for (int i = 0; i < CHANGES; i++) {
        snprintf(a, sizeof a, "c%d", (int)ml_rng_below(&rng, NAMES));
        snprintf(b, sizeof b, "c%d", (int)ml_rng_below(&rng, NAMES));
        const bool has_a = ml_frame_has(f, a), has_b = ml_frame_has(f, b);
        const int what = (int)ml_rng_below(&rng, 3);
        if (what == 0)
            assert_int_equal(ml_frame_put_numbers(f, a, (double[]){i}, 1), ML_OK);
        else if (what == 1)
            assert_int_equal(ml_frame_remove(f, a), has_a ? ML_OK : ML_EINVAL);
        else
            assert_int_equal(ml_frame_rename(f, a, b), has_a && (!has_b || strcmp(a, b) == 0) ? ML_OK : ML_EINVAL);
        if (i % 100)
            continue;
        int found = 0;
        for (int k = 0; k < NAMES; k++) {
            snprintf(a, sizeof a, "c%d", k);
            found += ml_frame_has(f, a);
        }
        assert_int_equal(found, f->columns);
        for (int j = 0; j < f->columns; j++)
            assert_ptr_equal(ml_frame_column(f, f->column[j].name), &f->column[j]);
    }
    assert_true(f->columns > NAMES / 4 && f->columns < NAMES);
    ml_frame_free(f);
}

/* Lists of names as long as a frame is wide. */
static void test_long_lists_of_names(void **state)
{
    (void)state;
    enum { N = 300000 };
    char *list = malloc(8 * N), name[16];
    assert_non_null(list);
    size_t n = 0;
    ml_frame *f = ml_frame_new();
    for (int j = 0; j < N; j++) {
        snprintf(name, sizeof name, "%d", j);
        assert_int_equal(ml_frame_put_numbers(f, name, (double[]){j}, 1), ML_OK);
        if (j % 2)
            n += (size_t)sprintf(list + n, "%s%d", n ? "," : "", j);
    }
    ml_frame *odd = ml_frame_select(f, list), *even = ml_frame_without(f, list);
    ml_matrix *m = ml_frame_matrix(f, list);
    assert_true(odd && even && m && odd->columns == N / 2 && even->columns == N / 2 && m->columns == N / 2);
    assert_true(odd->column[7].number[0] == 15 && even->column[7].number[0] == 14 && ml_matrix_at(m, 0, 7) == 15);
    ml_matrix_free(m);
    ml_frame_free(f), ml_frame_free(odd), ml_frame_free(even);
    free(list);
}

static void test_rows(void **state)
{
    (void)state;
    ml_frame *f = five();
    ml_frame *t = ml_frame_take(f, (int64_t[]){4, 4, 0}, 3);
    assert_int_equal(t->rows, 3);
    assert_string_equal(ml_column_text(ml_frame_column(t, "name"), 1), "\xc3\x84nne");
    assert_string_equal(ml_column_text(ml_frame_column(t, "name"), 2), "Ann");
    assert_int_equal(ml_frame_column(t, "name")->missing, 0);
    ml_frame *head = ml_frame_head(f, 2), *tail = ml_frame_tail(f, 2), *all = ml_frame_tail(f, 99), *none = ml_frame_head(f, 0);
    assert_true(head->rows == 2 && tail->rows == 2 && all->rows == 5 && none->rows == 0 && none->columns == 5);
    assert_true(ml_column_number(ml_frame_column(tail, "age"), 0) == 61);
    ml_rng rng = ml_rng_seed(3);
    ml_frame *s = ml_frame_sample(f, 5, &rng);
    double sum = 0;
    for (int64_t i = 0; i < 5; i++)
        sum += ml_column_missing(&s->column[0], i) ? 0 : ml_column_number(&s->column[0], i);
    assert_true(sum == 22 + 4.5 + 61 + 22);
    assert_null(ml_frame_sample(f, 6, &rng));
    ml_frame *copy = ml_frame_copy(f);
    assert_int_equal(ml_frame_remove(copy, "age"), ML_OK);
    assert_true(ml_frame_has(f, "age") && !ml_frame_has(copy, "age"));
    ml_frame_free(f), ml_frame_free(t), ml_frame_free(head), ml_frame_free(tail), ml_frame_free(all), ml_frame_free(none);
    ml_frame_free(s), ml_frame_free(copy);
}

static void test_an_empty_frame(void **state)
{
    (void)state;
    ml_frame *f = ml_frame_new();
    ml_frame *head = ml_frame_head(f, 3), *copy = ml_frame_copy(f);
    assert_true(head && copy && head->rows == 0 && head->columns == 0);
    ml_matrix *m = ml_frame_matrix(f, NULL);
    assert_true(m && m->rows == 0 && m->columns == 0);
    assert_null(ml_frame_column(f, "x"));
    assert_says("there are: none");
    ml_matrix_free(m);
    ml_frame_free(f), ml_frame_free(head), ml_frame_free(copy);
}

/* ---- roles ---- */

static void test_splits_keep_shares_and_roles(void **state)
{
    (void)state;
    enum { N = 1000 };
    static double id[N];
    static int32_t group[N];
    int held_of[3] = {0};
    for (int i = 0; i < N; i++) {
        id[i] = i;
        group[i] = i % 10 == 0 ? -1 : i % 10 < 4; /* missing is a stratum of its own */
    }
    ml_frame *f = ml_frame_new(), *rest, *held;
    ml_frame_put_numbers(f, "id", id, N);
    ml_frame_put_categories(f, "g", (ml_ints){group, N}, (const char *[]){"a", "b"}, 2);
    assert_int_equal(ml_frame_split(f, 0.2, 5, ML_ROLE_TEST, "g", &rest, &held), ML_OK);
    assert_true(rest->rows == 800 && held->rows == 200 && rest->role == ML_ROLE_TRAIN && held->role == ML_ROLE_TEST);
    for (int64_t i = 0; i < 200; i++)
        held_of[held->column[1].code[i] + 1]++;
    assert_true(held_of[0] == 20 && held_of[1] == 120 && held_of[2] == 60);
    ml_frame *a, *b;
    assert_int_equal(ml_frame_split(held, 0.5, 5, ML_ROLE_VALIDATION, NULL, &a, &b), ML_EINVAL);
    assert_says("TEST");
    assert_true(!a && !b);
    ml_frame *head = ml_frame_head(held, 3);
    ml_matrix *m = ml_frame_matrix(held, "id");
    assert_true(head->role == ML_ROLE_TEST && m->role == ML_ROLE_TEST);
    assert_int_equal(ml_frame_set_role(head, ML_ROLE_TRAIN), ML_ESTATE);
    assert_int_equal(ml_frame_forget_role(head, ""), ML_EINVAL);
    assert_int_equal(ml_frame_forget_role(head, "the final fit on all rows"), ML_OK);
    assert_int_equal(head->role, ML_ROLE_NONE);
    assert_int_equal(ml_frame_split(f, 0.2, 5, ML_ROLE_TEST, "no", &a, &b), ML_EINVAL);
    assert_int_equal(ml_frame_split(f, 1.5, 5, ML_ROLE_TEST, NULL, &a, &b), ML_EINVAL);
    assert_int_equal(mli_role_join(ML_ROLE_TRAIN, ML_ROLE_TEST), ML_ROLE_TEST);
    assert_int_equal(mli_role_join(ML_ROLE_TRAIN, ML_ROLE_VALIDATION), ML_ROLE_NONE);
    ml_matrix_free(m);
    ml_frame_free(f), ml_frame_free(rest), ml_frame_free(held), ml_frame_free(head);
}

static void test_matrices(void **state)
{
    (void)state;
    ml_frame *f = five();
    ml_matrix *m = ml_frame_matrix(f, "port,age");
    assert_true(m->rows == 5 && m->columns == 2);
    assert_string_equal(m->names[0], "port");
    assert_true(ml_matrix_at(m, 0, 0) == 1 && isnan(ml_matrix_at(m, 3, 0)) && ml_matrix_at(m, 3, 1) == 61);
    const double rows[] = {1, 2, 3, 4, 5, 6};
    const ml_matrix plain = {.v = rows, .rows = 2, .columns = 3}, turned = {.v = rows, .rows = 3, .columns = 2, .row_stride = 1,
                                                                            .column_stride = 3};
    assert_true(ml_matrix_at(&plain, 1, 0) == 4 && ml_matrix_at(&turned, 0, 1) == 4);
    ml_matrix *own = ml_matrix_new(1, 2);
    assert_null(own->names);
    char name[] = "now";
    assert_int_equal(ml_matrix_name(own, (const char *[]){"before", "b"}), ML_OK);
    assert_int_equal(ml_matrix_name(own, (const char *[]){name, "b"}), ML_OK);
    name[0] = 'c'; /* they are copies */
    assert_string_equal(own->names[0], "now");
    assert_int_equal(ml_matrix_name(own, (const char *[]){"a", NULL}), ML_EINVAL);
    assert_says("matrix_name: name 1 is NULL");
    assert_int_equal(ml_matrix_name(own, NULL), ML_EINVAL);
    assert_int_equal(ml_matrix_name(NULL, (const char *[]){"a"}), ML_EINVAL);
    assert_string_equal(own->names[1], "b");
    ml_matrix_free(own);
    assert_null(ml_matrix_new(INT64_MAX, 2));
    assert_null(ml_matrix_new(-1, 2));
    ml_matrix_free(m);
    ml_frame_free(f);
}

static void test_tensors(void **state)
{
    (void)state;
    ml_frame *f = five(), *numbers = ml_frame_without(f, "name"), *none = ml_frame_head(f, 0);
    ml_tensor *x = ml_frame_tensor(f, "port,age"), *all = ml_frame_tensor(numbers, NULL), *empty = ml_frame_tensor(none, "age,kin");
    assert_true(x && x->rank == 2 && x->shape[0] == 5 && x->shape[1] == 2);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 2; j++) { /* row after row, and what is missing is NaN */
            const double v = ml_column_number(ml_frame_column(f, j ? "age" : "port"), i);
            assert_true(isnan(v) ? isnan(x->data[2 * i + j]) : x->data[2 * i + j] == (ml_real)v);
        }
    assert_true(isnan(x->data[6]) && x->data[7] == 61);
    assert_true(all && all->shape[0] == 5 && all->shape[1] == 4);
    assert_true(empty && empty->shape[0] == 0 && empty->shape[1] == 2);
    assert_null(ml_frame_tensor(f, NULL));
    assert_says("frame_tensor: column 'name' is text: encode it, or leave it out");
    assert_null(ml_frame_tensor(f, "age,fare"));
    assert_says("frame_tensor: frame_column: there is no column 'fare'");
    assert_null(ml_frame_tensor(f, "age,age"));
    assert_says("frame_tensor: 'age' is named twice");
    assert_null(ml_frame_tensor(NULL, NULL));
    assert_int_equal(ml_frame_set_role(numbers, ML_ROLE_TEST), ML_OK); /* to predict for it is allowed */
    ml_tensor *test = ml_frame_tensor(numbers, "age");
    assert_non_null(test);
    ml_tensor_free(x), ml_tensor_free(all), ml_tensor_free(empty), ml_tensor_free(test);
    ml_frame_free(f), ml_frame_free(numbers), ml_frame_free(none);
}

/* ---- order ---- */

static void test_order_and_codes(void **state)
{
    (void)state;
    ml_frame *f = five();
    int64_t *order = mli_column_sorted(ml_frame_column(f, "age"));
    assert_memory_equal(order, ((int64_t[]){2, 0, 4, 3, 1}), 5 * sizeof *order); /* 4.5, 22, 22 as they come, 61, missing */
    mli_free(order);
    int32_t code[5], count;
    assert_int_equal(mli_column_codes(ml_frame_column(f, "age"), code, &count), ML_OK);
    assert_int_equal(count, 3);
    assert_memory_equal(code, ((int32_t[]){1, -1, 0, 2, 1}), sizeof code);
    assert_int_equal(mli_column_codes(ml_frame_column(f, "name"), code, &count), ML_OK);
    assert_memory_equal(code, ((int32_t[]){1, 2, 0, -1, 3}), sizeof code);
    ml_frame_free(f);
}

/* ---- memory that is refused ---- */

static int64_t until; /* the request that is refused, counted down */
static void *refusing(void *user, size_t n)
{
    (void)user;
    return until-- == 0 ? NULL : malloc(n);
}
static void give_back(void *user, void *p)
{
    (void)user;
    free(p);
}

static bool all_of_it(void)
{
    const int32_t codes[] = {1, 0, 1, 0, 1, 0};
    ml_frame *f = ml_frame_new(), *rest = NULL, *held = NULL, *some = NULL;
    ml_matrix *m = NULL;
    ml_tensor *x = NULL;
    bool well = f && !ml_frame_put_numbers(f, "a", (double[]){1, 2, 3, 4, 5, 6}, 6) &&
                !ml_frame_put_categories(f, "b", (ml_ints){codes, 6}, (const char *[]){"x", "y"}, 2) &&
                !ml_frame_put_texts(f, "c", (const char *[]){"1", NULL, "333", "", "5", "6"}, 6) &&
                !ml_frame_split(f, 0.4, 1, ML_ROLE_TEST, "b", &rest, &held) && (some = ml_frame_select(f, "a,b")) &&
                (m = ml_frame_matrix(some, NULL)) && (x = ml_frame_tensor(some, "b,a"));
    ml_matrix_free(m);
    ml_tensor_free(x);
    ml_frame_free(f), ml_frame_free(rest), ml_frame_free(held), ml_frame_free(some);
    return well;
}

static void test_every_refused_request(void **state)
{
    (void)state;
    assert_int_equal(ml_set_allocator((ml_allocator){.alloc = refusing, .free = give_back}), ML_OK);
    int64_t refused = 0;
    for (bool well = false; !well; refused++) {
        until = refused;
        ml_error_clear();
        well = all_of_it();
        if (!well && ml_error_status() != ML_ENOMEM)
            fail_msg("request %d refused: %s", (int)refused, ml_error());
        assert_int_equal(ml_memory_blocks(), 0);
    }
    assert_true(refused > 40);
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_put_is_found),
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_columns_are_copied),
        cmocka_unit_test(test_columns_by_lists_of_names),
        cmocka_unit_test(test_names_are_found),
        cmocka_unit_test(test_long_lists_of_names),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_an_empty_frame),
        cmocka_unit_test(test_splits_keep_shares_and_roles),
        cmocka_unit_test(test_matrices),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_order_and_codes),
        cmocka_unit_test(test_every_refused_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
