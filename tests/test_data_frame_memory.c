/* Verbs of frames where memory fails: each request of each of them refused in turn must end in an error, with the frame as it
 * was and nothing left behind. */
#include "support/frames.h"

#include <mlcore/memory.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory {
    int64_t asked, refuse; /* the request that gets nothing, from 1; 0: none */
} memory;

static void *take(void *user, size_t bytes)
{
    memory *m = user;
    return ++m->asked == m->refuse ? NULL : malloc(bytes);
}

static void give(void *user, void *block)
{
    (void)user;
    free(block);
}

static double one(const ml_frame *f, int64_t row, void *user)
{
    (void)f, (void)user;
    return (double)row;
}

static const char *word(const ml_frame *f, int64_t row, void *user)
{
    (void)f, (void)user;
    return row % 2 ? "word" : NULL;
}

/* A verb that puts "out" into f, or makes a frame that is freed. */
typedef bool (*verb)(ml_frame *f);

static bool good(ml_frame *made)
{
    const bool is = made != NULL;
    ml_frame_free(made);
    return is;
}

#define PUT(name, call) \
    static bool name(ml_frame *f) { return (call) == ML_OK; }
#define MAKE(name, call) \
    static bool name(ml_frame *f) { return good(call); }

static const ml_text_pair PAIRS[] = {{"a", "b"}};
static const ml_text_number NUMBERS[] = {{"a", 1}};
static const ml_number_pair REPLACED[] = {{1, 2}};
MAKE(where, ml_frame_where(f, ml_mask_and(ml_mask_number(f, "x", ML_LESS, 2), ml_mask_not(ml_mask_text(f, "c", ML_EQUAL, "a")))))
MAKE(matches, ml_frame_where(f, ml_mask_or(ml_mask_matches(f, "t", "a"), ml_mask_contains(f, "c", "b"))))
MAKE(sort, ml_frame_sort(f, "c,x", "x"))
MAKE(unique, ml_frame_drop_duplicates(f, NULL, ML_KEEP_LAST))
MAKE(present, ml_frame_drop_missing(f, (ml_drop_opts){.columns = "x,t"}))
MAKE(concat, ml_frame_concat((const ml_frame *[]){f, f}, 2, true))
MAKE(concat_columns, ml_frame_concat_columns((const ml_frame *[]){f}, 1))
PUT(mask, ml_frame_put_mask(f, "out", ml_mask_missing(f, "x")))
PUT(assign, ml_frame_assign(f, "out", one, NULL))
PUT(assign_texts, ml_frame_assign_texts(f, "out", word, NULL))
PUT(map_text, ml_frame_map_texts(f, "t", "out", PAIRS, 1))
PUT(map_category, ml_frame_map_texts(f, "c", "out", PAIRS, 1))
PUT(map_numbers, ml_frame_map_numbers(f, "c", "out", NUMBERS, 1))
PUT(replace_numbers, ml_frame_replace_numbers(f, "i", "out", REPLACED, 1))
PUT(cut, ml_frame_cut(f, "x", "out", (ml_cut_opts){.bins = 3}))
PUT(qcut, ml_frame_qcut(f, "x", "out", (ml_cut_opts){.bins = 2, .codes = true}))
PUT(length, ml_frame_length(f, "t", "out"))
PUT(extract, ml_frame_extract(f, "c", "out,other", "(a)|(b)"))
PUT(fill_number, ml_frame_fill_number(f, "i", "out", 1))
PUT(fill_text, ml_frame_fill_text(f, "t", "out", "none"))
PUT(fill_category, ml_frame_fill_text(f, "c", "out", "none"))
PUT(fill_mean, ml_frame_fill(f, "x", "out", ML_FILL_MEAN))
PUT(fill_mode, ml_frame_fill(f, "t", "out", ML_FILL_MODE))
PUT(interpolate, ml_frame_fill(f, "x", "out", ML_FILL_INTERPOLATE))
PUT(rolling, ml_frame_rolling(f, "x", "out", 2, ML_ROLL_MEAN, (ml_roll_opts){0}))
PUT(median, ml_frame_rolling(f, "x", "out", 2, ML_ROLL_MEDIAN, (ml_roll_opts){0}))
PUT(shift, ml_frame_shift(f, "t", "out", 1))
PUT(to_text, ml_frame_convert(f, "x", "out", ML_TEXT, (ml_convert_opts){0}))
PUT(to_category, ml_frame_convert(f, "t", "out", ML_CATEGORY, (ml_convert_opts){0}))
PUT(to_integer, ml_frame_convert(f, "x", "out", ML_INTEGER, (ml_convert_opts){.coerce = true}))

static const struct {
    const char *name;
    verb run;
} VERBS[] = {
#define V(name) {#name, name}
    V(where), V(matches), V(sort), V(unique), V(present), V(concat), V(concat_columns), V(mask), V(assign),
    V(assign_texts), V(map_text), V(map_category), V(map_numbers), V(replace_numbers), V(cut), V(qcut), V(length),
    V(extract), V(fill_number), V(fill_text), V(fill_category), V(fill_mean), V(fill_mode), V(interpolate),
    V(rolling), V(median), V(shift), V(to_text), V(to_category), V(to_integer),
};

static ml_frame *mixed(void)
{
    ml_frame *f = ml_frame_new();
    put_values(f, "x", "1.5 - 3 1.5 0.5");
    put_values(f, "i", "1 2 - 1 -");
    put_words(f, "t", "a b - a c");
    put_category(f, "c", "a b - a c");
    return f;
}

static void every_request_refused(void **state)
{
    (void)state;
    memory m = {0};
    ml_error_clear();
    assert_int_equal(ml_set_allocator((ml_allocator){take, give, &m}), ML_OK);
    for (size_t k = 0; k < sizeof VERBS / sizeof *VERBS; k++) {
        ml_frame *f = mixed();
        m = (memory){0};
        if (!VERBS[k].run(f))
            fail_msg("%s: %s", VERBS[k].name, ml_error());
        const int64_t requests = m.asked;
        ml_frame_free(f);
        for (int64_t n = 1; n <= requests; n++) {
            f = mixed();
            const int64_t blocks = ml_memory_blocks();
            m = (memory){.refuse = n};
            const bool done = VERBS[k].run(f);
            m = (memory){0};
            if (done || ml_error_status() != ML_ENOMEM)
                fail_msg("%s: request %lld of %lld refused: %s", VERBS[k].name, (long long)n, (long long)requests,
                         done ? "done" : ml_error());
            if (ml_memory_blocks() != blocks || f->columns != 4)
                fail_msg("%s: request %lld of %lld refused: %lld blocks, before %lld; %d columns", VERBS[k].name, (long long)n,
                         (long long)requests, (long long)ml_memory_blocks(), (long long)blocks, f->columns);
            ml_frame_free(f);
        }
    }
    assert_int_equal(ml_set_allocator((ml_allocator){0}), ML_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_request_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
