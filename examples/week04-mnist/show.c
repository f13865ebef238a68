/* show.c -- samples drawn in the terminal.
 *
 * A cell holds two pixels, one over the other: the upper half-block takes the foreground colour above and the background
 * colour below. Where there is no colour or no UTF-8, a character stands for each pixel by how much ink it has. */
#include "week04-mnist/week04.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { IN_ROW = 5, GAP = 1, SIDE_MAX = 64 };

typedef enum style { PLAIN, GREY, TRUE_COLOUR } style;

typedef struct canvas {
    FILE *out;
    style style;
    int side_h, side_w; /* pixels drawn */
} canvas;

static bool contains(const char *name, const char *part)
{
    const char *value = getenv(name);
    return value && strstr(value, part);
}

static bool utf8_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]), *codeset = value ? strchr(value, '.') : NULL;
        if (value && *value)
            return codeset && (strncasecmp(codeset, ".utf-8", 6) == 0 || strncasecmp(codeset, ".utf8", 5) == 0);
    }
    return false;
}

static style style_of(FILE *out)
{
    if (!isatty(fileno(out)) || getenv("NO_COLOR") || !utf8_locale())
        return PLAIN;
    if (contains("COLORTERM", "truecolor") || contains("COLORTERM", "24bit"))
        return TRUE_COLOUR;
    return contains("TERM", "256color") ? GREY : PLAIN;
}

static int columns_of(FILE *out)
{
    struct winsize size;
    const char *text = getenv("COLUMNS");
    int columns = text ? atoi(text) : 0;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    return columns > 0 ? columns : 80;
}

/* Bytes in rows, the first of `channels` drawn. */
typedef struct picture {
    const uint8_t *px;
    int64_t h, w, channels;
} picture;

static picture sample_picture(const ml_dataset *ds, int64_t i)
{
    return (picture){ds->bytes + i * ds->features, ds->shape[0], ds->shape[1], ds->shape[2]};
}

/* The ink, 0 .. 255, of pixel (i, j) when the picture is shrunk to the canvas: the mean of what falls into it. */
static int ink(const canvas *c, picture p, int i, int j)
{
    int64_t h = p.h, w = p.w;
    if (i >= c->side_h || j >= c->side_w)
        return 0;
    int64_t top = i * h / c->side_h, bottom = (i + 1) * h / c->side_h;
    int64_t left = j * w / c->side_w, right = (j + 1) * w / c->side_w, sum = 0, n = 0;
    for (int64_t y = top; y < (bottom > top ? bottom : top + 1); y++)
        for (int64_t x = left; x < (right > left ? right : left + 1); x++, n++)
            sum += p.px[(y * w + x) * p.channels];
    return (int)(sum / n);
}

static void cell(const canvas *c, int above, int below)
{
    static const char ramp[] = " .:-=+*#%@";
    if (c->style == TRUE_COLOUR)
        fprintf(c->out, "\033[38;2;%d;%d;%dm\033[48;2;%d;%d;%dm\xE2\x96\x80", above, above, above, below, below, below);
    else if (c->style == GREY) /* 24 greys from 232 on */
        fprintf(c->out, "\033[38;5;%dm\033[48;5;%dm\xE2\x96\x80", 232 + above * 23 / 255, 232 + below * 23 / 255);
    else { /* strokes are thin: half the ink is already the darkest character */
        int level = (above + below) * 9 / 255;
        fputc(ramp[level < 9 ? level : 9], c->out);
    }
}

/* One line of cells: rows i and i + 1 of the picture. */
static void draw_line(const canvas *c, picture p, int i)
{
    for (int j = 0; j < c->side_w; j++)
        cell(c, ink(c, p, i, j), ink(c, p, i + 1, j));
    fprintf(c->out, "%s", c->style == PLAIN ? "" : "\033[0m");
}

static void draw_row(const canvas *c, const ml_dataset *ds, const int32_t *predicted, const int64_t *which, int n)
{
    for (int i = 0; i < c->side_h; i += 2) {
        for (int k = 0; k < n; k++) {
            draw_line(c, sample_picture(ds, which[k]), i);
            fprintf(c->out, "%*s", GAP, "");
        }
        fputc('\n', c->out);
    }
    for (int k = 0; k < n; k++) {
        char text[48];
        int32_t answer = predicted[which[k]], truth = ds->labels[which[k]];
        if (answer == truth)
            snprintf(text, sizeof text, "%ld", (long)answer);
        else
            snprintf(text, sizeof text, "%ld, is %ld", (long)answer, (long)truth);
        bool red = c->style != PLAIN && answer != truth;
        fprintf(c->out, "%s%-*s%s", red ? "\033[31m" : "", c->side_w + GAP, text, red ? "\033[0m" : "");
    }
    fputc('\n', c->out);
}

void show_samples(FILE *out, const ml_dataset *ds, const int32_t *predicted)
{
    if (!ds->bytes || ds->rank != 3)
        return;
    canvas c = {.out = out, .style = style_of(out)};
    int64_t room = columns_of(out) / IN_ROW - GAP, side = ds->shape[1];
    /* Whole where five fit side by side, else half as large. */
    int64_t shrink = 1;
    while (side / shrink > SIDE_MAX || (side / shrink > room && shrink < side))
        shrink++;
    c.side_w = (int)(side / shrink);
    c.side_h = (int)(ds->shape[0] / shrink);

    int64_t first[IN_ROW], wrong[IN_ROW];
    int n_first = 0, n_wrong = 0;
    for (int64_t i = 0; i < ds->n && n_wrong < IN_ROW; i++)
        if (predicted[i] != ds->labels[i])
            wrong[n_wrong++] = i;
    for (int64_t i = 0; i < ds->n && n_first < IN_ROW; i++)
        first[n_first++] = i;
    /* Ten pictures in all cases: where fewer were wrong, others that were right follow. */
    for (int64_t i = n_first; i < ds->n && n_wrong < IN_ROW; i++)
        if (predicted[i] == ds->labels[i])
            wrong[n_wrong++] = i;
    fprintf(out, "\nthe first of the test set, and what they were read as\n");
    draw_row(&c, ds, predicted, first, n_first);
    fprintf(out, "\nsome that were read wrongly\n");
    draw_row(&c, ds, predicted, wrong, n_wrong);
}

void show_picture(FILE *out, const uint8_t *px, int64_t h, int64_t w)
{
    canvas c = {.out = out, .style = style_of(out), .side_h = (int)h, .side_w = (int)w};
    for (int i = 0; i < c.side_h; i += 2) {
        draw_line(&c, (picture){px, h, w, 1}, i);
        fputc('\n', out);
    }
}
