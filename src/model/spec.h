// ModelSpec: everything about a model's architecture that changes what it computes, as plain data.
// A family's Parse (model/arch/) makes it from a checkpoint's metadata; Forward, the binder and
// the commands read it. It holds no weights and no file.
//
// Letters: L layers, d hidden, v vocab, h heads, g KV heads, D head_dim, f FFN width.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/rope.h"

namespace frugal {

enum class QkNorm {
  kNone,
  kHeadPreRope,  // RMSNorm over each head's D elements, before rope (Qwen3)
};

// Grouped-query attention.
struct GqaSpec {
  int n_heads = 0;
  int n_kv_heads = 0;  // divides n_heads
  int head_dim = 0;
  bool q_bias = false;
  bool k_bias = false;
  bool v_bias = false;
  bool o_bias = false;
  QkNorm qk_norm = QkNorm::kNone;
  int64_t window = 0;  // positions a query sees, itself included; 0 = all
  float scale = 0.0f;  // multiplies q·k
  int rope = 0;        // index into ModelSpec::ropes

  int group() const { return n_heads / n_kv_heads; }
  int64_t q_dim() const { return int64_t{n_heads} * head_dim; }
  int64_t kv_dim() const { return int64_t{n_kv_heads} * head_dim; }
};

// down(act(gate(x)) · up(x))
struct GluSpec {
  int64_t d_ff = 0;
  Activation activation = Activation::kSilu;
  bool bias = false;
};

// x += gqa(norm(x)); x += glu(norm(x))
struct LayerSpec {
  GqaSpec gqa;
  GluSpec glu;
};

struct ModelSpec {
  std::string family;  // the registry's name: "llama", "qwen3"
  int64_t hidden = 0;
  int64_t vocab = 0;
  int64_t max_position = 0;  // the context the model was published for
  float norm_eps = 0.0f;
  bool tied_embedding = false;  // the output head is the embedding table
  std::vector<RopeSpec> ropes;
  std::vector<LayerSpec> layers;

  int32_t bos_id = -1;            // -1: none
  std::vector<int32_t> stop_ids;  // end-of-sequence tokens the checkpoint names

  int n_layers() const { return static_cast<int>(layers.size()); }
};

// What one layer keeps for one position of one sequence, in elements.
struct CacheSpec {
  int kv_heads = 0;
  int k_dim = 0;       // per head
  int v_dim = 0;       // per head
  int64_t window = 0;  // 0 = every position is kept
};
CacheSpec LayerCache(const LayerSpec& layer);

// Bytes of KV kept per position over all layers.
int64_t KvBytesPerToken(const ModelSpec& spec, KvType type);

}  // namespace frugal
