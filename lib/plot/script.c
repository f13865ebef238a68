/* script.c -- a plot as a script: its texts, the terminal, one plot or panels.
 *
 * What a user wrote never becomes a word of a command: a backtick in a title would run a program. Every text is a line of a block of
 * data, $T, each behind a colon so that none can end the block, and commands only say t(7): the seventh line. Strings from data are
 * not looked into for backticks, and the terminal is told `noenhanced`, so that {}, ^, _ and @ mean themselves.
 */
#include "plot/script.h"

/* ---- texts ---- */

int64_t mli_script_note(mli_script *s, const char *text, int64_t most, bool format)
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

void mli_script_text(mli_script *s, const char *text, int64_t most, bool format)
{
    mli_putf(&s->commands, "t(%lld)", (long long)mli_script_note(s, text, most, format));
}

int64_t mli_script_letters(const mli_script *s, int64_t pixels, int letter, int64_t most)
{
    int64_t fit = mli_script_is_terminal(s) ? pixels : pixels / letter;
    return fit < 8 ? 8 : fit < most ? fit : most;
}

/* ---- the script ---- */

static void put_terminal(mli_script *s, int64_t width, int64_t height)
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

static void put_plot(mli_script *s, const ml_plot *p)
{
    mli_axes a = mli_plot_axes(p);
    mli_script_sheet(s, p, &a);
    mli_script_layers(s, p, &a);
}

static void put_panels(mli_script *s, const ml_plot *p, int64_t width, int64_t height)
{
    int64_t rows = (p->panels + p->panel_columns - 1) / p->panel_columns;
    s->width = width / p->panel_columns;
    s->height = height / rows;
    mli_putf(&s->commands, "set multiplot layout %lld,%lld", (long long)rows, (long long)p->panel_columns);
    if (p->title) {
        mli_put(&s->commands, " title ");
        mli_script_text(s, p->title, mli_script_letters(s, width, MLI_LARGE_LETTER, MLI_MOST_TITLE), false);
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
    mli_script s = {.output = output, .width = width, .height = height};
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
