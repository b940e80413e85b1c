#include "kernels/rope.h"

#include <algorithm>
#include <cmath>

namespace frugal {
namespace {

constexpr double kPi = 3.14159265358979323846;

// float32 functions, rounded once.
float Pow(float base, float exponent) {
  return static_cast<float>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
}
float Log(float x) { return static_cast<float>(std::log(static_cast<double>(x))); }
float Exp(float x) { return static_cast<float>(std::exp(static_cast<double>(x))); }

// theta^(2i/d)
float Period(float theta, int i, int dim) {
  return Pow(theta, static_cast<float>(2 * i) / static_cast<float>(dim));
}

void PlainFrequencies(float theta, int dim, float* inv_freq) {
  for (int i = 0; i < dim / 2; ++i) inv_freq[i] = 1.0f / Period(theta, i, dim);
}

// The reference grows theta from a float32 tensor, so each step is rounded.
float DynamicTheta(const RopeSpec& spec, int64_t seq_len) {
  if (seq_len <= spec.max_position) return static_cast<float>(spec.theta);
  const double d = spec.rotary_dim;
  const float length = static_cast<float>(spec.factor) * static_cast<float>(seq_len);
  const float growth =
      length / static_cast<float>(spec.max_position) - static_cast<float>(spec.factor - 1.0);
  return static_cast<float>(std::pow(static_cast<double>(growth), d / (d - 2.0))) *
         static_cast<float>(spec.theta);
}

void Llama3(const RopeSpec& spec, float* inv_freq) {
  const double context = static_cast<double>(spec.original_max_position);
  const float low_wavelength = static_cast<float>(context / spec.low_freq_factor);
  const float high_wavelength = static_cast<float>(context / spec.high_freq_factor);
  const float factor = static_cast<float>(spec.factor);
  for (int i = 0; i < spec.rotary_dim / 2; ++i) {
    const float f = inv_freq[i];
    const float wavelength = (1.0f / f) * static_cast<float>(2.0 * kPi);
    if (wavelength > low_wavelength) {
      inv_freq[i] = f / factor;
    } else if (!(wavelength < high_wavelength)) {
      const float smooth = ((1.0f / wavelength) * static_cast<float>(context) -
                            static_cast<float>(spec.low_freq_factor)) /
                           static_cast<float>(spec.high_freq_factor - spec.low_freq_factor);
      inv_freq[i] = (1.0f - smooth) * f / factor + smooth * f;
    }
  }
}

// The dimension whose frequency turns `rotations` times in the original context.
double CorrectionDim(const RopeSpec& spec, double rotations) {
  const double context = static_cast<double>(spec.original_max_position);
  return spec.rotary_dim * std::log(context / (rotations * 2.0 * kPi)) /
         (2.0 * std::log(spec.theta));
}

void Yarn(const RopeSpec& spec, float* inv_freq) {
  const bool logarithmic = spec.scaling == RopeScaling::kYarnLog;
  double low = CorrectionDim(spec, spec.beta_fast);
  double high = CorrectionDim(spec, spec.beta_slow);
  if (spec.truncate || logarithmic) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, spec.rotary_dim - 1.0);
  if (low == high) high += 0.001;
  for (int i = 0; i < spec.rotary_dim / 2; ++i) {
    const float period = Period(static_cast<float>(spec.theta), i, spec.rotary_dim);
    const float kept = 1.0f / period;
    const float stretched = 1.0f / (static_cast<float>(spec.factor) * period);
    const float ramp = std::clamp(
        (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low), 0.0f,
        1.0f);
    const float share = (1.0f - ramp) * static_cast<float>(spec.extrapolation_factor);
    if (logarithmic) {
      inv_freq[i] = Exp(Log(kept) * share + Log(stretched) * (1.0f - share));
    } else {
      inv_freq[i] = stretched * (1.0f - share) + kept * share;
    }
  }
}

double YarnAttentionFactor(const RopeSpec& spec) {
  if (spec.attention_factor.has_value()) return *spec.attention_factor;
  const auto mscale = [&](double weight) {
    return spec.factor <= 1.0 ? 1.0 : 0.1 * weight * std::log(spec.factor) + 1.0;
  };
  if (spec.mscale != 0.0 && spec.mscale_all_dim != 0.0) {
    return mscale(spec.mscale) / mscale(spec.mscale_all_dim);
  }
  return mscale(1.0);
}

}  // namespace

void RopeInvFreq(const RopeSpec& spec, int64_t seq_len, float* inv_freq, float* attention_scale) {
  const int dim = spec.rotary_dim;
  *attention_scale = 1.0f;
  switch (spec.scaling) {
    case RopeScaling::kNone:
      PlainFrequencies(static_cast<float>(spec.theta), dim, inv_freq);
      break;
    case RopeScaling::kLinear:
      PlainFrequencies(static_cast<float>(spec.theta), dim, inv_freq);
      for (int i = 0; i < dim / 2; ++i) inv_freq[i] /= static_cast<float>(spec.factor);
      break;
    case RopeScaling::kDynamic:
      PlainFrequencies(DynamicTheta(spec, seq_len), dim, inv_freq);
      break;
    case RopeScaling::kNtkAlpha:
      PlainFrequencies(static_cast<float>(spec.theta * std::pow(spec.alpha, dim / (dim - 2.0))),
                       dim, inv_freq);
      break;
    case RopeScaling::kLlama3:
      PlainFrequencies(static_cast<float>(spec.theta), dim, inv_freq);
      Llama3(spec, inv_freq);
      break;
    case RopeScaling::kYarn:
      Yarn(spec, inv_freq);
      *attention_scale = static_cast<float>(YarnAttentionFactor(spec));
      break;
    case RopeScaling::kYarnLog:
      Yarn(spec, inv_freq);
      break;
  }
  for (size_t i = 0; i < spec.freq_factors.size(); ++i) inv_freq[i] /= spec.freq_factors[i];
}

void RopeCosSin(const float* inv_freq, int n, int64_t position, float scale, float* cos,
                float* sin) {
  for (int i = 0; i < n; ++i) {
    const float angle = static_cast<float>(position) * inv_freq[i];
    cos[i] = static_cast<float>(std::cos(static_cast<double>(angle))) * scale;
    sin[i] = static_cast<float>(std::sin(static_cast<double>(angle))) * scale;
  }
}

}  // namespace frugal
