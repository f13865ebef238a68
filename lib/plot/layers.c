/* layers.c -- the layers of a plot: each a block of numbers, and how it is marked. */
#include "plot/script.h"

enum { SERIES = 7, MOST_LEGEND = 60 };

static const char *const COLOURS[SERIES] = {"0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "595959"};
static const char *const FILLS[SERIES] = {"0072b2", "e69f00", "009e73", "cc79a7", "595959", "56b4e9", "d55e00"};
static const char *const DASHES[SERIES] = {"solid", "(12,5)", "(3,4)", "(12,4,3,4)", "(20,6)", "(6,3)", "solid"};
static const int SHAPES[SERIES] = {7, 9, 5, 13, 11, 6, 8};

static const char *colour(int of)
{
    return of == MLI_INK ? MLI_INK_RGB : of == MLI_QUIET ? "8c8c8c" : of == MLI_PAPER ? "ffffff" : COLOURS[of % SERIES];
}

/* ---- numbers ---- */

static void put_number(mli_script *s, double v, bool log)
{
    if (mli_is_gap(v, log))
        mli_put(&s->commands, "NaN ");
    else {
        mli_put_number(&s->commands, 'g', 15, v);
        mli_put(&s->commands, " ");
    }
}

/* A box as gnuplot wants it: a point inside, then its sides. What stands on 0 of a logarithmic axis stands on its beginning. */
static void put_box(mli_script *s, const ml_plot *p, const mli_axes *a, double x0, double x1, double y0, double y1)
{
    x0 = p->opts.log_x && x0 <= 0 ? a->x.low : x0;
    y0 = p->opts.log_y && y0 <= 0 ? a->y.low : y0;
    const double v[6] = {x0 / 2 + x1 / 2, y0 / 2 + y1 / 2, x0, x1, y0, y1};
    for (int k = 0; k < 6; k++)
        put_number(s, v[k], k == 0 || k == 2 || k == 3 ? p->opts.log_x : p->opts.log_y);
}

static void put_row(mli_script *s, const ml_plot *p, const mli_axes *a, const mli_layer *l, int64_t i, int64_t k)
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
        mli_putf(&s->commands, "%lld", (long long)mli_script_note(s, l->text[i], MLI_MOST_NAME, false));
        break;
    default:
        put_number(s, v[0], p->opts.log_x);
        for (int column = 1; column < l->columns; column++)
            put_number(s, v[column], p->opts.log_y && column < 3 && l->mark != MLI_PIXELS);
    }
    mli_put(&s->commands, "\n");
}

static void put_block(mli_script *s, const ml_plot *p, const mli_axes *a, const mli_layer *l, int64_t k)
{
    mli_putf(&s->commands, "$D%d << ML_END_OF_DATA\n", s->blocks++);
    for (int64_t i = 0; i < l->n; i++)
        put_row(s, p, a, l, i, k);
    mli_put(&s->commands, "ML_END_OF_DATA\n");
}

/* ---- marks ---- */

static void put_mark(mli_script *s, const ml_plot *p, const mli_layer *l)
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

void mli_script_layers(mli_script *s, const ml_plot *p, const mli_axes *a)
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
            mli_script_text(s, l->label, mli_script_letters(s, s->width / 2, MLI_LETTER, MOST_LEGEND), false);
    }
    mli_put(&s->commands, "\n");
}
