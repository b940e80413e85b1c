// The search behind the K formats' encoders. A group's scale (and minimum) is the weighted
// least-squares one for the codes that some grid gives; a few grids around the range are tried and
// the best kept. Large values weigh more: a value's weight is its size plus the group's root mean
// square. Non-finite values give unspecified codes.
#pragma once

#include "kernels/codec/half.h"
#include "kernels/codec/quantize.h"

namespace frugal::FRUGAL_ISA_NS {

// Nearest integer in [low, high]; NaN gives low.
inline int NearestCode(float x, int low, int high) {
  if (!(x > static_cast<float>(low))) return low;
  if (x >= static_cast<float>(high)) return high;
  return static_cast<int>(x + (x < 0.0f ? -0.5f : 0.5f));
}

// weights[n]
inline void ImportanceWeights(const float* x, int n, float* weights) {
  float squares = 0.0f;
  for (int i = 0; i < n; ++i) squares += x[i] * x[i];
  const float rms = __builtin_sqrtf(squares / static_cast<float>(n));
  for (int i = 0; i < n; ++i) weights[i] = rms + __builtin_fabsf(x[i]);
}

// value ≈ scale·code − min, both at least 0, codes 0 to `max`.
struct ScaleAndMin {
  float scale;
  float min;
};

inline ScaleAndMin FitScaleAndMin(const float* x, int max) {
  constexpr int kN = 32;
  float weights[kN];
  ImportanceWeights(x, kN, weights);
  const Range range = FindRange(x, kN);
  const float low = range.min < 0.0f ? range.min : 0.0f;
  const float width = range.max - low;
  if (!(width > 0.0f)) return {0.0f, -low};
  ScaleAndMin best = {width / static_cast<float>(max), -low};
  float best_error = __builtin_inff();
  for (int step = -10; step <= 10; ++step) {
    const float inverse = (static_cast<float>(max) + 0.1f * static_cast<float>(step)) / width;
    float codes[kN];
    float w = 0.0f, wx = 0.0f, wq = 0.0f, wqq = 0.0f, wxq = 0.0f;
    for (int i = 0; i < kN; ++i) {
      const float q = static_cast<float>(NearestCode((x[i] - low) * inverse, 0, max));
      codes[i] = q;
      w += weights[i];
      wx += weights[i] * x[i];
      wq += weights[i] * q;
      wqq += weights[i] * q * q;
      wxq += weights[i] * x[i] * q;
    }
    const float determinant = w * wqq - wq * wq;
    if (!(determinant > 0.0f)) continue;
    float scale = (w * wxq - wx * wq) / determinant;
    float min = (wq * wxq - wqq * wx) / determinant;
    if (min < 0.0f) {
      min = 0.0f;
      scale = wxq / wqq;
    }
    float error = 0.0f;
    for (int i = 0; i < kN; ++i) {
      const float rest = scale * codes[i] - min - x[i];
      error += weights[i] * rest * rest;
    }
    if (scale > 0.0f && error < best_error) {
      best_error = error;
      best = {scale, min};
    }
  }
  return best;
}

// value ≈ scale·code, codes −limit to limit − 1, scale of either sign.
inline float FitSignedScale(const float* x, int n, int limit) {
  float weights[32];
  ImportanceWeights(x, n, weights);
  const float largest = LargestByMagnitude(x, n);
  if (largest == 0.0f) return 0.0f;
  float best = -largest / static_cast<float>(limit);
  float best_gain = 0.0f;
  for (int step = -9; step <= 9; ++step) {
    const float inverse = -(static_cast<float>(limit) + 0.1f * static_cast<float>(step)) / largest;
    float wqq = 0.0f, wxq = 0.0f;
    for (int i = 0; i < n; ++i) {
      const float q = static_cast<float>(NearestCode(x[i] * inverse, -limit, limit - 1));
      wqq += weights[i] * q * q;
      wxq += weights[i] * x[i] * q;
    }
    const float gain = wxq * wxq / wqq;  // of the error Σw·x², what the scale takes away
    if (gain > best_gain) {
      best_gain = gain;
      best = wxq / wqq;
    }
  }
  return best;
}

// The half that is stored, never infinite.
inline float RoundToHalf(float x, uint8_t* stored) {
  x = x < 65504.0f ? x : 65504.0f;
  x = x > -65504.0f ? x : -65504.0f;
  StoreHalf(x, stored);
  return LoadHalf(stored);
}

// The first 16 bytes of Q4_K and Q5_K (d, dmin and k_scales.h's 12) and the codes[256].
inline void EncodeWithKScales(const float* x, int max, uint8_t* header, uint8_t* codes) {
  ScaleAndMin fits[8];
  ScaleAndMin largest = {0.0f, 0.0f};
  for (int g = 0; g < 8; ++g) {
    fits[g] = FitScaleAndMin(x + 32 * g, max);
    if (fits[g].scale > largest.scale) largest.scale = fits[g].scale;
    if (fits[g].min > largest.min) largest.min = fits[g].min;
  }
  const float d = RoundToHalf(largest.scale / 63.0f, header);
  const float dmin = RoundToHalf(largest.min / 63.0f, header + 2);
  uint8_t s[8];
  uint8_t m[8];
  for (int g = 0; g < 8; ++g) {
    s[g] = static_cast<uint8_t>(NearestCode(fits[g].scale * Reciprocal(d), 0, 63));
    m[g] = static_cast<uint8_t>(NearestCode(fits[g].min * Reciprocal(dmin), 0, 63));
    const float inverse = Reciprocal(d * static_cast<float>(s[g]));
    const float min = dmin * static_cast<float>(m[g]);
    for (int i = 32 * g; i < 32 * g + 32; ++i) {
      codes[i] = static_cast<uint8_t>(NearestCode((x[i] + min) * inverse, 0, max));
    }
  }
  for (int j = 0; j < 4; ++j) {
    header[4 + j] = static_cast<uint8_t>(s[j] | s[4 + j] >> 4 << 6);
    header[8 + j] = static_cast<uint8_t>(m[j] | m[4 + j] >> 4 << 6);
    header[12 + j] = static_cast<uint8_t>((s[4 + j] & 15) | (m[4 + j] & 15) << 4);
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
