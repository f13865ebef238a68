/* warp.h -- pictures seen through an affine map. Internal; the lesson is in warp.c. */
#ifndef MLK_WARP_H
#define MLK_WARP_H

#include <mlcore/real.h>

/* out[y][x][k] = in sampled bilinearly at (m[0]*(x+.5)+m[1]*(y+.5)+m[2]-.5, m[3]*(x+.5)+m[4]*(y+.5)+m[5]-.5); outside is
 * fill. out is out_h x out_w x channels bytes, in h x w x channels, apart from each other. m goes from places in out to
 * places in in. Any numbers are safe: a NaN, or a map that may reach 2^29 pixels or more (|m[0]| out_w + |m[1]| out_h +
 * |m[2]|, and so for the second row), gives fill everywhere. */
void mlk_warp_affine(uint8_t *out, int64_t out_h, int64_t out_w, const uint8_t *in, int64_t h, int64_t w, int64_t channels,
                     const double m[6], uint8_t fill);
/* The same in plain loops: equal to the last bit. */
void mlk_warp_affine_ref(uint8_t *out, int64_t out_h, int64_t out_w, const uint8_t *in, int64_t h, int64_t w,
                         int64_t channels, const double m[6], uint8_t fill);

/* The same from h x w to h x w, and each pixel's place moved by right, down (h, w), in pixels of in. A NaN, or a way of
 * 2^29 pixels or more, gives fill. */
void mlk_warp_field(uint8_t *out, const uint8_t *in, int64_t h, int64_t w, int64_t channels, const double m[6],
                    const ml_real *right, const ml_real *down, uint8_t fill);

#endif
