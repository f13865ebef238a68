/* progress.c -- one line that moves on a terminal; whole plain lines elsewhere.
 *
 * A terminal shows   epoch 1/5 [######....] 31200/60000  61k/s  loss 0.3120  eta 3 s
 * The line never wraps: the bar takes what room is left, and where there is none the text is cut.
 */
#include "base/base.h"

#include <mlcore/progress.h>

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE = 512, BAR_MAX = 30, BAR_MIN = 4 };

static const double REDRAW = 0.05; /* seconds between two drawings on a terminal */
static const double PLAIN = 1.0;   /* seconds between two lines in a pipe */

/* ---- the terminal ---- */

static bool is_terminal(FILE *out)
{
    int fd = fileno(out);
    const char *term = getenv("TERM");
    return fd >= 0 && isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

/* Asked at each drawing, so that a window may change its size; `known` where nobody tells. */
static int terminal_width(FILE *out, int known)
{
#ifdef TIOCGWINSZ
    struct winsize size;
    int fd = fileno(out);
    if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
#endif
    return known;
}

static int width_from_environment(void)
{
    const char *text = getenv("COLUMNS");
    long columns = text ? strtol(text, NULL, 10) : 0;
    return columns > 0 && columns < 10000 ? (int)columns : 80;
}

/* The locale of the environment: a library must not call setlocale, so it cannot ask nl_langinfo. */
static bool utf8_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        const char *codeset = strchr(value, '.');
        return codeset && (strncasecmp(codeset, ".utf-8", 6) == 0 || strncasecmp(codeset, ".utf8", 5) == 0);
    }
    return false;
}

/* ---- text ---- */

static bool continues(char c) /* a byte inside a UTF-8 character */
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static int columns_of(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += !continues(*text);
    return n;
}

/* Cuts text after so many columns, between characters. */
static void cut(char *text, int columns)
{
    int n = 0;
    for (char *p = text; *p; p++)
        if (!continues(*p) && n++ == columns) {
            *p = 0;
            return;
        }
}

static void rate_text(char *buf, size_t size, double rate)
{
    if (rate >= 1e6)
        snprintf(buf, size, "%.1fM/s", rate / 1e6);
    else if (rate >= 1e4)
        snprintf(buf, size, "%.0fk/s", rate / 1e3);
    else if (rate >= 100)
        snprintf(buf, size, "%.0f/s", rate);
    else
        snprintf(buf, size, "%.2g/s", rate);
}

static void time_text(char *buf, size_t size, double seconds)
{
    long long s = (long long)(seconds + 0.5);
    if (s < 60)
        snprintf(buf, size, "%lld s", s);
    else if (s < 3600)
        snprintf(buf, size, "%lld min %02lld s", s / 60, s % 60);
    else
        snprintf(buf, size, "%lld h %02lld min", s / 3600, s / 60 % 60);
}

/* snprintf after what is there; what does not fit is left out. */
static void append(char *line, const char *format, ...) ML_PRINTF(2, 3);
static void append(char *line, const char *format, ...)
{
    size_t used = strlen(line);
    va_list args;
    va_start(args, format);
    vsnprintf(line + used, LINE - used, format, args);
    va_end(args);
}

/* "31200/60000  61k/s  loss 0.3120" and, while it runs, the time left. */
static void facts(const ml_progress *p, char *line, double now, bool running)
{
    char text[48];
    double seconds = now - p->started;
    append(line, "%lld", (long long)p->done);
    if (p->total > 0)
        append(line, "/%lld", (long long)p->total);
    if (p->done > 0 && seconds > 0) {
        rate_text(text, sizeof text, (double)p->done / seconds);
        append(line, "  %s", text);
    }
    if (!isnan(p->loss))
        append(line, fabs(p->loss) < 1e5 ? "  loss %.4f" : "  loss %.3g", p->loss);
    if (running && p->done > 0 && p->done < p->total) {
        time_text(text, sizeof text, seconds * (double)(p->total - p->done) / (double)p->done);
        append(line, "  eta %s", text);
    }
}

static void append_bar(char *line, const ml_progress *p, int cells)
{
    bool utf8 = utf8_locale();
    double share = (double)p->done / (double)p->total;
    int full = share >= 1 ? cells : share > 0 ? (int)(share * cells) : 0;
    append(line, "[");
    for (int i = 0; i < cells; i++)
        append(line, "%s", i < full ? (utf8 ? "\xE2\x96\x88" : "#") : (utf8 ? "\xE2\x96\x91" : "."));
    append(line, "] ");
}

static void draw(ml_progress *p, double now)
{
    char right[LINE] = "", line[LINE] = "";
    p->width = terminal_width(p->out, p->width);
    facts(p, right, now, true);
    append(line, "%s%s", p->label, p->label[0] ? " " : "");
    /* One column stays free: a full last column makes some terminals wrap. */
    int cells = p->width - 1 - columns_of(line) - columns_of(right) - 3;
    if (p->total > 0 && cells >= BAR_MIN)
        append_bar(line, p, cells < BAR_MAX ? cells : BAR_MAX);
    append(line, "%s", right);
    cut(line, p->width - 1);
    fprintf(p->out, "\r%s\033[K", line);
    fflush(p->out);
}

static void print_plain(ml_progress *p, double now)
{
    char line[LINE] = "";
    append(line, "%s%s", p->label, p->label[0] ? "  " : "");
    facts(p, line, now, true);
    fprintf(p->out, "%s\n", line);
    fflush(p->out);
}

/* ---- the three calls ---- */

ml_progress ml_progress_start(FILE *out, int64_t total, const char *label)
{
    ml_progress p = {.out = out, .total = total, .loss = NAN};
    snprintf(p.label, sizeof p.label, "%s", label ? label : "");
    /* snprintf may have cut a character of several bytes in two. */
    size_t n = strlen(p.label), whole = n;
    if (label && label[n]) {
        if (continues(label[n]))
            while (whole > 0 && continues(p.label[--whole]))
                ;
        p.label[whole] = 0;
    }
    p.started = p.shown = mli_seconds();
    p.terminal = out && is_terminal(out);
    p.width = width_from_environment();
    if (p.terminal)
        draw(&p, p.started);
    return p;
}

void ml_progress_update(ml_progress *p, int64_t done, double loss)
{
    if (!p || !p->out)
        return;
    p->done = done;
    p->loss = loss;
    double now = mli_seconds();
    if (p->terminal) {
        if (now - p->shown < REDRAW)
            return;
        draw(p, now);
        p->shown = now;
        return;
    }
    /* The last line is left to ml_progress_end. */
    int tenths = p->total > 0 ? (int)(10 * (double)done / (double)p->total) : p->printed + 1;
    if (tenths <= p->printed || (p->total > 0 && done >= p->total) || now - p->shown < PLAIN)
        return;
    p->printed = tenths;
    print_plain(p, now);
    p->shown = now;
}

void ml_progress_end(ml_progress *p, const char *note)
{
    if (!p || !p->out)
        return;
    char line[LINE] = "";
    double now = mli_seconds();
    append(line, "%s%s", p->label, p->label[0] ? "  " : "");
    facts(p, line, now, false);
    append(line, "  %.1f s", now - p->started);
    if (note && *note)
        append(line, "  %s", note);
    if (p->terminal)
        fprintf(p->out, "\r%s\033[K\n", line);
    else
        fprintf(p->out, "%s\n", line);
    fflush(p->out);
    p->out = NULL; /* a second end says nothing */
}
