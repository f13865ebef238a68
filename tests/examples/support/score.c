/* score.c -- a program of somebody else's: loads a network from its file alone and scores it on a folder's test set.
 *
 *     score model.safetensors folder      prints the accuracy as metrics.json has it */
#include <mlcore/mlcore.h>

int main(int argc, char **argv)
{
    double accuracy;
    ml_net *net = argc == 3 ? ml_net_load(argv[1], NULL) : NULL;
    ml_dataset *test = net ? ml_dataset_read_idx(argv[2], "t10k", 0) : NULL;
    if (!test || ml_evaluate(net, test, ML_ACCURACY, &accuracy))
        return ml_perror("score");
    printf("%.12g\n", accuracy);
    ml_dataset_free(test);
    ml_net_free(net);
    return 0;
}
