/* html.c -- a page: begun, filled with text, written. */
#include "report/report.h"

#include <mlcore/build.h>
#include <mlcore/threads.h>

#include <string.h>
#include <sys/utsname.h>
#include <time.h>

/* ---- errors ---- */

ml_status mli_html_failed(ml_html *h)
{
    if (!h->failed) {
        h->failed = ml_error_status();
        snprintf(h->sentence, sizeof h->sentence, "%s", ml_error());
    }
    return mli_fail(h->failed, "%s", h->sentence);
}

ml_status mli_html_check(const ml_html *h, const char *who)
{
    if (!h)
        return mli_fail(ML_EINVAL, "%s: the page is NULL", who);
    return h->failed ? mli_fail(h->failed, "%s", h->sentence) : ML_OK;
}

ml_status mli_html_status(ml_html *h)
{
    bool lacks = mli_buffer_status(&h->title) || mli_buffer_status(&h->subtitle) || mli_buffer_status(&h->links) || mli_buffer_status(&h->body);
    return lacks ? mli_html_failed(h) : ML_OK;
}

static ml_status check_list(ml_html *h, const char *who, const void *list, int64_t n)
{
    ml_status s = mli_html_check(h, who);
    if (s || (n >= 0 && (list || n == 0)))
        return s;
    (void)mli_fail(ML_EINVAL, "%s: %lld of them%s", who, (long long)n, list ? "" : " at NULL");
    return mli_html_failed(h);
}

/* ---- text ---- */

void mli_html_put(mli_buffer *b, const char *text)
{
    static const char *const special[][2] = {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}};
    mli_buffer clean = {0};
    mli_put_clean(&clean, text ? text : "", "\n\t", INT64_MAX);
    for (size_t i = 0; i < clean.n; i++) {
        const char *as = NULL;
        for (int k = 0; k < 5; k++)
            if (clean.v[i] == special[k][0][0])
                as = special[k][1];
        if (as)
            mli_put(b, as);
        else
            mli_put_bytes(b, clean.v + i, 1);
    }
    b->failed |= clean.failed;
    mli_buffer_free(&clean);
}

/* open, a text, close. */
static void put_element(mli_buffer *b, const char *open, const char *text, const char *close)
{
    mli_put(b, open);
    mli_html_put(b, text);
    mli_put(b, close);
}

void mli_html_caption(ml_html *h, const char *element, const char *what, int *number, const char *caption)
{
    if (!caption)
        return;
    mli_putf(&h->body, "<%s>%s %d. ", element, what, ++*number);
    mli_html_put(&h->body, caption);
    mli_putf(&h->body, "</%s>\n", element);
}

/* ---- the page ---- */

ml_html *ml_html_new(const char *title, const char *subtitle)
{
    ml_html *h = mli_calloc(1, sizeof *h);
    if (!h)
        return NULL;
    mli_html_put(&h->title, title ? title : "Report");
    if (subtitle)
        put_element(&h->subtitle, "<p class=\"subtitle\">", subtitle, "</p>\n");
    if (!mli_html_status(h))
        return h;
    ml_html_free(h);
    return NULL;
}

void ml_html_free(ml_html *h)
{
    if (!h)
        return;
    mli_buffer_free(&h->title);
    mli_buffer_free(&h->subtitle);
    mli_buffer_free(&h->links);
    mli_buffer_free(&h->body);
    mli_free(h);
}

ml_status ml_html_section(ml_html *h, const char *heading)
{
    ml_status s = mli_html_check(h, "section");
    if (s)
        return s;
    h->sections++;
    mli_putf(&h->links, "<a href=\"#s%d\">", h->sections);
    put_element(&h->links, "", heading, "</a>\n");
    mli_putf(&h->body, "<h2 id=\"s%d\">", h->sections);
    put_element(&h->body, "", heading, "</h2>\n");
    return mli_html_status(h);
}

ml_status ml_html_text(ml_html *h, const char *text)
{
    ml_status s = mli_html_check(h, "text");
    if (s || !text)
        return s;
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);
        mli_buffer one = {0};
        mli_put_bytes(&one, text, n);
        if (n)
            put_element(&h->body, "<p>", one.v, "</p>\n");
        h->body.failed |= one.failed;
        mli_buffer_free(&one);
        text += n + strspn(text + n, "\n");
    }
    return mli_html_status(h);
}

ml_status ml_html_code(ml_html *h, const char *text)
{
    ml_status s = mli_html_check(h, "code");
    if (s)
        return s;
    put_element(&h->body, "<pre tabindex=\"0\">", text, "</pre>\n");
    return mli_html_status(h);
}

ml_status ml_html_facts(ml_html *h, const ml_pair *facts, int64_t n)
{
    ml_status s = check_list(h, "facts", facts, n);
    if (s || n == 0)
        return s;
    mli_put(&h->body, "<dl class=\"facts\">\n");
    for (int64_t i = 0; i < n; i++) {
        put_element(&h->body, "<div><dt>", facts[i].name, "</dt>");
        put_element(&h->body, "<dd>", facts[i].value, "</dd></div>\n");
    }
    mli_put(&h->body, "</dl>\n");
    return mli_html_status(h);
}

ml_status ml_html_pairs(ml_html *h, const char *caption, const ml_pair *pairs, int64_t n)
{
    ml_status s = check_list(h, "pairs", pairs, n);
    if (s || n == 0)
        return s;
    mli_put(&h->body, "<div class=\"scroll\"><table class=\"pairs\">\n");
    mli_html_caption(h, "caption", "Table", &h->tables, caption);
    mli_put(&h->body, "<tbody>\n");
    for (int64_t i = 0; i < n; i++) {
        put_element(&h->body, "<tr><th scope=\"row\">", pairs[i].name, "</th>");
        put_element(&h->body, "<td>", pairs[i].value, "</td></tr>\n");
    }
    mli_put(&h->body, "</tbody></table></div>\n");
    return mli_html_status(h);
}

ml_status ml_html_environment(ml_html *h)
{
    struct utsname system;
    struct tm now;
    time_t seconds = time(NULL);
    char os[sizeof system.sysname + sizeof system.release + sizeof system.machine + 8] = "unknown", when[32] = "unknown", threads[16];
    if (uname(&system) >= 0)
        snprintf(os, sizeof os, "%s %s, %s", system.sysname, system.release, system.machine);
    if (gmtime_r(&seconds, &now))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &now);
    snprintf(threads, sizeof threads, "%d", ml_threads());
    const ml_pair pairs[] = {{"library", ml_build_info()}, {"threads", threads}, {"system", os}, {"written", when}};
    return ml_html_pairs(h, "What this ran on", pairs, sizeof pairs / sizeof *pairs);
}

const char *ml_html_missing(const ml_html *h)
{
    return h && h->missing[0] ? h->missing : NULL;
}

/* ---- written ---- */

static void put_part(mli_buffer *out, const mli_buffer *part)
{
    if (part->n)
        mli_put_bytes(out, part->v, part->n);
}

static void put_page(const ml_html *h, mli_buffer *out)
{
    const int many = 3;
    /* The policy lets nothing in and nothing run, should something slip through. */
    mli_put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
                 "img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    put_part(out, &h->title);
    mli_put(out, "</title>\n<style>\n");
    mli_put(out, mli_html_style);
    mli_put(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
    put_part(out, &h->title);
    mli_put(out, "</h1>\n");
    put_part(out, &h->subtitle);
    if (h->sections >= many) {
        mli_put(out, "<nav aria-label=\"Sections\">\n");
        put_part(out, &h->links);
        mli_put(out, "</nav>\n");
    }
    put_part(out, &h->body);
    mli_put(out, "</main>\n</body>\n</html>\n");
}

ml_status ml_html_write(const ml_html *h, const char *path)
{
    mli_writer w;
    mli_buffer page = {0};
    ml_status s = mli_html_check(h, "report");
    if (!s && !path)
        s = mli_fail(ML_EINVAL, "report: path is NULL");
    if (s)
        return s;
    put_page(h, &page);
    s = mli_buffer_status(&page);
    if (!s)
        s = mli_writer_open(&w, path);
    if (!s) {
        (void)mli_writer_put(&w, page.v, page.n); /* commit reports it */
        s = mli_writer_commit(&w);
    }
    mli_buffer_free(&page);
    return s;
}
