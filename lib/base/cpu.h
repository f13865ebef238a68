/* cpu.h -- what the kernels are compiled for. Internal.
 *
 * Usually for one CPU, that of the machine that built the library. A package has them several times over, for levels of x86-64
 * (2 has SSE4.2, 3 AVX2 and fused multiply-adds, 4 AVX-512), and picks one before main: see cmake/Variants.cmake.
 */
#ifndef MLI_CPU_H
#define MLI_CPU_H

#include <stddef.h>

#ifdef MLCORE_X86_LEVELS
/* Picks the newest level that this CPU has, or the one that MLCORE_CPU in the environment names: its place in MLCORE_X86_LEVELS. */
int mli_cpu_pick(void);
#endif

/* The width of the kernels' vectors, and what they are compiled for, such as "AVX2", or "x86-64-v3, picked at start from v2 v3 v4". */
int mli_cpu_vector_bits(void);
void mli_cpu_text(char *buf, size_t size);

#endif
