/* draw.c -- the tape as a picture, by Graphviz where that is installed. */
#include "common/cli.h"

ml_status cli_draw_tape(const cli *c, const ml_tape *t, FILE *say)
{
    char drawing[CLI_PATH], picture[CLI_PATH];
    cli_out_path(c, "tape.dot", drawing);
    cli_out_path(c, "tape.svg", picture);
    ml_status bad = ml_tape_dot(t, drawing);
    if (bad)
        return bad;
    bool drawn = !ml_graphviz_save(drawing, picture);
    if (!drawn)
        remove(picture); /* of an earlier tape */
    if (say)
        fprintf(say, "the tape: %s, %s\n", drawing,
                drawn ? picture : "and no picture: Graphviz, whose program dot draws it, is not installed, or has failed");
    return ML_OK;
}
