/* process.c -- another program: given bytes, its answer read, no shell between.
 *
 * Three pipes, polled together, since a program may write before it has read all: who only wrote to it would wait for it while it waits for
 * him. A program that ends early makes our next write a SIGPIPE, which is held back from this thread and dropped.
 */
#include "plot/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { IN = 0, OUT, ERR, PIPES, BLOCK = 1 << 16 };
enum { NOT_THERE = 127 }; /* the status by which a child tells what posix_spawn itself could not */
static const size_t MOST_OUT = (size_t)1 << 30, MOST_ERR = 1 << 16;

typedef struct child {
    pid_t pid;
    int ours[PIPES];   /* our end of its stdin, stdout and stderr; -1 once closed */
    int theirs[PIPES];
} child;

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_all(int *fd)
{
    for (int i = 0; i < PIPES; i++)
        close_end(fd + i);
}

static bool make_pipes(child *c)
{
    for (int i = 0; i < PIPES; i++)
        c->ours[i] = c->theirs[i] = -1;
    for (int i = 0; i < PIPES; i++) {
        int ends[2];
        if (pipe(ends) != 0)
            return false;
        c->ours[i] = ends[i == IN];
        c->theirs[i] = ends[i != IN];
        /* Ours never block: poll says when, and a write may be larger than what the pipe takes. */
        if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0 || fcntl(ends[1], F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(c->ours[i], F_SETFL, O_NONBLOCK) != 0)
            return false;
    }
    return true;
}

/* In a process group of its own, so that what it starts ends with it; with the signals that this thread had before. 0 or errno. */
static int spawn(child *c, const mli_program *p, const sigset_t *mask)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int bad = posix_spawn_file_actions_init(&files);
    if (bad)
        return bad;
    bad = posix_spawnattr_init(&how);
    if (!bad) {
        for (int i = 0; i < PIPES && !bad; i++)
            bad = posix_spawn_file_actions_adddup2(&files, c->theirs[i], i);
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setsigmask(&how, mask);
        posix_spawnattr_setsigdefault(&how, &usual);
        if (!bad)
            bad = posix_spawnp(&c->pid, p->argv[0], &files, &how, (char *const *)p->argv, environ);
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    return bad;
}

static ml_status not_there(const mli_program *p)
{
    return mli_fail(ML_ESTATE, "%s is not installed (no such program in PATH): %s", p->argv[0], p->get_it);
}

/* One at a time: a pipe is for a moment without its close-on-exec, and an end that another child holds would never report its end. */
static ml_status start(child *c, const mli_program *p, const sigset_t *mask)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one);
    int bad = make_pipes(c) ? 0 : errno;
    if (!bad)
        bad = spawn(c, p, mask);
    close_all(c->theirs);
    pthread_mutex_unlock(&one);
    if (!bad)
        return ML_OK;
    close_all(c->ours);
    if (bad == ENOENT || bad == EACCES)
        return not_there(p);
    return mli_fail(ML_EIO, "%s could not be started: %s", p->argv[0], strerror(bad));
}

/* Writes what the pipe takes; closes it when all is written, or nobody reads. */
static void feed(child *c, const mli_buffer *input, size_t *sent)
{
    size_t left = input ? input->n - *sent : 0;
    ssize_t some = left ? write(c->ours[IN], input->v + *sent, left < BLOCK ? left : BLOCK) : 0;
    if (some > 0)
        *sent += (size_t)some;
    if (left == 0 || (size_t)(some > 0 ? some : 0) == left || (some < 0 && errno != EAGAIN && errno != EINTR))
        close_end(c->ours + IN);
}

/* False where the text has grown beyond `most`. */
static bool drain(int *fd, mli_buffer *text, size_t most)
{
    char block[BLOCK];
    ssize_t some = read(*fd, block, sizeof block);
    if (some > 0)
        mli_put_bytes(text, block, (size_t)some);
    else if (some == 0 || (errno != EAGAIN && errno != EINTR))
        close_end(fd);
    return text->n <= most && !text->failed;
}

/* Until both of its outputs have ended. NULL, or why not. */
static const char *talk(child *c, const mli_buffer *input, mli_buffer *out, mli_buffer *err, double deadline)
{
    size_t sent = 0;
    while (c->ours[OUT] >= 0 || c->ours[ERR] >= 0) {
        struct pollfd ends[PIPES];
        double left = deadline - mli_seconds();
        for (int i = 0; i < PIPES; i++)
            ends[i] = (struct pollfd){.fd = c->ours[i], .events = i == IN ? POLLOUT : POLLIN};
        if (left <= 0)
            return "took too long, and was ended";
        if (poll(ends, PIPES, 1 + (int)(1000 * (left < 1000 ? left : 1000))) < 0 && errno != EINTR)
            return strerror(errno);
        if (ends[IN].revents)
            feed(c, input, &sent);
        if (ends[OUT].revents && !drain(c->ours + OUT, out, MOST_OUT))
            return "wrote more than could be held, and was ended";
        if (ends[ERR].revents && !drain(c->ours + ERR, err, MOST_ERR))
            return "wrote too many messages, and was ended";
    }
    return NULL;
}

/* Its end: false where it does not come in time. A program that ignores SIGCHLD, or waits for all its children elsewhere, leaves
 * us none to wait for: then the status stays 0. */
static bool ended(pid_t pid, double deadline, int *status)
{
    const struct timespec moment = {0, 2000000};
    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            return true;
        if (mli_seconds() > deadline)
            return false;
        nanosleep(&moment, NULL);
    }
}

static void end(pid_t pid)
{
    int status;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
}

/* The last line that is not blank, without the blanks around it. */
static const char *last_line(mli_buffer *text)
{
    while (text->n && strchr(" \n\r\t", text->v[text->n - 1]))
        text->v[--text->n] = 0;
    size_t at = text->n;
    while (at && text->v[at - 1] != '\n')
        at--;
    while (at < text->n && text->v[at] == ' ')
        at++;
    return text->n ? text->v + at : "it does not say why";
}

static ml_status converse(child *c, const mli_program *p, mli_buffer *out, mli_buffer *err)
{
    double deadline = mli_seconds() + p->seconds;
    int status = 0;
    const char *name = p->argv[0], *why = talk(c, p->input, out, err, deadline);
    close_all(c->ours);
    if (!why && !ended(c->pid, deadline, &status))
        why = "took too long, and was ended";
    if (why) {
        end(c->pid);
        return mli_fail(ML_EIO, "%s %s, after %.3g s", name, why, mli_seconds() - (deadline - p->seconds));
    }
    if (WIFSIGNALED(status))
        return mli_fail(ML_EIO, "%s was ended by signal %d: %s", name, WTERMSIG(status), last_line(err));
    if (WEXITSTATUS(status) == NOT_THERE)
        return not_there(p);
    if (WEXITSTATUS(status) != 0)
        return mli_fail(ML_EIO, "%s failed (status %d): %s", name, WEXITSTATUS(status), last_line(err));
    return mli_buffer_status(out);
}

ml_status mli_program_run(const mli_program *p, mli_buffer *out)
{
    sigset_t broken, before, waiting;
    child c;
    mli_buffer err = {0};
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&waiting);
    bool was_waiting = sigismember(&waiting, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    ml_status s = start(&c, p, &before);
    if (!s)
        s = converse(&c, p, out, &err);
    sigpending(&waiting);
    if (!was_waiting && sigismember(&waiting, SIGPIPE) == 1) {
        int which;
        sigwait(&broken, &which);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    mli_buffer_free(&err);
    return s;
}
