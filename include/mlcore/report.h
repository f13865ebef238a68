/* report.h -- one self-contained HTML page: sections, numbers, tables, pictures.
 *
 *     ml_html *h = ml_html_new("Titanic", "who survived, and why");
 *     ml_html_section(h, "Data");
 *     ml_html_table(h, "The first rows", frame, 10);
 *     ml_html_plot(h, p, "Age by survival", "Two histograms; the young survived more often");
 *     if (ml_html_write(h, "report.html")) ...
 *     ml_html_free(h);
 *
 * The page needs nothing beside it: no script, no font, no file from elsewhere. It is light or dark as its reader's system is, and fits a
 * phone. All texts are UTF-8 and are shown as they are: whatever they hold, none becomes markup. What is no UTF-8 becomes U+FFFD.
 *
 * The first error sticks (ml_html_write reports it), so that one check is enough. NULL for a caption or a text is none.
 */
#ifndef MLCORE_REPORT_H
#define MLCORE_REPORT_H

#include <mlcore/frame.h>
#include <mlcore/plot.h>

ML_BEGIN

typedef struct ml_html ml_html;

/* subtitle: one line under the title, or NULL. */
ML_API ml_html *ml_html_new(const char *title, const char *subtitle);
ML_API void ml_html_free(ml_html *h);

/* A heading; pages of three and more have links to them on top. */
ML_API ml_status ml_html_section(ml_html *h, const char *heading);
/* A paragraph; a blank line begins another. */
ML_API ml_status ml_html_text(ml_html *h, const char *text);
/* Text in letters of equal width, as it is, lines and all. */
ML_API ml_status ml_html_code(ml_html *h, const char *text);

typedef struct ml_pair {
    const char *name, *value;
} ml_pair;
/* The few numbers that matter, large. */
ML_API ml_status ml_html_facts(ml_html *h, const ml_pair *facts, int64_t n);
/* Settings and the like: a table of two columns. */
ML_API ml_status ml_html_pairs(ml_html *h, const char *caption, const ml_pair *pairs, int64_t n);
/* What this ran on: the library, its build, threads, the system, the time. */
ML_API ml_status ml_html_environment(ml_html *h);

/* A frame's first rows, at most so many (0: 50), and how many more there are. Numbers have six digits; what is missing is a dash. */
ML_API ml_status ml_html_table(ml_html *h, const char *caption, const ml_frame *f, int64_t most);

/* A plot, drawn at once. alt says in words what is to be seen, for who cannot see it (NULL: the caption). Where it cannot be drawn, the
 * sentence that says why stands in its place. Without gnuplot that is all, and ML_OK: see ml_html_missing. */
ML_API ml_status ml_html_plot(ml_html *h, const ml_plot *p, const char *caption, const char *alt);
/* The same of a file in Graphviz's language. */
ML_API ml_status ml_html_graph(ml_html *h, const char *dot_path, const char *caption, const char *alt);
/* Pictures side by side, as PNG inside of the page, small ones enlarged; captions (NULL: none) below each. At most 1000. */
ML_API ml_status ml_html_pictures(ml_html *h, const char *caption, const ml_image *const *pictures,
                                  const char *const *captions, int64_t n);

/* Why the first picture that is not there is missing: a sentence, or NULL where all are there. */
ML_API const char *ml_html_missing(const ml_html *h);

/* Written beside and renamed. The page may grow after it, and be written again. */
ML_API ml_status ml_html_write(const ml_html *h, const char *path);

ML_END
#endif
