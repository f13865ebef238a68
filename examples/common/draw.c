/* draw.c -- the tape as a picture, by Graphviz where that is installed. */
#include "common/cli.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs `dot -Tsvg from -o to`, its warnings unheard. Whether it did. */
static bool run_dot(char *from, char *to)
{
    char *argv[] = {"dot", "-Tsvg", from, "-o", to, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool started = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
                   posix_spawnp(&child, "dot", &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

ml_status cli_draw_tape(const cli *c, const ml_tape *t, FILE *say)
{
    char drawing[CLI_PATH], picture[CLI_PATH], beside[CLI_PATH + 32];
    cli_out_path(c, "tape.dot", drawing);
    cli_out_path(c, "tape.svg", picture);
    ml_status bad = ml_tape_dot(t, drawing);
    if (bad)
        return bad;
    snprintf(beside, sizeof beside, "%s.%ld.part", picture, (long)getpid());
    bool drawn = run_dot(drawing, beside) && rename(beside, picture) == 0;
    if (!drawn) {
        remove(beside);
        remove(picture); /* of an earlier tape */
    }
    if (say)
        fprintf(say, "the tape: %s, %s\n", drawing,
                drawn ? picture : "and no picture: Graphviz, whose program dot draws it, is not installed, or has failed");
    return ML_OK;
}
