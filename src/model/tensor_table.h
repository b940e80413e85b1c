// The tensor table of a model: every tensor it needs, named once for both containers. The binder,
// the writers and the sums of parameters all walk this list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "model/spec.h"

namespace frugal {

enum class Role {
  kEmbedding,
  kOutputNorm,
  kOutput,
  kOutputBias,
  kRopeFactors,  // GGUF only: divisors of the rope frequencies
  // Norms around a layer's two blocks.
  kMixerNorm,
  kPostMixerNorm,
  kFfnNorm,
  kPostFfnNorm,
  // Attention; the lightning mixer too.
  kAttnQ,
  kAttnK,
  kAttnV,
  kAttnO,
  kAttnGate,
  kAttnQBias,
  kAttnKBias,
  kAttnVBias,
  kAttnOBias,
  kAttnQNorm,
  kAttnKNorm,
  kAttnSinks,
  kAttnOutNorm,
  // Latent attention.
  kMlaQA,
  kMlaQANorm,
  kMlaQB,
  kMlaKvA,
  kMlaKvANorm,
  kMlaKB,            // (h, nope, kv_lora_rank)
  kMlaKBTransposed,  // (h, kv_lora_rank, nope): GGUF's split form
  kMlaVB,            // (h, v_head_dim, kv_lora_rank)
  kMlaQABias,
  kMlaKvABias,
  // Gated delta net; its output is kAttnO, z is kAttnGate.
  kDeltaB,
  kDeltaA,
  kDeltaConv,  // (2K + V, conv_kernel)
  kDeltaALog,
  kDeltaDtBias,
  // Feed-forward.
  kFfnGate,
  kFfnUp,
  kFfnDown,
  kFfnGateBias,
  kFfnUpBias,
  kFfnDownBias,
  kXieluAlphaP,
  kXieluAlphaN,
  kXieluBeta,
  kXieluEps,
  // Mixture of experts: (E, out, in), biases (E, out).
  kRouter,
  kRouterBias,
  kRouterSelectBias,
  kExpertGate,
  kExpertUp,
  kExpertDown,
  kExpertGateBias,
  kExpertUpBias,
  kExpertDownBias,
  kSharedGate,
  kSharedUp,
  kSharedDown,
  kSharedGateBias,
  kSharedUpBias,
  kSharedDownBias,
  kSharedExpertGate,
  // Multi-token prediction.
  kMtpTokenNorm,
  kMtpHiddenNorm,
  kMtpProjection,
  kMtpNorm,
  kMtpEmbedding,
  kMtpOutput,
};

// Experts' tensors have a leading dimension of experts.
constexpr bool IsPerExpert(Role role) {
  return role >= Role::kExpertGate && role <= Role::kExpertDownBias;
}

// A tensor may be part of a stored one: of every `stride` stored rows the `count` from `begin` on,
// `groups` times over. {1, h·D + 2·g·D, 0, h·D} is Q of a fused QKV; {f, 2, 1, 1} the odd rows.
struct RowSelect {
  int64_t groups = 0;  // 0: the whole tensor
  int64_t stride = 0;
  int64_t begin = 0;
  int64_t count = 0;

  bool whole() const { return groups == 0; }
  int64_t StoredRow(int64_t row) const {
    return whole() ? row : row / count * stride + begin + row % count;
  }
};

// Tensor-parallel exports split a matrix: "<name>#TP-000", "#TP-001"… are equal parts of its rows
// or of its columns.
enum class Pieces { kNone, kRows, kColumns };

// How one container holds a tensor.
struct StoredName {
  // Empty: this container has no such tensor. "{e}" stands for an expert's number: then each of
  // the shape[0] experts is a tensor of its own.
  std::string name;
  RowSelect rows = {};  // along the dimension before the last; of a vector, along the only one
  // The stored matrix is (in, out); with experts (E, in, out).
  bool transposed = false;
  // Dimensions of 1 that the stored shape has besides: a convolution's (channels, 1, kernel).
  bool extra_dim = false;
  Pieces pieces = Pieces::kNone;  // may be split so

  StoredName() = default;
  StoredName(const char* text) : name(text) {}
  StoredName(std::string text, RowSelect select = {}) : name(std::move(text)), rows(select) {}
};

// What is done to the elements of a vector when it is loaded.
enum class Load { kAsIs, kPlusOne, kNegExp };

struct TensorDesc {
  Role role;
  int layer = -1;  // -1: belongs to the whole model
  StoredName gguf;
  StoredName hf;
  Shape shape;           // row-major: (out, in); experts (E, out, in)
  bool required = true;  // an optional tensor may be missing
  Load hf_load = Load::kAsIs;
  Load gguf_load = Load::kAsIs;
};

// ---- Rows that several families share -----------------------------------------------------------

// Appends one layer's tensors; the names' prefixes ("blk.3.", "model.layers.3.") are completed. A
// GGUF or Hugging Face name that begins with '/' is taken as it is, without the slash.
struct LayerTable {
  const ModelSpec& spec;
  int layer;
  std::string hf_prefix;
  std::vector<TensorDesc>* table;

  LayerTable(const ModelSpec& model, int index, std::vector<TensorDesc>* out,
             const char* hf_layers = "model.layers.");

  // A norm's weight, with the model's norm_plus_one.
  void Norm(Role role, StoredName gguf, StoredName hf, int64_t n) const;
  TensorDesc& Add(Role role, StoredName gguf, StoredName hf, Shape shape) const;
};

// The Hugging Face names of a GQA layer, by default those of Llama and its kin.
struct GqaNames {
  const char* norm = "input_layernorm.weight";
  const char* q = "self_attn.q_proj";
  const char* k = "self_attn.k_proj";
  const char* v = "self_attn.v_proj";
  const char* o = "self_attn.o_proj";
  const char* qkv = nullptr;  // set: Q, K and V are the rows of this one
  const char* q_norm = "self_attn.q_norm.weight";
  const char* k_norm = "self_attn.k_norm.weight";
  const char* sinks = "self_attn.sinks";
  bool transposed = false;
  const char* gguf_qkv = nullptr;  // set: GGUF too has one tensor for the three
};

// The Hugging Face names of a GLU.
struct GluNames {
  const char* gate = "mlp.gate_proj";
  const char* up = "mlp.up_proj";
  const char* down = "mlp.down_proj";
  const char* gate_up = nullptr;  // set: gate and up are the rows of this one,
  bool interleaved = false;       // row by row, or else first all of the gate's
  bool transposed = false;
};

struct MoeNames {
  const char* router = "mlp.gate.weight";
  const char* router_bias = "mlp.router.bias";
  const char* select_bias = "mlp.gate.e_score_correction_bias";
  GluNames expert = {"mlp.experts.{e}.gate_proj", "mlp.experts.{e}.up_proj",
                     "mlp.experts.{e}.down_proj"};
  GluNames shared = {"mlp.shared_experts.gate_proj", "mlp.shared_experts.up_proj",
                     "mlp.shared_experts.down_proj"};
  const char* shared_gate = "mlp.shared_expert_gate.weight";
  const char* gguf_shared = "_shexp";  // what GGUF adds to ffn_gate, ffn_up and ffn_down
};

// The Hugging Face names of what belongs to no layer.
struct ModelNames {
  const char* embedding = "model.embed_tokens.weight";
  const char* norm = "model.norm.weight";
  const char* output = "lm_head.weight";
};

// Embedding (v, d), output norm (d), output head (v, d) unless tied, rope factors (optional).
void AddModelTensors(const ModelSpec& spec, std::vector<TensorDesc>* table,
                     const ModelNames& names = {});
// Pre-norm and projections of a GQA layer.
void AddGqaTensors(const LayerTable& layer, const GqaNames& names = {});
// Pre-norm and projections of an MLA layer, under DeepSeek's names.
void AddMlaTensors(const LayerTable& layer);
// The FFN's pre-norm.
void AddFfnNorm(const LayerTable& layer, const char* hf = "post_attention_layernorm.weight");
// The matrices of a GLU layer's FFN, or router and experts of an MoE layer.
void AddGluTensors(const LayerTable& layer, const GluNames& names = {});
void AddMoeTensors(const LayerTable& layer, const MoeNames& names = {});
// Whichever of the two the layer has.
void AddFfnTensors(const LayerTable& layer, const GluNames& glu = {}, const MoeNames& moe = {});
// Norms and projection of a multi-token-prediction layer, beside the layer's own tensors; the names
// are those of its last norm.
void AddMtpTensors(const LayerTable& layer, const char* gguf_norm = "nextn.shared_head_norm.weight",
                   const char* hf_norm = "shared_head.norm.weight");

// The whole table of a plain Llama-like decoder: GQA and a GLU in every layer.
std::vector<TensorDesc> DecoderTensors(const ModelSpec& spec);

// Parameters in a table: every element of every tensor that is in the Hugging Face form; without
// those of multi-token prediction.
int64_t CountParameters(const ModelSpec& spec, const std::vector<TensorDesc>& table);
// Of these, the ones a token passes through: chosen and shared experts, not the others.
int64_t CountActiveParameters(const ModelSpec& spec, const std::vector<TensorDesc>& table);

}  // namespace frugal
