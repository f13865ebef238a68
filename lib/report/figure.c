/* figure.c -- pictures inside of the page: drawings as SVG, pixels as PNG. */
#include "report/report.h"

#include "vision/vision.h"

#include <stdlib.h>
#include <string.h>

/* ---- drawings ---- */

/* Whether at p begins an id or a mention of one; how many bytes come before its name. */
static size_t before_id(const char *p)
{
    static const char *const marks[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
    for (int i = 0; i < 5; i++)
        if (strncmp(p, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

/* The SVG from its element on, with every id made one of this figure: all drawings of a page share one space of names. Text between tags
 * stays as it is: there a label may speak of id='x'. */
static void put_drawing(mli_buffer *b, const char *svg, int figure, const char *alt)
{
    const char *p = strstr(svg, "<svg");
    bool inside = true; /* in the tag of <svg> itself */
    if (!p)
        return;
    mli_put(b, "<svg role=\"img\" aria-label=\"");
    mli_html_put(b, alt);
    mli_put(b, "\"");
    for (p += 4; *p; p++) {
        size_t n = inside ? before_id(p) : 0;
        inside = *p == '<' ? true : *p == '>' ? false : inside;
        if (n) {
            mli_put_bytes(b, p, n);
            mli_putf(b, "f%d-", figure);
            p += n - 1;
        } else {
            mli_put_bytes(b, p, 1);
        }
    }
}

/* The drawing, or why there is none. Takes svg, from malloc, or NULL with an error set. */
static ml_status put_figure(ml_html *h, char *svg, const char *caption, const char *alt)
{
    ml_status why = svg ? ML_OK : ml_error_status();
    char sentence[sizeof h->missing];
    snprintf(sentence, sizeof sentence, "%s", svg ? "" : ml_error());
    mli_put(&h->body, "<figure>\n");
    if (svg)
        put_drawing(&h->body, svg, h->figures + 1, alt ? alt : caption ? caption : "a drawing");
    else {
        mli_put(&h->body, "<p class=\"missing\">");
        mli_html_put(&h->body, sentence);
        mli_put(&h->body, "</p>\n");
    }
    mli_html_caption(h, "figcaption", "Figure", &h->figures, caption);
    if (!caption)
        h->figures++; /* its ids are taken */
    mli_put(&h->body, "</figure>\n");
    if (!svg && !h->missing[0])
        memcpy(h->missing, sentence, sizeof sentence);
    ml_status s = mli_html_status(h);
    return s ? s : why && why != ML_ESTATE ? mli_fail(why, "%s", sentence) : ML_OK;
}

ml_status ml_html_plot(ml_html *h, const ml_plot *p, const char *caption, const char *alt)
{
    ml_status s = mli_html_check(h, "plot");
    if (s)
        return s;
    char *svg = ml_plot_svg(p);
    s = put_figure(h, svg, caption, alt);
    free(svg);
    return s;
}

ml_status ml_html_graph(ml_html *h, const char *dot_path, const char *caption, const char *alt)
{
    ml_status s = mli_html_check(h, "graph");
    if (s)
        return s;
    char *svg = ml_graphviz_svg(dot_path);
    s = put_figure(h, svg, caption, alt);
    free(svg);
    return s;
}

/* ---- pixels ---- */

/* RFC 4648 */
static void put_base64(mli_buffer *b, const uint8_t *v, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t word = (uint32_t)v[i] << 16 | (i + 1 < n ? (uint32_t)v[i + 1] << 8 : 0) | (i + 2 < n ? v[i + 2] : 0);
        char four[4] = {letters[word >> 18], letters[word >> 12 & 63], letters[word >> 6 & 63], letters[word & 63]};
        if (i + 2 >= n)
            four[3] = '=';
        if (i + 1 >= n)
            four[2] = '=';
        mli_put_bytes(b, four, 4);
    }
}

static ml_status put_picture(ml_html *h, const ml_image *im, const char *caption)
{
    uint8_t *png;
    size_t n;
    if (mli_image_check("pictures", im) || mli_png_encode(im, &png, &n))
        return mli_html_failed(h);
    mli_putf(&h->body, "<div><img width=\"%lld\" height=\"%lld\" alt=\"", (long long)im->w, (long long)im->h);
    mli_html_put(&h->body, caption ? caption : "a picture");
    mli_put(&h->body, "\" src=\"data:image/png;base64,");
    put_base64(&h->body, png, n);
    mli_put(&h->body, "\">");
    mli_html_put(&h->body, caption);
    mli_put(&h->body, "</div>\n");
    mli_free(png);
    return ML_OK;
}

ml_status ml_html_pictures(ml_html *h, const char *caption, const ml_image *const *pictures, const char *const *captions,
                           int64_t n)
{
    const int64_t most = 1000;
    ml_status s = mli_html_check(h, "pictures");
    if (s)
        return s;
    if (n < 0 || n > most || (n && !pictures)) {
        (void)mli_fail(ML_EINVAL, "pictures: %lld pictures%s: a page takes at most %lld at once", (long long)n,
                       pictures ? "" : " at NULL", (long long)most);
        return mli_html_failed(h);
    }
    mli_put(&h->body, "<figure>\n<div class=\"pictures\">\n");
    for (int64_t i = 0; i < n && !s; i++)
        s = put_picture(h, pictures[i], captions ? captions[i] : NULL);
    mli_put(&h->body, "</div>\n");
    mli_html_caption(h, "figcaption", "Figure", &h->figures, caption);
    mli_put(&h->body, "</figure>\n");
    return s ? s : mli_html_status(h);
}
