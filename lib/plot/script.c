/* script.c -- a plot in gnuplot's words.
 *
 * What a user wrote never becomes a word of a command: a backtick in a title would run a program. Every text is a line of a block of
 * data, $T, each behind a colon so that none can end the block, and commands only say t(7): the seventh line. Strings from data are
 * not looked into for backticks, and the terminal is told `noenhanced`, so that {}, ^, _ and @ mean themselves.
 *
 * The house style: white ground, few thin grey lines, no frame; the colours of Okabe and Ito (2008), which people who see
 * two colours alike can tell apart; for print in grey a dash or a shape of its own for each series, and areas in an order in which
 * dark and light take turns.
 * Source of the language: gnuplot 5.4 documentation
 */
#include "plot/axes.h"

#include <math.h>
#include <string.h>

enum { SERIES = 7, MOST_TITLE = 120, MOST_LEGEND = 60, MOST_NAME = 24, MOST_NAMES = 60 };

static const char *const COLOURS[SERIES] = {"0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "595959"};
static const char *const FILLS[SERIES] = {"0072b2", "e69f00", "009e73", "cc79a7", "595959", "56b4e9", "d55e00"};
static const char *const DASHES[SERIES] = {"solid", "(12,5)", "(3,4)", "(12,4,3,4)", "(20,6)", "(6,3)", "solid"};
static const int SHAPES[SERIES] = {7, 9, 5, 13, 11, 6, 8};
static const char INK[] = "1a1a1a", TEXT[] = "4d4d4d", LINES[] = "b3b3b3", GRID[] = "e8e8e8";

typedef struct script {
    mli_buffer texts, commands;
    int64_t lines; /* of texts */
    int blocks;
    mli_output output;
    int64_t width, height; /* of one plot */
} script;

static bool is_terminal(const script *s)
{
    return s->output >= MLI_TERMINAL;
}

/* Writes a text down; the number of its line. The name of a tick is a format to gnuplot: there % is %%. */
static int64_t note_text(script *s, const char *text, int64_t most, bool format)
{
    mli_buffer clean = {0};
    mli_put(&s->texts, ":");
    mli_put_clean(&clean, text ? text : "", "", most);
    s->texts.failed |= clean.failed;
    for (size_t i = 0; i < clean.n; i++) {
        mli_put_bytes(&s->texts, clean.v + i, 1);
        if (format && clean.v[i] == '%')
            mli_put(&s->texts, "%");
    }
    mli_put(&s->texts, "\n");
    mli_buffer_free(&clean);
    return ++s->lines;
}

/* The same, and into the command the call that gives it. */
static void put_text(script *s, const char *text, int64_t most, bool format)
{
    mli_putf(&s->commands, "t(%lld)", (long long)note_text(s, text, most, format));
}

/* How many letters, each so wide, go into so many pixels. */
enum { ORDINARY = 7, LARGE = 10 };
static int64_t letters(const script *s, int64_t pixels, int letter, int64_t most)
{
    int64_t fit = is_terminal(s) ? pixels : pixels / letter;
    return fit < 8 ? 8 : fit < most ? fit : most;
}

static const char *colour(int of)
{
    return of == MLI_INK ? INK : of == MLI_QUIET ? "8c8c8c" : of == MLI_PAPER ? "ffffff" : COLOURS[of % SERIES];
}

/* ---- the sheet ---- */

static void put_terminal(script *s, int64_t width, int64_t height)
{
    long long w = width, h = height;
    mli_put(&s->commands, "set encoding utf8\n");
    if (s->output == MLI_SVG)
        mli_putf(&s->commands, "set terminal svg size %lld,%lld noenhanced rounded font 'sans-serif,13' background '#ffffff'\n", w, h);
    else if (s->output == MLI_PNG)
        mli_putf(&s->commands, "set terminal pngcairo size %lld,%lld noenhanced rounded font 'sans,13' fontscale 2 linewidth 2 "
                 "pointscale 2 background '#ffffff'\n", 2 * w, 2 * h);
    else
        mli_putf(&s->commands, "set terminal dumb size %lld,%lld noenhanced aspect 1 %s\n", w, h,
                 s->output == MLI_TERMINAL_COLOURS ? "ansi" : "mono");
}

static void put_label(script *s, const char *what, const char *text, int64_t most, const char *how)
{
    if (!text)
        return;
    mli_putf(&s->commands, "set %s ", what);
    put_text(s, text, most, false);
    mli_putf(&s->commands, " noenhanced %s\n", how);
}

/* Where no letter can be turned, the label of y stands at the head of its axis, if the title leaves it room. */
static void put_level_label(script *s, const ml_plot *p)
{
    size_t title = p->title ? strlen(p->title) : 0;
    if (p->y_label && title + 2 * strlen(p->y_label) + 8 < (size_t)s->width)
        put_label(s, "label 1", p->y_label, MOST_TITLE, "at graph 0, graph 1 offset -2,1 left");
}

static void put_titles(script *s, const ml_plot *p, bool key_above)
{
    char how[96];
    snprintf(how, sizeof how, "offset 0,%s font ',15' textcolor rgb '#%s'", key_above ? "1.2" : "0", INK);
    if (key_above) /* which gnuplot does not reckon with */
        mli_putf(&s->commands, "set tmargin %s\n", p->title ? "4.4" : "2");
    put_label(s, "title", p->title, letters(s, s->width - s->width / 10, LARGE, MOST_TITLE), how);
    snprintf(how, sizeof how, "textcolor rgb '#%s'", TEXT);
    put_label(s, "xlabel", p->x_label, letters(s, s->width - s->width / 6, ORDINARY, MOST_TITLE), how);
    if (is_terminal(s))
        put_level_label(s, p);
    else
        put_label(s, "ylabel", p->y_label, letters(s, s->height - s->height / 4, ORDINARY, MOST_TITLE), how);
}

static void put_range(script *s, char axis, const mli_axis *a, bool down)
{
    mli_putf(&s->commands, "set %crange [", axis);
    mli_put_number(&s->commands, 'g', 15, down ? a->high : a->low);
    mli_put(&s->commands, ":");
    mli_put_number(&s->commands, 'g', 15, down ? a->low : a->high);
    mli_put(&s->commands, "] noextend\n");
}

/* Marks 1, 2 or 5 times a power of ten apart, not more than there is room for; of what is counted, whole numbers. Their names
 * have the digits in which they differ. */
static void put_steps(script *s, char axis, const mli_axis *a, int64_t room, bool whole)
{
    double least = (a->high - a->low) / (double)(room < 2 ? 2 : room > 10 ? 10 : room), power = pow(10, floor(log10(least)));
    double by = least / power, step = power * (by <= 1 ? 1 : by <= 2 ? 2 : by <= 5 ? 5 : 10);
    int digits = 2 + (int)ceil(log10(fmax(fabs(a->low), fabs(a->high)) / step));
    mli_putf(&s->commands, "set %ctics ", axis);
    mli_put_number(&s->commands, 'g', 15, whole && step < 1 ? 1 : step);
    mli_putf(&s->commands, "\nset format %c '%%.%dg'\n", axis, digits < 6 ? 6 : digits > 15 ? 15 : digits);
}

static int64_t longest(const mli_names *names)
{
    int64_t most = 0;
    for (int64_t i = 0; i < names->n; i++) {
        int64_t n = 0;
        for (const char *p = names->v[i]; p && *p; p++)
            n += (*p & 0xc0) != 0x80;
        most = n > most ? n : most;
    }
    return most < MOST_NAME ? most : MOST_NAME;
}

/* Names where an axis has some; of very many every second, third, ... Those of x lean where they would touch. */
static void put_names(script *s, char axis, const mli_names *names)
{
    int64_t step = names->n / MOST_NAMES + 1, room = (s->width - s->width / 6) / (names->n ? names->n : 1);
    int64_t fit = axis == 'x' && is_terminal(s) ? (room > 4 ? room - 4 : 1) : MOST_NAME; /* three are for dots */
    bool leans = axis == 'x' && !is_terminal(s) && room < ORDINARY * longest(names) + 10;
    mli_putf(&s->commands, "set %ctics (", axis);
    for (int64_t i = 0; i < names->n; i += step) {
        mli_put(&s->commands, i ? ", " : "");
        put_text(s, names->v[i], fit, true);
        mli_putf(&s->commands, " %lld", (long long)(i + 1));
    }
    mli_putf(&s->commands, ") noenhanced %s\n", !leans ? "" : room < 24 ? "rotate by 90 right" : "rotate by 35 right");
}

static void put_grid(script *s, const ml_plot *p)
{
    bool cells = p->layer && (p->layer->mark == MLI_CELLS || p->bare);
    bool vertical = !p->x_names.v && !p->boxes, level = !p->y_names.v;
    int border = cells ? 0 : p->opts.horizontal ? 2 : p->square ? 3 : 1;
    if (is_terminal(s)) {
        mli_putf(&s->commands, "set border %d\n", cells ? 0 : 3);
        return;
    }
    mli_putf(&s->commands, "set border %d back linecolor rgb '#%s' linewidth 1\n", border, LINES);
    if (!cells && (vertical || level))
        mli_putf(&s->commands, "set grid %s %s back linetype 1 linecolor rgb '#%s' linewidth 1\n", vertical ? "xtics" : "noxtics",
                 level ? "ytics" : "noytics", GRID);
}

/* The legend has its place between title and plot; below, where it is too long for that; and in the corner that curves above a
 * diagonal leave free. */
typedef enum place { NO_KEY = 0, ABOVE, BELOW, CORNER } place;
static const char *const PLACES[] = {"", "at graph 0, graph 1.02 left bottom horizontal", "bmargin left horizontal",
                                     "inside bottom right vertical"};

static place place_of_key(const script *s, const ml_plot *p)
{
    int64_t labels = 0, wide = 0;
    for (const mli_layer *l = p->layer; l; l = l->next)
        if (l->label) {
            labels++;
            wide += 8 + (int64_t)strlen(l->label);
        }
    bool fits = wide <= letters(s, s->width - s->width / 5, ORDINARY, 10000);
    return !labels ? NO_KEY : p->reference ? CORNER : fits && !is_terminal(s) ? ABOVE : BELOW;
}

static void put_key(script *s, place key)
{
    if (key == NO_KEY)
        mli_put(&s->commands, "unset key\n");
    else
        mli_putf(&s->commands, "set key %s Left reverse noenhanced samplen 1.6 textcolor rgb '#%s'\n", PLACES[key], TEXT);
}

static void put_colours(script *s, const ml_plot *p)
{
    if (p->high <= p->low)
        return;
    mli_put(&s->commands, p->diverging
                              ? "set palette defined (0 '#b35806', 1 '#f1a340', 2 '#fde3c2', 3 '#f7f7f7', 4 '#d3e5f0', 5 '#67a9cf', 6 '#2166ac')\n"
                              : "set palette defined (0 '#f4f8fc', 1 '#cfe0f0', 2 '#92c0df', 3 '#4a90c4', 4 '#1f619e', 5 '#0b3866')\n");
    mli_put(&s->commands, "set cbrange [");
    mli_put_number(&s->commands, 'g', 15, p->low);
    mli_put(&s->commands, ":");
    mli_put_number(&s->commands, 'g', 15, p->high);
    mli_putf(&s->commands, "]\n%s\n", p->scale ? "set colorbox noborder\nset cbtics scale 0 format '%g'" : "unset colorbox");
}

static void put_sheet(script *s, const ml_plot *p, const mli_axes *a)
{
    place key = place_of_key(s, p);
    put_titles(s, p, key == ABOVE);
    mli_putf(&s->commands, "set tics scale 0 nomirror textcolor rgb '#%s'\n", TEXT);
    if (p->opts.log_x)
        mli_put(&s->commands, "set logscale x\nset format x '%g'\n");
    if (p->opts.log_y)
        mli_put(&s->commands, "set logscale y\nset format y '%g'\n");
    put_range(s, 'x', &a->x, false);
    put_range(s, 'y', &a->y, p->y_down);
    if (!p->opts.log_x)
        put_steps(s, 'x', &a->x, s->width / (is_terminal(s) ? 10 : 64), p->counted);
    if (!p->opts.log_y)
        put_steps(s, 'y', &a->y, s->height / (is_terminal(s) ? 4 : 50), false);
    if (p->bare)
        mli_put(&s->commands, "unset tics\n");
    if (p->x_names.v)
        put_names(s, 'x', &p->x_names);
    if (p->y_names.v)
        put_names(s, 'y', &p->y_names);
    put_grid(s, p);
    put_key(s, key);
    put_colours(s, p);
    if (p->square && !is_terminal(s))
        mli_put(&s->commands, "set size ratio -1\n");
}

/* ---- layers ---- */

static void put_number(script *s, double v, bool log)
{
    if (mli_is_gap(v, log))
        mli_put(&s->commands, "NaN ");
    else {
        mli_put_number(&s->commands, 'g', 15, v);
        mli_put(&s->commands, " ");
    }
}

/* A box as gnuplot wants it: a point inside, then its sides. What stands on 0 of a logarithmic axis stands on its beginning. */
static void put_box(script *s, const ml_plot *p, const mli_axes *a, double x0, double x1, double y0, double y1)
{
    x0 = p->opts.log_x && x0 <= 0 ? a->x.low : x0;
    y0 = p->opts.log_y && y0 <= 0 ? a->y.low : y0;
    const double v[6] = {x0 / 2 + x1 / 2, y0 / 2 + y1 / 2, x0, x1, y0, y1};
    for (int k = 0; k < 6; k++)
        put_number(s, v[k], k == 0 || k == 2 || k == 3 ? p->opts.log_x : p->opts.log_y);
}

static void put_row(script *s, const ml_plot *p, const mli_axes *a, const mli_layer *l, int64_t i, int64_t k)
{
    const double *v = l->v + i * l->columns;
    double low, high;
    switch (l->mark) {
    case MLI_BARS:
        mli_bar_sides(a, i, k, &low, &high);
        if (p->opts.horizontal)
            put_box(s, p, a, 0, v[0], low, high);
        else
            put_box(s, p, a, low, high, 0, v[0]);
        break;
    case MLI_BOXES:
        put_box(s, p, a, v[0], v[1], v[2], v[3]);
        break;
    case MLI_CELLS:
        put_box(s, p, a, v[0], v[1], v[2], v[3]);
        put_number(s, v[4], false);
        break;
    case MLI_SEGMENTS: /* an arrow: where it begins, and how far it goes */
        put_number(s, v[0], p->opts.log_x);
        put_number(s, v[1], p->opts.log_y);
        put_number(s, v[2] - v[0], false);
        put_number(s, v[3] - v[1], false);
        break;
    case MLI_TEXTS:
        put_number(s, v[0], false);
        put_number(s, v[1], false);
        mli_putf(&s->commands, "%lld", (long long)note_text(s, l->text[i], MOST_NAME, false));
        break;
    default:
        put_number(s, v[0], p->opts.log_x);
        for (int column = 1; column < l->columns; column++)
            put_number(s, v[column], p->opts.log_y && column < 3 && l->mark != MLI_PIXELS);
    }
    mli_put(&s->commands, "\n");
}

static void put_block(script *s, const ml_plot *p, const mli_axes *a, const mli_layer *l, int64_t k)
{
    mli_putf(&s->commands, "$D%d << ML_END_OF_DATA\n", s->blocks++);
    for (int64_t i = 0; i < l->n; i++)
        put_row(s, p, a, l, i, k);
    mli_put(&s->commands, "ML_END_OF_DATA\n");
}

static void put_mark(script *s, const ml_plot *p, const mli_layer *l)
{
    mli_buffer *c = &s->commands;
    bool filled = l->mark == MLI_BARS || l->mark == MLI_BOXES;
    const char *of = filled && l->colour >= 0 ? FILLS[l->colour % SERIES] : colour(l->colour);
    int number = l->colour < 0 ? 0 : l->colour % SERIES;
    bool many = l->n > 500, shared = p->series > 1;
    const char *size = many ? "0.3" : s->output == MLI_SVG ? "0.45" : "0.6"; /* which gnuplot's terminals take differently */
    switch (l->mark) {
    case MLI_LINE:
        mli_putf(c, "using 1:2 with lines linewidth %s dashtype %s linecolor rgb '#%s'", l->colour == MLI_QUIET ? "1" : "2",
                 l->colour == MLI_QUIET ? "(4,4)" : DASHES[number], of);
        break;
    case MLI_POINTS:
        mli_putf(c, "using 1:2 with points pointtype %d pointsize %s linecolor rgb '#%s%s'", SHAPES[number], size,
                 many ? "80" : "", of);
        break;
    case MLI_AREA:
        mli_putf(c, "using 1:2:3 with filledcurves fillcolor rgb '#%s' fillstyle transparent solid 0.18 noborder", of);
        break;
    case MLI_BARS:
        mli_putf(c, "using 1:2:3:4:5:6 with boxxyerror fillcolor rgb '#%s' fillstyle solid 0.88 noborder", of);
        break;
    case MLI_BOXES:
        mli_putf(c, "using 1:2:3:4:5:6 with boxxyerror linecolor rgb '#%s' linewidth %s fillstyle transparent solid %s %s", of,
                 p->boxes ? "1.5" : "0.5", p->boxes ? "0.25" : shared ? "0.5" : "0.85",
                 p->boxes ? "border" : "border linecolor rgb '#ffffff'");
        break;
    case MLI_SEGMENTS:
        mli_putf(c, "using 1:2:3:4 with vectors nohead linewidth 1.2 linecolor rgb '#%s'", of);
        break;
    case MLI_CELLS:
        mli_putf(c, "using 1:2:3:4:5:6:7 with boxxyerror fillcolor palette fillstyle solid %s",
                 p->scale ? "noborder" : "border linecolor rgb '#ffffff'");
        break;
    case MLI_TEXTS:
        mli_putf(c, "using 1:2:(t(int($3))) with labels noenhanced font ',11' textcolor rgb '#%s'", of);
        break;
    case MLI_PIXELS:
        mli_put(c, "using 1:2:3:4:5 with rgbimage");
        break;
    }
}

static void put_layers(script *s, const ml_plot *p, const mli_axes *a)
{
    int64_t bars = 0;
    int first = s->blocks;
    for (const mli_layer *l = p->layer; l; l = l->next)
        if (l->n) {
            put_block(s, p, a, l, bars);
            bars += l->mark == MLI_BARS;
        }
    mli_put(&s->commands, "plot NaN notitle");
    for (const mli_layer *l = p->layer; l; l = l->next) {
        if (!l->n)
            continue;
        mli_putf(&s->commands, ", $D%d ", first++);
        put_mark(s, p, l);
        mli_put(&s->commands, l->label ? " title " : " notitle");
        if (l->label)
            put_text(s, l->label, letters(s, s->width / 2, ORDINARY, MOST_LEGEND), false);
    }
    mli_put(&s->commands, "\n");
}

static void put_plot(script *s, const ml_plot *p)
{
    mli_axes a = mli_plot_axes(p);
    put_sheet(s, p, &a);
    put_layers(s, p, &a);
}

static void put_panels(script *s, const ml_plot *p, int64_t width, int64_t height)
{
    int64_t rows = (p->panels + p->panel_columns - 1) / p->panel_columns;
    s->width = width / p->panel_columns;
    s->height = height / rows;
    mli_putf(&s->commands, "set multiplot layout %lld,%lld", (long long)rows, (long long)p->panel_columns);
    if (p->title) {
        mli_put(&s->commands, " title ");
        put_text(s, p->title, letters(s, width, LARGE, MOST_TITLE), false);
        mli_put(&s->commands, " noenhanced font ',16'");
    }
    mli_put(&s->commands, "\n");
    for (int64_t i = 0; i < p->panels; i++) {
        mli_put(&s->commands, "reset\n");
        put_plot(s, p->panel[i]);
    }
    mli_put(&s->commands, "unset multiplot\n");
}

void mli_plot_script(const ml_plot *p, mli_output output, int64_t width, int64_t height, mli_buffer *out)
{
    script s = {.output = output, .width = width, .height = height};
    put_terminal(&s, width, height);
    if (p->panels)
        put_panels(&s, p, width, height);
    else
        put_plot(&s, p);
    mli_put(out, "$T << ML_END_OF_DATA\n");
    if (s.texts.n)
        mli_put_bytes(out, s.texts.v, s.texts.n);
    mli_put(out, "ML_END_OF_DATA\nt(i) = $T[i][2:*]\n");
    if (s.commands.n)
        mli_put_bytes(out, s.commands.v, s.commands.n);
    mli_put(out, "exit\n");
    out->failed |= s.texts.failed || s.commands.failed;
    mli_buffer_free(&s.texts);
    mli_buffer_free(&s.commands);
}
