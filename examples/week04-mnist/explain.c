/* explain.c -- a convolution by hand, forward and backward, with numbers small enough for paper; then the tape does the same.
 *
 *     y[p,q]  = sum_{r,s} x[p stride + r - pad, q stride + s - pad] w[r,s]
 *     dw[r,s] = sum_{p,q} x[p stride + r - pad, q stride + s - pad] dy[p,q]
 *     dx      each product x w in y sends dy w back to its x
 *
 * All three are one thing: nine numbers picked out of a grid, times nine others. Derivation: docs/math/conv2d.md.
 */
#include "week04-mnist/week04.h"

#include <string.h>

/* On both pages nine windows fit, so that w, y, dy and dw are all 3x3. */
typedef struct page {
    const char *title;
    int pad, stride;
} page;
static const page PAGES[] = {{"No padding, stride 1", 0, 1}, {"Padding 1, stride 2", 1, 2}};

enum { N_PAGES = sizeof PAGES / sizeof *PAGES, H = 5, K = 3, MOST = 9, LINE = 128 };

typedef struct image {
    int v[H][H];
} image;
typedef struct nine {
    int v[K][K];
} nine;
static const image X = {{{1, 2, 0, 1, 3}, {0, 1, 2, 2, 0}, {3, 0, 1, 1, 1}, {2, 1, 0, 2, 1}, {0, 2, 1, 0, 1}}};
static const nine W = {{{1, 0, -1}, {2, 1, 0}, {0, -1, 1}}}, DY = {{{1, -1, 0}, {0, 2, 1}, {1, 0, -1}}};
static const nine TURNED = {{{1, -1, 0}, {0, 1, 2}, {-1, 0, 1}}}; /* W by 180 degrees */

/* A square in the terminal: numbers, dots for zeros that were put in, brackets around what is looked at. */
typedef struct grid {
    int n;
    int v[MOST][MOST];
    bool real[MOST][MOST], marked[MOST][MOST];
} grid;

typedef struct results {
    nine y, dw;
    image dx;
} results;

/* ---- by hand ---- */

static grid padded(image x, int pad)
{
    grid g = {.n = H + 2 * pad};
    for (int i = 0; i < H; i++)
        for (int j = 0; j < H; j++) {
            g.v[i + pad][j + pad] = x.v[i][j];
            g.real[i + pad][j + pad] = true;
        }
    return g;
}

/* dy with two zeros around it, and stride - 1 between. */
static grid spread_dy(const page *p)
{
    grid g = {.n = H + 2 * p->pad + K - 1};
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) {
            g.v[i * p->stride + K - 1][j * p->stride + K - 1] = DY.v[i][j];
            g.real[i * p->stride + K - 1][j * p->stride + K - 1] = true;
        }
    return g;
}

/* Nine numbers of the grid, from (top, left) on and `step` apart. */
static nine pick(const grid *g, int top, int left, int step)
{
    nine out;
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            out.v[i][j] = g->v[top + i * step][left + j * step];
    return out;
}

static int sum_of_products(nine a, nine b)
{
    int sum = 0;
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            sum += a.v[i][j] * b.v[i][j];
    return sum;
}

/* Adds dy[p,q] w to dx under the window of y[p,q]; what falls on padding is nobody's. */
static void send_back(const page *p, int row, int column, image *dx)
{
    for (int r = 0; r < K; r++)
        for (int s = 0; s < K; s++) {
            int h = row * p->stride + r - p->pad, w = column * p->stride + s - p->pad;
            if (h >= 0 && h < H && w >= 0 && w < H)
                dx->v[h][w] += DY.v[row][column] * W.v[r][s];
        }
}

/* dx comes twice, once from either end: false where the two differ. */
static bool by_hand(const page *p, results *out)
{
    grid x = padded(X, p->pad), dy = spread_dy(p);
    *out = (results){.dx = {{{0}}}};
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) {
            out->y.v[i][j] = sum_of_products(pick(&x, i * p->stride, j * p->stride, 1), W);
            out->dw.v[i][j] = sum_of_products(pick(&x, i, j, p->stride), DY);
            send_back(p, i, j, &out->dx);
        }
    for (int h = 0; h < H; h++)
        for (int w = 0; w < H; w++)
            if (sum_of_products(pick(&dy, h + p->pad, w + p->pad, 1), TURNED) != out->dx.v[h][w])
                return false;
    return true;
}

/* ---- pictures ---- */

static void heading(FILE *board, int number, const char *text)
{
    fprintf(board, "\n%d. %s\n", number, text);
    for (size_t i = 0; i < strlen(text) + 3; i++)
        fputc('-', board);
    fputc('\n', board);
}

static grid marked(grid g, int top, int left, int step)
{
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            g.marked[top + i * step][left + j * step] = true;
    return g;
}

/* Adds row i to a line, 3 n + 1 characters; blanks below the last one. */
static void add_row(char line[LINE], const grid *g, int i)
{
    bool before = false;
    for (int j = 0; j <= g->n; j++) {
        bool now = i < g->n && j < g->n && g->marked[i][j];
        size_t n = strlen(line);
        n += (size_t)snprintf(line + n, LINE - n, "%c", now && !before ? '[' : before && !now ? ']' : ' ');
        if (j < g->n && i < g->n && g->real[i][j])
            snprintf(line + n, LINE - n, "%2d", g->v[i][j]);
        else if (j < g->n)
            snprintf(line + n, LINE - n, i < g->n ? " ." : "  ");
        before = now;
    }
}

/* Grids side by side and a text after them, without blanks at the end. */
static void print_row(FILE *board, const grid *const *grids, int n, int i, const char *text)
{
    char line[LINE] = "";
    for (int k = 0; k < n; k++) {
        add_row(line, grids[k], i);
        strcat(line, " ");
    }
    strcat(line, text);
    size_t used = strlen(line);
    while (used && line[used - 1] == ' ')
        used--;
    fprintf(board, "%.*s\n", (int)used, line);
}

/* Two looks at a grid; of the second the products, and beneath them nine numbers under a label. */
typedef struct look {
    const char *first, *second;
    int top, left, next_left, step;
    const nine *by;
    const char *label;
    const nine *shown;
} look;

static void work_out(const grid *g, const look *l, char lines[MOST][LINE])
{
    nine seen = pick(g, l->top, l->next_left, l->step);
    for (int i = 0; i < K; i++) {
        const int *a = seen.v[i], *b = l->by->v[i], *c = l->shown->v[i];
        snprintf(lines[i], LINE, "%s%d*%d + %d*%d + %d*%d", i ? "+ " : "  ", a[0], b[0], a[1], b[1], a[2], b[2]);
        snprintf(lines[K + 1 + i], LINE, "%8s %3d%3d%3d", i ? "" : l->label, c[0], c[1], c[2]);
    }
    snprintf(lines[K], LINE, "= %d = %s", sum_of_products(seen, *l->by), l->second);
}

static void draw_look(FILE *board, const grid *g, const look *l)
{
    char lines[MOST][LINE] = {""};
    grid a = marked(*g, l->top, l->left, l->step), b = marked(*g, l->top, l->next_left, l->step);
    work_out(g, l, lines);
    fprintf(board, "  %-*s%s\n", 3 * g->n + 2, l->first, l->second);
    for (int i = 0; i < g->n || i <= 2 * K; i++)
        print_row(board, (const grid *[]){&a, &b}, 2, i, lines[i]);
}

static void draw_forward(FILE *board, const page *p, const results *out)
{
    grid x = padded(X, p->pad);
    look l = {"y[0,0]", "y[0,1]", 0, 0, p->stride, 1, &W, "y:", &out->y};
    fprintf(board, "\nForward: y is the sum of x w in its window. The next window is %s.\n",
            p->stride == 1 ? "one pixel on" : "two pixels on");
    draw_look(board, &x, &l);
}

static void draw_dw(FILE *board, const page *p, const results *out)
{
    grid x = padded(X, p->pad);
    look l = {"dw[0,0]", "dw[0,1]", 0, 0, 1, p->stride, &DY, "dw:", &out->dw};
    fprintf(board, "\ndw: a weight met these nine x, one in each window. Each times dy there, summed.\n");
    draw_look(board, &x, &l);
}

static void draw_sending_back(FILE *board, const page *p, const results *out)
{
    image dx = {{{0}}};
    grid steps[3];
    for (int i = 0; i < 2; i++) {
        send_back(p, 0, i, &dx);
        steps[i] = marked(padded(dx, p->pad), 0, i * p->stride, 1);
    }
    steps[2] = padded(out->dx, p->pad);
    fprintf(board, "\ndx: each y sends dy w back to its window%s.\n",
            p->pad ? "; what falls on padding is dropped" : "; where windows overlap it adds up");
    for (int i = 0; i < 2; i++)
        fprintf(board, "  y[0,%d]: %2d w%*s", i, DY.v[0][i], 3 * steps[0].n - 12, "");
    fputs("  all nine: dx\n", board);
    for (int i = 0; i < steps[0].n; i++)
        print_row(board, (const grid *[]){&steps[0], &steps[1], &steps[2]}, 3, i, "");
}

static void draw_turned(FILE *board, const page *p)
{
    grid dy = spread_dy(p);
    look l = {"dx[2,0]", "dx[2,1]", 2 + p->pad, p->pad, p->pad + 1, 1, &TURNED, "turned:", &TURNED};
    fprintf(board, "\nThe same dx, asked from x: convolve dy, zeros around%s, with w turned.\n",
            p->stride > 1 ? " and between" : "");
    draw_look(board, &dy, &l);
}

static grid small(nine numbers)
{
    grid g = {.n = K};
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) {
            g.v[i][j] = numbers.v[i][j];
            g.real[i][j] = true;
        }
    return g;
}

static void draw_numbers(FILE *board)
{
    grid x = padded(X, 0), w = small(W), dy = small(DY), gap = {.n = 0};
    fprintf(board, "\nA convolution by hand: 5x5 pixels, a window of 3x3 weights, one channel.\n"
                   "dy is dL/dy, what has arrived from the layers behind.\n\n"
                   "  x                  w            dy\n");
    for (int i = 0; i < H; i++)
        print_row(board, (const grid *[]){&x, &gap, &w, &gap, &dy}, 5, i, "");
}

/* ---- by the tape ---- */

/* L = the sum of dy y, so that dL/dy = dy. *y, where not NULL, gets the convolution. */
static ml_tensor *loss_of(ml_tape *t, const page *p, ml_tensor *x, ml_tensor *w, ml_tensor **y)
{
    ml_real numbers[K * K];
    for (int i = 0; i < K * K; i++)
        numbers[i] = (ml_real)DY.v[i / K][i % K];
    ml_tensor *out = ml_conv2d(t, x, w, NULL, (ml_conv2d_opts){.stride = p->stride, .pad = p->pad});
    if (y)
        *y = out;
    return ml_sum(t, ml_mul(t, out, ml_constant(t, 4, (int64_t[]){1, K, K, 1}, numbers)), ML_ALL, false);
}

static ml_tensor *checked_loss(ml_tape *t, ml_tensor *const *inputs, int n, void *user)
{
    (void)n;
    return loss_of(t, user, inputs[0], inputs[1], NULL);
}

/* A square picture of one channel (or one filter: its four extents are the same), under ml_requires_grad. */
static ml_tensor *leaf(int64_t rows, const int *v)
{
    ml_tensor *x = ml_tensor_new(4, (int64_t[]){1, rows, rows, 1});
    for (int64_t i = 0; x && i < x->size; i++)
        x->data[i] = (ml_real)v[i];
    if (x && ml_requires_grad(x) == ML_OK)
        return x;
    ml_tensor_free(x);
    return NULL;
}

/* Numbers as small and whole as these have no rounding: equal is equal. */
static bool same(const ml_real *tape, const int *hand, int n)
{
    for (int i = 0; i < n; i++)
        if (!tape || (double)tape[i] != hand[i])
            return false;
    return true;
}

/* The tape's y, dw and dx beside those by hand, and both beside differences. False after saying what differs. */
static bool tape_agrees(const settings *s, FILE *board, const page *p, const results *hand)
{
    ml_kernel kernel = (ml_kernel)s->c.kernel;
    ml_tape *t = ml_tape_open((ml_tape_opts){.kernel = kernel});
    ml_tensor *leaves[2] = {leaf(H, X.v[0]), leaf(K, W.v[0])}, *y = NULL;
    ml_gradcheck_result check = {0};
    bool made = t && leaves[0] && leaves[1] && ml_backward(t, loss_of(t, p, leaves[0], leaves[1], &y)) == ML_OK;
    bool same_y = made && same(y->data, hand->y.v[0], K * K);
    bool same_dw = made && same(leaves[1]->grad, hand->dw.v[0], K * K);
    bool same_dx = made && same(leaves[0]->grad, hand->dx.v[0], H * H);
    ml_gradcheck_opts opts = {.kernel = kernel};
    bool checked = made && ml_gradcheck(checked_loss, leaves, 2, (void *)p, opts, &check) == ML_OK;
    if (made)
        fprintf(board, "  %-22s %-8s %-8s %-8s %lld numbers, worst %.1e\n", p->title, same_y ? "equal" : "differs",
                same_dw ? "equal" : "differs", same_dx ? "equal" : "differs", (long long)check.checked, check.worst);
    if (!made || !checked)
        cli_fail_ml(&s->c);
    else if (!same_y || !same_dw || !same_dx)
        cli_fail(&s->c, "%s: %s of the tape is not the one by hand", p->title, !same_y ? "y" : !same_dw ? "dw" : "dx");
    ml_tape_free(t);
    ml_tensor_free(leaves[0]);
    ml_tensor_free(leaves[1]);
    return checked && same_y && same_dw && same_dx;
}

/* ---- the lesson ---- */

static bool teach(const settings *s, FILE *board)
{
    results hand[N_PAGES];
    draw_numbers(board);
    for (int i = 0; i < N_PAGES; i++) {
        const page *p = &PAGES[i];
        if (!by_hand(p, &hand[i])) {
            cli_fail(&s->c, "%s: dx sent back is not dx asked for", p->title);
            return false;
        }
        heading(board, i + 1, p->title);
        draw_forward(board, p, &hand[i]);
        draw_dw(board, p, &hand[i]);
        draw_sending_back(board, p, &hand[i]);
        draw_turned(board, p);
    }
    heading(board, N_PAGES + 1, "The tape does the same");
    fprintf(board, "\nml_conv2d forward, ml_backward back, and ml_gradcheck by differences alone:\n\n"
                   "  %-22s %-8s %-8s %-8s %s\n", "", "y", "dw", "dx", "differences");
    for (int i = 0; i < N_PAGES; i++)
        if (!tape_agrees(s, board, &PAGES[i], &hand[i]))
            return false;
    return true;
}

int explain_conv(const settings *s)
{
    FILE *board = s->c.quiet ? fopen("/dev/null", "w") : stdout;
    if (!board)
        return cli_fail(&s->c, "/dev/null cannot be opened");
    bool agree = teach(s, board);
    if (board != stdout)
        fclose(board);
    if (!agree)
        return 1;
    printf("%shand, tape and differences agree, on %d convolutions\n", s->c.quiet ? "" : "\n", N_PAGES);
    return cli_close_stdout(&s->c);
}
