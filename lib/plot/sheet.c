/* sheet.c -- what the layers of a plot lie on: titles, axes with their names, grid, key, the scale of colours. */
#include "plot/script.h"

#include <math.h>
#include <string.h>

enum { MOST_NAMES = 60 };
static const char TEXT[] = "4d4d4d", LINES[] = "b3b3b3", GRID[] = "e8e8e8";

/* ---- titles ---- */

static void put_label(mli_script *s, const char *what, const char *text, int64_t most, const char *how)
{
    if (!text)
        return;
    mli_putf(&s->commands, "set %s ", what);
    mli_script_text(s, text, most, false);
    mli_putf(&s->commands, " noenhanced %s\n", how);
}

/* Where no letter can be turned, the label of y stands at the head of its axis, if the title leaves it room. */
static void put_level_label(mli_script *s, const ml_plot *p)
{
    size_t title = p->title ? strlen(p->title) : 0;
    if (p->y_label && title + 2 * strlen(p->y_label) + 8 < (size_t)s->width)
        put_label(s, "label 1", p->y_label, MLI_MOST_TITLE, "at graph 0, graph 1 offset -2,1 left");
}

static void put_titles(mli_script *s, const ml_plot *p, bool key_above)
{
    char how[96];
    snprintf(how, sizeof how, "offset 0,%s font ',15' textcolor rgb '#%s'", key_above ? "1.2" : "0", MLI_INK_RGB);
    if (key_above) /* which gnuplot does not reckon with */
        mli_putf(&s->commands, "set tmargin %s\n", p->title ? "4.4" : "2");
    put_label(s, "title", p->title, mli_script_letters(s, s->width - s->width / 10, MLI_LARGE_LETTER, MLI_MOST_TITLE), how);
    snprintf(how, sizeof how, "textcolor rgb '#%s'", TEXT);
    put_label(s, "xlabel", p->x_label, mli_script_letters(s, s->width - s->width / 6, MLI_LETTER, MLI_MOST_TITLE), how);
    if (mli_script_is_terminal(s))
        put_level_label(s, p);
    else
        put_label(s, "ylabel", p->y_label, mli_script_letters(s, s->height - s->height / 4, MLI_LETTER, MLI_MOST_TITLE), how);
}

/* ---- axes ---- */

/* About how long the axis of x is. Where p is square, on a drawing, a third of its side is margins. */
static int64_t axis_length(const mli_script *s, const ml_plot *p)
{
    int64_t side = s->width < s->height ? s->width : s->height;
    return p->square && !mli_script_is_terminal(s) ? side - side / 3 : s->width - s->width / 6;
}

static void put_range(mli_script *s, char axis, const mli_axis *a, bool down)
{
    mli_putf(&s->commands, "set %crange [", axis);
    mli_put_number(&s->commands, 'g', 15, down ? a->high : a->low);
    mli_put(&s->commands, ":");
    mli_put_number(&s->commands, 'g', 15, down ? a->low : a->high);
    mli_put(&s->commands, "] noextend\n");
}

/* Marks 1, 2 or 5 times a power of ten apart, not more than there is room for; of what is counted, whole numbers. Their names
 * have the digits in which they differ. */
static void put_steps(mli_script *s, char axis, const mli_axis *a, int64_t room, bool whole)
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
    return most < MLI_MOST_NAME ? most : MLI_MOST_NAME;
}

/* Names where an axis has some; of very many every second, third, ... Those of x lean where they would touch; `length` is that of
 * the axis. */
static void put_names(mli_script *s, char axis, const mli_names *names, int64_t length)
{
    int64_t step = names->n / MOST_NAMES + 1, room = length / (names->n ? names->n : 1);
    int64_t fit = axis == 'x' && mli_script_is_terminal(s) ? (room > 4 ? room - 4 : 1) : MLI_MOST_NAME; /* three are for dots */
    bool leans = axis == 'x' && !mli_script_is_terminal(s) && room < MLI_LETTER * longest(names) + 10;
    mli_putf(&s->commands, "set %ctics (", axis);
    for (int64_t i = 0; i < names->n; i += step) {
        mli_put(&s->commands, i ? ", " : "");
        mli_script_text(s, names->v[i], fit, true);
        mli_putf(&s->commands, " %lld", (long long)(i + 1));
    }
    mli_putf(&s->commands, ") noenhanced %s\n", !leans ? "" : room < 24 ? "rotate by 90 right" : "rotate by 35 right");
}

/* ---- grid, legend, colours ---- */

static void put_grid(mli_script *s, const ml_plot *p)
{
    bool cells = p->layer && (p->layer->mark == MLI_CELLS || p->bare);
    bool vertical = !p->x_names.v && !p->boxes, level = !p->y_names.v;
    int border = cells ? 0 : p->opts.horizontal ? 2 : p->square ? 3 : 1;
    if (mli_script_is_terminal(s)) {
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

static place place_of_key(const mli_script *s, const ml_plot *p)
{
    int64_t labels = 0, wide = 0, widest = 0;
    for (const mli_layer *l = p->layer; l; l = l->next)
        if (l->label) {
            int64_t letters = 8 + (int64_t)strlen(l->label);
            labels++;
            wide += letters;
            widest = letters > widest ? letters : widest;
        }
    bool corner = p->reference && (mli_script_is_terminal(s) || widest <= mli_script_letters(s, axis_length(s, p), MLI_LETTER, 10000));
    bool fits = wide <= mli_script_letters(s, s->width - s->width / 5, MLI_LETTER, 10000);
    return !labels ? NO_KEY : corner ? CORNER : fits && !mli_script_is_terminal(s) ? ABOVE : BELOW;
}

static void put_key(mli_script *s, place key)
{
    if (key == NO_KEY)
        mli_put(&s->commands, "unset key\n");
    else
        mli_putf(&s->commands, "set key %s Left reverse noenhanced samplen 1.6 textcolor rgb '#%s'\n", PLACES[key], TEXT);
}

static void put_colours(mli_script *s, const ml_plot *p)
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

/* ---- the sheet ---- */

void mli_script_sheet(mli_script *s, const ml_plot *p, const mli_axes *a)
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
        put_steps(s, 'x', &a->x, s->width / (mli_script_is_terminal(s) ? 10 : 64), p->counted);
    if (!p->opts.log_y)
        put_steps(s, 'y', &a->y, s->height / (mli_script_is_terminal(s) ? 4 : 50), false);
    if (p->bare)
        mli_put(&s->commands, "unset tics\n");
    if (p->x_names.v)
        put_names(s, 'x', &p->x_names, axis_length(s, p));
    if (p->y_names.v)
        put_names(s, 'y', &p->y_names, s->height);
    put_grid(s, p);
    put_key(s, key);
    put_colours(s, p);
    if (p->square && !mli_script_is_terminal(s))
        mli_put(&s->commands, "set size ratio -1\n");
}
