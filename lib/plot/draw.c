/* draw.c -- gnuplot draws: as text, into a file, on the terminal; Graphviz draws graphs. */
#include "plot/process.h"
#include "plot/plot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double PATIENCE = 60; /* seconds */

static ml_status draw(const ml_plot *p, mli_output output, int64_t width, int64_t height, mli_buffer *picture)
{
    /* -d: whatever the user's own settings of gnuplot are, the picture is the same */
    const char *const argv[] = {"gnuplot", "-d", NULL};
    mli_buffer script = {0};
    const mli_program gnuplot = {argv, "install gnuplot (Debian: apt install gnuplot-nox) to have pictures", &script, PATIENCE};
    if (!p)
        return mli_fail(ML_EINVAL, "plot: it is NULL");
    if (p->failed)
        return mli_fail(p->failed, "%s", p->sentence);
    for (int64_t i = 0; i < p->panels; i++)
        if (p->panel[i]->failed)
            return mli_fail(p->panel[i]->failed, "panel %lld: %s", (long long)i, p->panel[i]->sentence);
    mli_plot_script(p, output, width, height, &script);
    ml_status s = mli_buffer_status(&script);
    if (!s)
        s = mli_program_run(&gnuplot, picture);
    mli_buffer_free(&script);
    if (!s && picture->n == 0)
        s = mli_fail(ML_EIO, "gnuplot has drawn nothing");
    return s;
}

/* ---- SVG ---- */

/* What browsers show when the pointer rests on a curve: gnuplot's own names, of no use to a reader. */
static const char *skip_title(const char *at)
{
    const char *end = strncmp(at, "<title>", 7) == 0 ? strstr(at, "</title>") : NULL;
    return end ? end + 8 : NULL;
}

/* The SVG without titles, and its pixels left square, not smoothed. */
static void put_svg(mli_buffer *out, const char *svg)
{
    while (*svg) {
        const char *next = strchr(svg + 1, '<'), *after = skip_title(svg);
        size_t n = next ? (size_t)(next - svg) : strlen(svg);
        if (after) {
            svg = after;
            continue;
        }
        if (strncmp(svg, "<image ", 7) == 0) {
            mli_put(out, "<image style='image-rendering:pixelated' ");
            mli_put_bytes(out, svg + 7, n - 7);
        } else {
            mli_put_bytes(out, svg, n);
        }
        svg += n;
    }
}

static ml_status draw_svg(const ml_plot *p, mli_buffer *out)
{
    mli_buffer raw = {0};
    ml_status s = draw(p, MLI_SVG, p ? p->opts.width : 0, p ? p->opts.height : 0, &raw);
    if (!s) {
        put_svg(out, raw.v);
        s = mli_buffer_status(out);
    }
    mli_buffer_free(&raw);
    return s;
}

char *ml_plot_svg(const ml_plot *p)
{
    mli_buffer svg = {0};
    if (!draw_svg(p, &svg))
        return mli_buffer_for_caller(&svg);
    mli_buffer_free(&svg);
    return NULL;
}

/* ---- files ---- */

static ml_status save(const char *path, const mli_buffer *bytes)
{
    mli_writer w;
    ml_status s = mli_writer_open(&w, path);
    if (s)
        return s;
    (void)mli_writer_put(&w, bytes->v, bytes->n); /* commit reports it */
    return mli_writer_commit(&w);
}

ml_status ml_plot_save(const ml_plot *p, const char *path)
{
    const char *end = path ? strrchr(path, '.') : NULL;
    bool svg = end && strcmp(end, ".svg") == 0, png = end && strcmp(end, ".png") == 0;
    mli_buffer picture = {0};
    if (!svg && !png)
        return mli_fail(ML_EINVAL, "%s: a plot is saved as .svg or .png", path ? path : "plot: path is NULL");
    ml_status s = svg ? draw_svg(p, &picture) : draw(p, MLI_PNG, p ? p->opts.width : 0, p ? p->opts.height : 0, &picture);
    if (!s)
        s = save(path, &picture);
    mli_buffer_free(&picture);
    return s;
}

/* ---- the terminal ---- */

/* gnuplot fills the sheet with blanks, and begins with a form feed: lines without what is blank at their ends, none blank at
 * both ends of the sheet. */
static void print_lines(FILE *out, const char *text)
{
    int blank = 0;
    bool begun = false;
    while (*text) {
        size_t n = strcspn(text, "\n"), used = n;
        const char *line = text;
        while (used && strchr(" \f\r", line[used - 1]))
            used--;
        while (used && *line == '\f') {
            line++;
            used--;
        }
        text += n + (text[n] == '\n');
        if (used == 0) {
            blank++;
            continue;
        }
        for (; begun && blank > 0; blank--)
            fputc('\n', out);
        fprintf(out, "%.*s\n", (int)used, line);
        begun = true;
        blank = 0;
    }
}

ml_status ml_plot_print(FILE *out, const ml_plot *p, int64_t width)
{
    const int64_t least = 40, most = 500;
    width = mli_given(width, 80);
    if (!out || width < least || width > most)
        return mli_fail(ML_EINVAL, "plot: %lld columns%s: it takes %lld to %lld", (long long)width, out ? "" : " on NULL",
                        (long long)least, (long long)most);
    mli_buffer text = {0};
    /* A letter is about twice as high as wide; a square plot would leave no room on the screen for anything else. */
    int64_t height = p ? width * p->opts.height / p->opts.width / 2 : 0, highest = p && p->panels ? most : width * 3 / 10;
    height = height < 12 ? 12 : height > highest ? highest : height;
    ml_status s = draw(p, isatty(fileno(out)) ? MLI_TERMINAL_COLOURS : MLI_TERMINAL, width, height, &text);
    if (!s)
        print_lines(out, text.v);
    mli_buffer_free(&text);
    return s;
}

/* ---- Graphviz ---- */

static ml_status draw_graph(const char *dot_path, mli_buffer *svg)
{
    const char *const argv[] = {"dot", "-Tsvg", NULL};
    uint8_t *bytes;
    size_t n;
    if (!dot_path)
        return mli_fail(ML_EINVAL, "graphviz: path is NULL");
    /* Read here, and given: a path that begins with a dash would be an option. */
    ml_status s = mli_read_file(dot_path, (size_t)1 << 28, &bytes, &n);
    if (s)
        return s;
    mli_buffer input = {.v = (char *)bytes, .n = n};
    const mli_program dot = {argv, "install Graphviz (Debian: apt install graphviz) to have trees and tapes drawn", &input, PATIENCE};
    s = mli_program_run(&dot, svg);
    mli_free(bytes);
    return s ? mli_fail_in(dot_path) : ML_OK;
}

char *ml_graphviz_svg(const char *dot_path)
{
    mli_buffer svg = {0};
    if (!draw_graph(dot_path, &svg))
        return mli_buffer_for_caller(&svg);
    mli_buffer_free(&svg);
    return NULL;
}

ml_status ml_graphviz_save(const char *dot_path, const char *svg_path)
{
    mli_buffer svg = {0};
    ml_status s = svg_path ? draw_graph(dot_path, &svg) : mli_fail(ML_EINVAL, "graphviz: path is NULL");
    if (!s)
        s = save(svg_path, &svg);
    mli_buffer_free(&svg);
    return s;
}
