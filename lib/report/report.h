/* report.h -- what the files of this room share. Internal. */
#ifndef MLI_REPORT_H
#define MLI_REPORT_H

#include "base/buffer.h"

#include <mlcore/report.h>

struct ml_html {
    mli_buffer title, subtitle, links, body; /* markup already */
    int sections, figures, tables;
    char missing[512];   /* the first sentence on a picture that is not there */
    ml_status failed;    /* the first error, which sticks */
    char sentence[512];
};

/* Notes what ml_error says, unless there is an error, and returns the status. */
ml_status mli_html_failed(ml_html *h);
/* Whether the page takes more: it is there, and has no error yet; else an error that begins with who. */
ml_status mli_html_check(const ml_html *h, const char *who);
/* The same after puts: memory may have lacked. */
ml_status mli_html_status(ml_html *h);

/* A text as text: & < > " ' escaped; NULL is nothing. Lines stay lines. */
void mli_html_put(mli_buffer *b, const char *text);
/* "<figcaption>Figure 3. ...</figcaption>", where there is a caption. */
void mli_html_caption(ml_html *h, const char *element, const char *what, int *number, const char *caption);

extern const char mli_html_style[];

#endif
