/* frame_print.c -- a frame as a table that fits where it is printed; and what its columns are.
 *
 * Nothing is asked of memory: the columns that fit are few, and what they hold is looked at again for each line.
 */
#include "data/cell.h"
#include "data/letters.h"

#include <mlcore/wrangle.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    WIDEST_LINE = 4096,
    WIDEST_TEXT = 40, /* of a cell */
    GAP = 2,
    DOTS = 3,
    MOST_COLUMNS = WIDEST_LINE / (GAP + 1),
    MOST_DIGITS = 17
};

static const char MISSING[] = "NaN";

/* ---- the place ---- */

static int width_of(FILE *out, int asked)
{
    const char *columns = getenv("COLUMNS");
    int width = asked > 0 ? asked : 0;
#ifdef TIOCGWINSZ
    struct winsize size;
    const int fd = fileno(out);
    if (!width && fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
#endif
    if (!width && columns && *columns)
        width = (int)strtol(columns, NULL, 10);
    if (width <= 0)
        width = 80;
    return width < WIDEST_LINE ? width : WIDEST_LINE;
}

/* ---- texts, by their width on a terminal ---- */

/* Columns that a text takes; `most` where it takes more. */
static int text_width(const char *text, int most)
{
    int width = 0;
    while (*text && width < most)
        width += mli_letter_width(mli_utf8_next(&text));
    return width < most ? width : most;
}

/* Letters that fit `most` columns; returns how many they take. */
static int print_letters(FILE *out, const char *text, int most)
{
    int width = 0;
    while (*text) {
        const char *begin = text;
        const uint32_t c = mli_utf8_next(&text);
        if (width + mli_letter_width(c) > most)
            break;
        width += mli_letter_width(c);
        if (mli_letter_is_control(c))
            fputc('?', out);
        else
            fwrite(begin, 1, (size_t)(text - begin), out);
    }
    return width;
}

typedef enum side { LEFT, RIGHT, LAST } side; /* LAST: left, and nothing behind */

/* A text in a field; where it is wider it is cut, and ends in dots. */
static void print_field(FILE *out, const char *text, int width, side at)
{
    const int wide = text_width(text, width + 1), dots = wide <= width ? 0 : width < DOTS ? width : DOTS;
    if (at == RIGHT && !dots)
        fprintf(out, "%*s", width - wide, "");
    const int used = print_letters(out, text, width - dots) + dots;
    fprintf(out, "%.*s", dots, "...");
    if (at == LEFT || (at == RIGHT && dots)) /* a wide letter may not have fitted */
        fprintf(out, "%*s", width - used, "");
}

/* ---- what is shown ---- */

typedef struct shown {
    const ml_column *c;
    int width;
    int decimals;  /* of a number */
    bool exponent; /* 1.5e+300 */
} shown;

typedef struct view {
    const ml_frame *f;
    int64_t head, tail; /* rows before head, and from tail on */
    int precision;
    int index;                /* columns of the row numbers */
    int left, right;          /* how many columns are shown; between them is a gap where that is not all */
    shown at[MOST_COLUMNS];   /* `left` from the beginning, `right` from the end */
} view;

static int64_t next_row(const view *v, int64_t i)
{
    return i + 1 == v->head ? v->tail : i + 1;
}

/* The C library writes the locale's decimal point, of one byte or more: a number of ours has '.'. */
static void plain_point(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (strchr("0123456789+-e", *from))
            *to++ = *from;
        else if (to == text || to[-1] != '.')
            *to++ = '.';
    *to = 0;
}

enum { NUMBER_ROOM = 400 };

/* A value as it is shown. */
static const char *cell(const shown *s, int64_t i, char buf[NUMBER_ROOM])
{
    if (ml_column_missing(s->c, i))
        return MISSING;
    if (s->c->type != ML_NUMBER || !isfinite(s->c->number[i]))
        return mli_cell_text(s->c, i, buf);
    snprintf(buf, NUMBER_ROOM, s->exponent ? "%.*e" : "%.*f", s->decimals, s->c->number[i]);
    plain_point(buf);
    return buf;
}

/* Digits behind the point that all but zeros need, at most precision. */
static int decimals_of(double x, int precision)
{
    char buf[NUMBER_ROOM];
    snprintf(buf, sizeof buf, "%.*f", precision, x);
    int needed = precision;
    for (size_t n = strlen(buf); needed > 0 && buf[n - 1] == '0'; n--)
        needed--;
    return needed;
}

/* Numbers of a column have as many decimals as the one that needs most, and exponents where the largest is huge or tiny. */
static void choose_digits(const view *v, shown *s)
{
    double largest = 0;
    s->decimals = v->precision > 0;
    for (int64_t i = 0; i < v->f->rows; i = next_row(v, i)) {
        const double x = s->c->number[i];
        if (!isfinite(x))
            continue;
        const int needed = decimals_of(x, v->precision);
        s->decimals = needed > s->decimals ? needed : s->decimals;
        largest = fabs(x) > largest ? fabs(x) : largest;
    }
    s->exponent = largest >= 1e15 || (largest > 0 && largest < pow(10, -v->precision));
    if (s->exponent)
        s->decimals = v->precision;
}

static shown look_at(const view *v, int j)
{
    char buf[NUMBER_ROOM];
    shown s = {.c = &v->f->column[j]};
    if (s.c->type == ML_NUMBER)
        choose_digits(v, &s);
    s.width = text_width(s.c->name, WIDEST_TEXT);
    for (int64_t i = 0; i < v->f->rows; i = next_row(v, i)) {
        const int width = text_width(cell(&s, i, buf), WIDEST_TEXT);
        s.width = width > s.width ? width : s.width;
    }
    return s;
}

/* Columns from both ends in turn, while they and the gap between them fit. The first is there in any case. */
static void choose_columns(view *v, int room)
{
    const int n = v->f->columns;
    for (int k = 0; k < n && k < MOST_COLUMNS; k++) {
        const bool right = k % 2;
        shown s = look_at(v, right ? n - 1 - v->right : v->left);
        const int needed = GAP + s.width + (k + 1 < n ? GAP + DOTS : 0);
        if (k > 0 && needed > room)
            return;
        if (needed > room && s.width > DOTS)
            s.width = s.width - (needed - room) > DOTS ? s.width - (needed - room) : DOTS;
        room -= GAP + s.width;
        if (right)
            v->at[MOST_COLUMNS - 1 - v->right++] = s;
        else
            v->at[v->left++] = s;
    }
}

static void choose_rows(view *v, int64_t most)
{
    v->head = v->tail = v->f->rows;
    if (v->f->rows > most) {
        v->head = most - most / 2;
        v->tail = v->f->rows - most / 2;
    }
    const int64_t last = v->f->rows > 0 ? v->f->rows - 1 : 0;
    v->index = snprintf(NULL, 0, "%lld", (long long)last);
    if (v->head < v->tail && v->index < DOTS)
        v->index = DOTS;
}

/* ---- lines ---- */

/* A line of fields: the names (row -1), dots (row -2), or a row. */
enum { NAMES = -1, GAP_OF_ROWS = -2 };

static void print_shown(FILE *out, const shown *s, int64_t row, bool last)
{
    char buf[NUMBER_ROOM];
    const bool number = s->c->type == ML_NUMBER || s->c->type == ML_INTEGER;
    fprintf(out, "%*s", GAP, "");
    print_field(out, row == NAMES ? s->c->name : row == GAP_OF_ROWS ? "..." : cell(s, row, buf), s->width,
                number ? RIGHT : last ? LAST : LEFT);
}

static void print_line(FILE *out, const view *v, int64_t row)
{
    if (row >= 0)
        fprintf(out, "%*lld", v->index, (long long)row);
    else
        fprintf(out, "%*s", v->index, row == GAP_OF_ROWS ? "..." : "");
    for (int k = 0; k < v->left; k++)
        print_shown(out, &v->at[k], row, k + 1 == v->f->columns);
    if (v->left + v->right < v->f->columns)
        fprintf(out, "%*s...", GAP, "");
    for (int k = v->right - 1; k >= 0; k--)
        print_shown(out, &v->at[MOST_COLUMNS - 1 - k], row, k == 0);
    fputc('\n', out);
}

static void print_size(FILE *out, const ml_frame *f)
{
    static const char *const roles[] = {[ML_ROLE_NONE] = "", [ML_ROLE_TRAIN] = ", TRAIN", [ML_ROLE_VALIDATION] = ", VALIDATION",
                                        [ML_ROLE_TEST] = ", TEST"};
    fprintf(out, "%lld row%s, %d column%s%s", (long long)f->rows, f->rows == 1 ? "" : "s", f->columns, f->columns == 1 ? "" : "s",
            roles[f->role]);
}

void ml_frame_print(FILE *out, const ml_frame *f, ml_print_opts opts)
{
    if (!out)
        return;
    if (!f) {
        fprintf(out, "frame NULL\n");
        return;
    }
    const int precision = opts.precision == ML_NONE ? 0 : opts.precision > 0 ? opts.precision : 4;
    view v = {.f = f, .precision = precision < MOST_DIGITS ? precision : MOST_DIGITS};
    choose_rows(&v, opts.rows > 0 ? opts.rows : 10);
    choose_columns(&v, width_of(out, opts.width) - v.index);
    if (f->columns)
        print_line(out, &v, NAMES);
    for (int64_t i = 0; i < f->rows; i = next_row(&v, i)) {
        print_line(out, &v, i);
        if (i + 1 == v.head && v.head < v.tail)
            print_line(out, &v, GAP_OF_ROWS);
    }
    fputc('[', out);
    print_size(out, f);
    fputs("]\n", out);
}

/* ---- what its columns are ---- */

static double bytes_of(const ml_column *c)
{
    static const size_t each[] = {[ML_NUMBER] = sizeof(double), [ML_INTEGER] = sizeof(int64_t), [ML_CATEGORY] = sizeof(int32_t),
                                  [ML_TEXT] = sizeof(int64_t), [ML_TIME] = sizeof(int64_t)};
    double bytes = (double)c->n * (double)each[c->type];
    for (int64_t i = 0; c->type == ML_TEXT && i < c->n; i++)
        bytes += c->at[i] < 0 ? 0 : (double)strlen(c->bytes + c->at[i]) + 1;
    for (int32_t k = 0; k < c->categories; k++)
        bytes += (double)strlen(c->category[k]) + 1 + sizeof(char *);
    return bytes;
}

static void print_bytes(FILE *out, double bytes, int width)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    for (; bytes >= 1000 && u < 4; u++)
        bytes /= 1000;
    const int tenths = u ? (int)(10 * bytes + 0.5) : 0; /* no printf of a double: its point is the locale's */
    if (u && tenths < 1000)
        fprintf(out, "%*d.%d %s", width > 2 ? width - 2 : 0, tenths / 10, tenths % 10, units[u]);
    else
        fprintf(out, "%*.0f %s", width, bytes, units[u]);
}

void ml_frame_info_print(FILE *out, const ml_frame *f)
{
    if (!out)
        return;
    if (!f) {
        fprintf(out, "frame NULL\n");
        return;
    }
    int name = 6;
    double bytes = 0;
    for (int j = 0; j < f->columns; j++) {
        const int width = text_width(f->column[j].name, WIDEST_TEXT);
        name = width > name ? width : name;
        bytes += bytes_of(&f->column[j]);
    }
    print_size(out, f);
    fputs(", ", out);
    print_bytes(out, bytes, 0);
    fprintf(out, "\n%-*s  %-8s  %12s  %12s  memory\n", name, "column", "type", "values", "missing");
    for (int j = 0; j < f->columns; j++) {
        const ml_column *c = &f->column[j];
        print_field(out, c->name, name, LEFT);
        fprintf(out, "  %-8s  %12lld  %12lld  ", ml_type_name(c->type), (long long)(c->n - c->missing), (long long)c->missing);
        print_bytes(out, bytes_of(c), 5);
        fputc('\n', out);
    }
}
