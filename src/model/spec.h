// ModelSpec: everything about a model's architecture that changes what it computes, as plain data.
// A family's Parse (model/arch/) makes it from a checkpoint's metadata; Forward, the binder and
// the commands read it. It holds no weights and no file.
//
// Letters: L layers, d hidden, v vocab, h heads, g KV heads, D head_dim, f FFN width, E experts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/rope.h"

namespace frugal {

// ---- Token mixers -------------------------------------------------------------------------------

enum class QkNorm {
  kNone,
  kHeadPreRope,   // RMSNorm over each head's D elements, before rope (Qwen3)
  kHeadPostRope,  // the same after rope (Hunyuan)
  kFullPreRope,   // over all heads of the projection together (MiniMax-M2)
};

// A factor of a query's logits that grows with its position.
struct PositionScale {
  enum class Kind {
    kNone,
    kLlama4,  // 1 + beta·ln(1 + ⌊position / length⌋): Ministral 3
    kGrok,    // log_length(position) beyond `length`, 1 up to it: Grok 2's attn_temperature_len
  };
  Kind kind = Kind::kNone;
  double beta = 0.0;
  int64_t length = 0;
};
float PositionFactor(const PositionScale& scale, int64_t position);

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
  int64_t window = 0;        // positions a query sees, itself included; 0 = all
  float scale = 0.0f;        // multiplies q·k
  float logit_cap = 0.0f;    // cap·tanh(logit/cap) when > 0
  int rope = 0;              // index into ModelSpec::ropes; −1: none
  bool sinks = false;        // one learned extra logit per head (gpt-oss)
  bool output_gate = false;  // what attention gives is multiplied with σ(gate(x)) (Qwen3-Next)
  PositionScale q_scale;     // multiplies the logits after the cap
  int kv_layer = -1;  // ≥ 0: no K and V of its own, it attends to those of this earlier layer
  // Layers that share keys have a key norm each: keys are kept without its weight, and it
  // multiplies the queries instead (Hunyuan-Large; with kHeadPostRope only).
  bool k_norm_on_q = false;

  int group() const { return n_heads / n_kv_heads; }
  int64_t q_dim() const { return int64_t{n_heads} * head_dim; }
  int64_t kv_dim() const { return int64_t{n_kv_heads} * head_dim; }
};

// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1).
struct MlaSpec {
  int n_heads = 0;
  int q_lora_rank = 0;  // 0: queries are projected directly
  int kv_lora_rank = 0;
  int qk_nope_head_dim = 0;
  int qk_rope_head_dim = 0;
  int v_head_dim = 0;
  bool bias = false;  // of q_a, kv_a and o
  float scale = 0.0f;
  int rope = 0;
  bool split_kv_b = false;  // GGUF: kv_b is stored as k_b, transposed per head, and v_b

  int qk_head_dim() const { return qk_nope_head_dim + qk_rope_head_dim; }
  int latent_dim() const { return kv_lora_rank + qk_rope_head_dim; }  // kept per position
};

// Gated delta rule (arXiv:2412.06464) behind a short causal convolution (Qwen3-Next).
struct GatedDeltaSpec {
  int n_k_heads = 0;  // divides n_v_heads
  int n_v_heads = 0;
  int k_head_dim = 0;
  int v_head_dim = 0;
  int conv_kernel = 0;

  int64_t k_dim() const { return int64_t{n_k_heads} * k_head_dim; }
  int64_t v_dim() const { return int64_t{n_v_heads} * v_head_dim; }
  int64_t conv_dim() const { return 2 * k_dim() + v_dim(); }
};

// Lightning attention (arXiv:2401.04658; MiniMax-Text-01): linear, with a decay per head.
struct LightningSpec {
  int n_heads = 0;
  int head_dim = 0;
  float norm_eps = 0.0f;     // of the norm over all heads' outputs
  std::vector<float> decay;  // (h) factor of the state per position

  int64_t dim() const { return int64_t{n_heads} * head_dim; }
};

// ---- Feed-forward -------------------------------------------------------------------------------

// down(act(gate(x)) · up(x)); without a gate down(act(up(x))).
struct FfnSpec {
  int64_t d_ff = 0;
  Activation activation = Activation::kSilu;
  bool bias = false;
  // Parameters of kXielu where the metadata holds them (GGUF); else they are tensors.
  std::optional<XieluParams> xielu;

  bool gated() const { return activation != Activation::kXielu; }
};

// From the router's logits to the chosen experts and their weights, in this order: + logit bias,
// softcap, score, + select bias (for the choice only), groups, top-k, renormalise, scale.
struct RouterSpec {
  enum class Score { kSoftmax, kSigmoid, kSoftmaxOverTopK };
  enum class GroupScore { kMax, kTop2Sum };
  Score score = Score::kSoftmax;
  bool logit_bias = false;
  float softcap = 0.0f;      // cap·tanh(logit/cap) when > 0
  bool select_bias = false;  // a learned correction (e_score_correction_bias)
  int n_group = 1;           // experts of groups outside the best topk_group are not chosen
  int topk_group = 1;
  GroupScore group_score = GroupScore::kTop2Sum;
  bool renormalize = false;  // weights / max(Σ + renorm_eps, renorm_min)
  float renorm_eps = 0.0f;
  float renorm_min = 0.0f;
  float scale = 1.0f;
};

// combine_scale · (Σ weight·expert(x) + shared(x))
struct MoeSpec {
  int n_experts = 0;
  int top_k = 0;
  FfnSpec expert;
  RouterSpec router;
  std::optional<FfnSpec> shared;  // one FFN for all tokens beside the chosen experts
  bool shared_gate = false;       // shared(x) · σ(w·x)
  float combine_scale = 1.0f;
};

// ---- Layers and model ---------------------------------------------------------------------------

// x = skip·x + branch·f(norm(x)); when `normed`, skip·norm(x) instead (MiniMax-Text-01).
struct ResidualSpec {
  float skip = 1.0f;
  float branch = 1.0f;
  bool normed = false;
};

struct LayerSpec {
  std::variant<GqaSpec, MlaSpec, GatedDeltaSpec, LightningSpec> mixer;
  std::variant<FfnSpec, MoeSpec> ffn;
  bool post_mixer_norm = false;  // sandwich: a norm on what the block adds
  bool post_ffn_norm = false;
  ResidualSpec mixer_residual;
  ResidualSpec ffn_residual;

  // For layers that are known to be of the kind.
  GqaSpec& gqa() { return std::get<GqaSpec>(mixer); }
  const GqaSpec& gqa() const { return std::get<GqaSpec>(mixer); }
  FfnSpec& glu() { return std::get<FfnSpec>(ffn); }
  const FfnSpec& glu() const { return std::get<FfnSpec>(ffn); }
  const MlaSpec* mla() const { return std::get_if<MlaSpec>(&mixer); }
  const MoeSpec* moe() const { return std::get_if<MoeSpec>(&ffn); }
};

struct ModelSpec {
  std::string family;  // the registry's name: "llama", "qwen3"
  int naming = 0;  // which of its tensor name sets, for a family that was published with several
  int64_t hidden = 0;
  int64_t vocab = 0;
  int64_t max_position = 0;  // the context the model was published for
  float norm_eps = 0.0f;
  bool norm_plus_one = false;   // norms multiply with 1 + w as stored by Hugging Face
  bool tied_embedding = false;  // the output head is the embedding table
  bool output_bias = false;     // the output head has a bias
  bool norm_head = false;  // the head's columns are divided by their length over the vocabulary
  float embedding_scale = 1.0f;  // multiplies the embedding
  float logit_scale = 1.0f;      // multiplies the logits,
  float logit_cap = 0.0f;        // which then become cap·tanh(logit/cap) when > 0
  std::vector<RopeSpec> ropes;
  std::vector<LayerSpec> layers;
  // Layers that predict one token further from the last hidden state and the next token
  // (DeepSeek-V3, arXiv:2412.19437, section 2.2).
  std::vector<LayerSpec> mtp_layers;
  bool mtp_own_embedding = false;  // their files repeat embedding and head
  // Hugging Face tensors that may be there and are not needed, as "beginning*" or "*ending": of
  // parts that the published code leaves out, or repeating what the configuration says.
  std::vector<std::string> unused_tensors;

  int32_t bos_id = -1;            // -1: none
  std::vector<int32_t> stop_ids;  // end-of-sequence tokens the checkpoint names

  int n_layers() const { return static_cast<int>(layers.size()); }
  // Layers of the model, then those of multi-token prediction.
  const LayerSpec& layer(int l) const {
    return l < n_layers() ? layers[l] : mtp_layers[l - n_layers()];
  }
};

bool LeavesOut(const ModelSpec& spec, std::string_view tensor);  // by unused_tensors
int MoeLayers(const ModelSpec& spec);                            // how many layers have experts
int MaxTopK(const ModelSpec& spec);  // most experts a layer chooses per token

// ---- What a sequence keeps ----------------------------------------------------------------------

// What one layer keeps for one position of one sequence, in elements, and once per sequence.
struct CacheSpec {
  int kv_heads = 0;
  int k_dim = 0;       // per head
  int v_dim = 0;       // per head; 0 with k_dim > 0: values are the first part of the keys (MLA)
  int64_t window = 0;  // 0 = every position is kept
  int64_t state_floats = 0;  // recurrent state, of fixed size; always float32
};
CacheSpec LayerCache(const LayerSpec& layer);

// Bytes of KV kept per position over all layers.
int64_t KvBytesPerToken(const ModelSpec& spec, KvType type);

// Of these, what grows with every token: layers with a window stop at its length.
int64_t KvGrowthPerToken(const ModelSpec& spec, KvType type);

// Bytes of recurrent state a sequence has, whatever its length; 0: positions alone tell its past.
int64_t StateBytes(const ModelSpec& spec);

}  // namespace frugal
