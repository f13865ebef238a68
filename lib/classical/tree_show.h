/* tree_show.h -- what the printed and the drawn tree have in common. Internal. */
#ifndef MLI_TREE_SHOW_H
#define MLI_TREE_SHOW_H

#include "classical/tree.h"

enum { MLI_NUMBER_SIZE = 32 };
/* At most `digits` digits, and a point whatever the locale; into buf, which it returns. */
char *mli_tree_number(double x, int digits, char buf[MLI_NUMBER_SIZE]);

/* The one tree of a model; NULL with an error set, which begins with `who`, where it has none or several. */
const mli_tree *mli_tree_only(const ml_model *m, const char *who);

/* The class of largest weight in a node, the first of equals. */
int32_t mli_tree_class(const mli_tree *t, int32_t node);

#endif
