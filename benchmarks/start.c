/* start.c -- a net, a batch, one training step, and out: what a process costs before it has learned anything.
 * benchmarks/start.py times it from outside. */
#include <mlcore/mlcore.h>

int main(void)
{
    static int32_t label[64];
    ml_rng rng = ml_rng_seed(1);
    ml_net *net = ml_net_new(&rng, ML_INPUT(784), ML_DENSE(128), ML_RELU(), ML_DENSE(10));
    ml_optim *opt = net ? ml_adam(net->params, (ml_adam_opts){0}) : NULL;
    ml_tape *t = ml_tape_new();
    ml_tensor *x = ml_zeros(64, 784);
    if (!opt || !t || !x || ml_init_uniform(x, &rng, 0, 1))
        return ml_perror("start");
    for (int i = 0; i < 64; i++)
        label[i] = i % 10;
    ml_tensor *loss = ml_softmax_xent(t, ml_net_forward(net, t, x), (ml_ints){label, 64});
    if (ml_backward(t, loss) || ml_step(opt))
        return ml_perror("start");
    printf("%.4f\n", (double)loss->data[0]);
    ml_tensor_free(x), ml_tape_free(t), ml_optim_free(opt), ml_net_free(net);
    return 0;
}
