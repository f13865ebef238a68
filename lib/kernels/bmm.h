/* bmm.h -- matrix products by the batch. See bmm.c. Internal. */
#ifndef MLK_BMM_H
#define MLK_BMM_H

#include "kernels/gemm.h"

typedef struct mlk_bmm_args {
    mlk_gemm_args first;    /* the first product, without bias */
    int64_t count;          /* how many there are */
    int64_t a_next, b_next; /* numbers from one matrix to the next; 0: one for all products */
    int64_t c_next;         /* 0: C is the sum of all products */
} mlk_bmm_args;

/* Bytes of workspace that mlk_bmm wants. */
size_t mlk_bmm_workspace(ml_kernel body, const mlk_bmm_args *b);
/* work: that many bytes on a 64-byte boundary. Same bits for any number of threads. */
void mlk_bmm(ml_kernel body, const mlk_bmm_args *b, void *work);

/* The definition: one product after another, each in plain loops. */
void mlk_bmm_ref(const mlk_bmm_args *b);

#endif
