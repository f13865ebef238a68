/* perceptron.c -- Rosenblatt's perceptron: it learns AND, and cannot learn XOR.
 *
 *     z = w1 x1 + w2 x2 + b        says 1 if z > 0, else 0
 *     after a mistake:             w += (want - said) x        b += want - said
 *
 * Source: Rosenblatt 1958; that XOR is out of reach, Minsky and Papert 1969.
 */
#include "week01-backprop-by-hand/week01.h"

enum { PATIENCE = 50 };

typedef struct perceptron {
    int w1, w2, b; /* starts at 0 and moves by 1: whole numbers for ever */
} perceptron;

static int potential(perceptron p, const int x[2])
{
    return p.w1 * x[0] + p.w2 * x[1] + p.b;
}

static int fires(perceptron p, const int x[2])
{
    return potential(p, x) > 0;
}

/* One pass over the table. Returns the number of mistakes; prints each row where a board is given. */
static int epoch(perceptron *p, const int want[4], int number, FILE *board)
{
    int mistakes = 0;
    for (int i = 0; i < 4; i++) {
        const int *x = TABLE[i];
        int z = potential(*p, x), said = fires(*p, x), change = want[i] - said;
        p->w1 += change * x[0];
        p->w2 += change * x[1];
        p->b += change;
        mistakes += change != 0;
        if (board)
            fprintf(board, "%5d   %d  %d   %4d   %3d   %4d   %-9s   %3d %3d %3d\n", number, x[0], x[1], want[i], z, said,
                    change > 0 ? "add x" : change < 0 ? "take x" : "-", p->w1, p->w2, p->b);
    }
    return mistakes;
}

int perceptron_learns_and(const lesson *l)
{
    heading(l, 1, "A perceptron learns AND");
    fprintf(l->board, "z = w1 x1 + w2 x2 + b.  It says 1 if z > 0, else 0.  After a mistake:\n"
                      "w += (want - said) x,  b += want - said.  It starts with zeros.\n\n"
                      "epoch  x1 x2   want     z   said   change       w1  w2   b\n");
    perceptron p = {0, 0, 0};
    for (int n = 1; n <= PATIENCE; n++) {
        if (epoch(&p, AND, n, l->board) == 0) {
            fprintf(l->board,
                    "\nNo mistake in epoch %d: learned. The line %d x1 + %d x2 %+d = 0 has (1,1) on one\n"
                    "side and the rest on the other. Where such a line exists, the rule finds one\n"
                    "(Rosenblatt's convergence theorem).\n",
                    n, p.w1, p.w2, p.b);
            return n;
        }
        fputc('\n', l->board);
    }
    return 0;
}

int perceptron_fails_on_xor(const lesson *l)
{
    heading(l, 2, "The same perceptron fails on XOR");
    perceptron p = {0, 0, 0}, past[PATIENCE + 1] = {p};
    fprintf(l->board, "  after epoch     w1  w2   b    mistakes\n");
    for (int n = 1; n <= PATIENCE; n++) {
        int mistakes = epoch(&p, XOR, n, NULL);
        fprintf(l->board, "  %11d    %3d %3d %3d    %8d\n", n, p.w1, p.w2, p.b, mistakes);
        past[n] = p;
        for (int k = 1; k < n; k++) {
            if (past[k].w1 != p.w1 || past[k].w2 != p.w2 || past[k].b != p.b)
                continue;
            fprintf(l->board,
                    "\nEpoch %d ends with the weights with which epoch %d ended. From equal weights the\n"
                    "same follows: it goes in a circle for ever, %d epoch%s long. One round of it:\n\n"
                    "epoch  x1 x2   want     z   said   change       w1  w2   b\n",
                    n, k, n - k, n - k == 1 ? "" : "s");
            for (int m = k + 1; m <= n; m++)
                epoch(&p, XOR, m, l->board);
            fprintf(l->board, "\nEach correction spoils another row. Why: it would need all four of\n"
                              "    (0,0) -> 0:   b           <= 0        (0,1) -> 1:   w2 + b      > 0\n"
                              "    (1,1) -> 0:   w1 + w2 + b <= 0        (1,0) -> 1:   w1 + b      > 0\n"
                              "The two on the left sum to w1 + w2 + 2b <= 0, the two on the right to\n"
                              "w1 + w2 + 2b > 0. No numbers do both: no line parts XOR.\n");
            return n - k;
        }
    }
    return 0;
}

int hidden_layer_solves_xor(const lesson *l)
{
    /* In halves, written doubled so that they stay whole: x1 + x2 - 1/2 > 0 is 2 x1 + 2 x2 - 1 > 0. */
    const perceptron either = {2, 2, -1}, both = {2, 2, -3}, out = {2, -2, -1};
    int right = 0;
    heading(l, 3, "Three perceptrons solve it: a hidden layer");
    fprintf(l->board, "h1 = 1 if x1 + x2 > 1/2     \"one or both\"\n"
                      "h2 = 1 if x1 + x2 > 3/2     \"both\"\n"
                      "y  = 1 if h1 - h2 > 1/2     \"one, and not both\"\n\n"
                      "  x1 x2     h1 h2     y   want\n");
    for (int i = 0; i < 4; i++) {
        int h[2] = {fires(either, TABLE[i]), fires(both, TABLE[i])}, y = fires(out, h);
        fprintf(l->board, "   %d  %d      %d  %d     %d   %4d\n", TABLE[i][0], TABLE[i][1], h[0], h[1], y, XOR[i]);
        right += y == XOR[i];
    }
    fprintf(l->board, "\nThe hidden layer moves (0,1) and (1,0) to one point, and then a line is enough.\n"
                      "But we chose these weights. The rule of part 1 cannot: it must know what a unit\n"
                      "should have said, and nobody knows that of a hidden unit.\n"
                      "A step has slope 0 almost everywhere, so it gives no hint either. Hence units\n"
                      "with a slope, and the chain rule.\n");
    return right;
}
