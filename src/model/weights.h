// A model's weights, packed for the kernels.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "base/status.h"
#include "base/tensor.h"
#include "base/thread_team.h"
#include "formats/checkpoint.h"
#include "kernels/kernels.h"
#include "model/spec.h"

namespace frugal {

// y = x·wᵀ + bias. w is (out, in); bias (out) or null.
struct Linear {
  PackedMatrix w;
  const float* bias = nullptr;
  // Column c of w multiplies x[order[c]] (GPTQ's activation order); null: x[c]. Equal orders are
  // one pointer.
  const int32_t* order = nullptr;

  bool exists() const { return w.data != nullptr; }
};

struct GqaWeights {
  Linear q;                       // (h·D, d)
  Linear k;                       // (g·D, d); none where another layer's are used
  Linear v;                       // (g·D, d)
  Linear o;                       // (d, h·D)
  Linear gate;                    // (h·D, d) or none
  const float* q_norm = nullptr;  // (D), or (h·D) when over the whole projection, or null
  const float* k_norm = nullptr;
  const float* sinks = nullptr;  // (h) or null
};

// r is kv_lora_rank.
struct MlaWeights {
  Linear q;                          // (h·(nope + rope), d) or from q_lora_rank
  Linear q_a;                        // (q_lora_rank, d) or none
  const float* q_a_norm = nullptr;   // (q_lora_rank)
  Linear kv_a;                       // (r + rope, d)
  const float* kv_a_norm = nullptr;  // (r)
  std::vector<PackedMatrix> k_b;     // per head (nope, r), or (r, nope) when k_b_transposed
  std::vector<PackedMatrix> v_b;     // per head (v_head_dim, r)
  bool k_b_transposed = false;
  Linear o;  // (d, h·v_head_dim)
};

// Letters of GatedDeltaSpec: K all key heads, V all value heads.
struct GatedDeltaWeights {
  Linear q, k;                   // (K, d)
  Linear v, z;                   // (V, d)
  Linear b, a;                   // (value heads, d)
  const float* conv = nullptr;   // (2K + V, conv_kernel): of q, k, v in turn
  const float* decay = nullptr;  // (value heads) −e^A_log
  const float* dt_bias = nullptr;
  const float* norm = nullptr;  // (v_head_dim)
  Linear o;                     // (d, V)
};

struct LightningWeights {
  Linear q, k, v, gate;         // (h·D, d)
  const float* norm = nullptr;  // (h·D)
  Linear o;                     // (d, h·D)
};

struct FfnWeights {
  Linear gate;  // (f, d); none without a gate
  Linear up;    // (f, d)
  Linear down;  // (d, f)
  XieluParams xielu;
};

struct MoeWeights {
  Linear router;                       // (E, d), held in float32
  const float* select_bias = nullptr;  // (E) or null
  std::vector<FfnWeights> experts;
  std::optional<FfnWeights> shared;
  Linear shared_gate;  // (1, d), held in float32, or none
};

struct LayerWeights {
  const float* mixer_norm = nullptr;       // (d)
  const float* post_mixer_norm = nullptr;  // (d) or null
  const float* ffn_norm = nullptr;         // (d)
  const float* post_ffn_norm = nullptr;    // (d) or null
  std::variant<GqaWeights, MlaWeights, GatedDeltaWeights, LightningWeights> mixer;
  std::variant<FfnWeights, MoeWeights> ffn;
};

// One layer of multi-token prediction.
struct MtpWeights {
  const float* token_norm = nullptr;   // (d)
  const float* hidden_norm = nullptr;  // (d)
  Linear projection;                   // (d, 2·d): of the token's half, then the hidden state's
  const float* norm = nullptr;         // (d), before the head
  LayerWeights layer;
};

// Owns the packed memory its members point into. Move-only. `embedding` stays in the checkpoint's
// mapping: only the rows of the prompt are ever read.
struct Weights {
  TensorView embedding;                 // (v, d)
  const float* output_norm = nullptr;   // (d)
  Linear output;                        // (v, d)
  const float* rope_factors = nullptr;  // (rotary_dim / 2) or null
  std::vector<LayerWeights> layers;
  std::vector<MtpWeights> mtp;

  std::vector<AlignedBuffer<uint8_t>> storage;
  std::vector<std::vector<int32_t>> orders;
  int64_t bytes = 0;  // of all packed tensors
};

// Finds every tensor of the model's table in the checkpoint, checks names and shapes, and packs.
// A missing, misshapen or left-over tensor is kCorrupt; an element type no kernel reads is
// kUnsupported; messages name file and tensor. Nothing is allocated before all of them fit; too
// little memory is kResourceExhausted. The checkpoint must outlive the weights.
Result<Weights> BindWeights(const Checkpoint& checkpoint, const ModelSpec& spec, ThreadTeam& team);

}  // namespace frugal
