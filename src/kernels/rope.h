// Rotary position embeddings (RoFormer, arXiv:2104.09864): the frequencies with their published
// ways of stretching the context, and the angles' cosines and sines.
//
// Everything is formed in float32 in the order of operations of transformers' modeling_rope_utils
// (5.x), since an angle of thousands of radians keeps few digits: one ulp more in a frequency is
// seen in the logits. Powers and logarithms are rounded once, from float64.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace frugal {

enum class RopeScaling {
  kNone,
  kLinear,    // frequencies / factor
  kDynamic,   // theta grows with the sequence (dynamic NTK)
  kNtkAlpha,  // theta · alpha^(d/(d−2)): Hunyuan
  kLlama3,    // low frequencies / factor, a smooth passage, high ones kept: Llama 3.1
  kYarn,      // arXiv:2309.00071; DeepSeek's mscale pair, gpt-oss' truncate = false
  kYarnLog,   // YaRN's ramp between the logarithms; no attention factor: Grok 2
};

// Values are as a config.json has them. The caller has checked that they are finite, and that
// theta, factor, the positions and (where they are used) the frequency factors and betas are > 0.
struct RopeSpec {
  bool interleaved = false;  // pairs (2i, 2i + 1); else (i, i + rotary_dim / 2)
  int rotary_dim = 0;        // even; > 2 with kDynamic and kNtkAlpha
  double theta = 10000.0;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;                     // kLinear, kDynamic, kLlama3, kYarn, kYarnLog
  double alpha = 1.0;                      // kNtkAlpha
  int64_t max_position = 0;                // kDynamic: max_position_embeddings
  int64_t original_max_position = 0;       // kLlama3, kYarn, kYarnLog
  double low_freq_factor = 1.0;            // kLlama3
  double high_freq_factor = 4.0;           // kLlama3
  double beta_fast = 32.0;                 // kYarn, kYarnLog
  double beta_slow = 1.0;                  // kYarn, kYarnLog
  double extrapolation_factor = 1.0;       // kYarn, kYarnLog: of the ramp's kept share
  bool truncate = true;                    // kYarn: round the ramp's ends to whole dimensions
  std::optional<double> attention_factor;  // kYarn: of cos and sin; else it follows from factor
  double mscale = 0.0;                     // kYarn: used when both are non-zero
  double mscale_all_dim = 0.0;
  std::vector<float> freq_factors;  // empty, or (rotary_dim / 2): frequencies are divided by these
                                    // at the end (GGUF's rope_freqs.weight)
};

// inv_freq (rotary_dim / 2): radians per position of each pair. attention_scale: what cos and sin
// are to be multiplied with. seq_len matters to kDynamic alone: the positions that the sequence
// will have reached.
void RopeInvFreq(const RopeSpec& spec, int64_t seq_len, float* inv_freq, float* attention_scale);

// cos (n), sin (n) of position · inv_freq, times scale.
void RopeCosSin(const float* inv_freq, int n, int64_t position, float scale, float* cos,
                float* sin);

}  // namespace frugal
