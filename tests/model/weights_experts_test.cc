// Binding of experts and of tensors that are parts of a stored one: from files written here, whose
// every element is known.
#include <cmath>
#include <random>

#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "kernels/codec/codec.h"
#include "model/weights.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

constexpr int kHidden = 16, kVocab = 40, kHeads = 4, kKvHeads = 2, kDim = 6;
constexpr int kExperts = 3, kExpertFf = 8, kSharedFf = 5;

// One layer whose queries come with gates, whose norms are stored less one, and with all that a
// layer of experts may have.
ModelSpec MoeModel() {
  ModelSpec spec{.family = "llama", .hidden = kHidden, .vocab = kVocab, .norm_plus_one = true};
  spec.ropes = {{.rotary_dim = kDim}};
  LayerSpec layer;
  layer.gqa() = {.n_heads = kHeads,
                 .n_kv_heads = kKvHeads,
                 .head_dim = kDim,
                 .qk_norm = QkNorm::kHeadPreRope,
                 .sinks = true,
                 .output_gate = true};
  layer.ffn = MoeSpec{.n_experts = kExperts,
                      .top_k = 2,
                      .expert = {.d_ff = kExpertFf, .bias = true},
                      .router = {.logit_bias = true, .select_bias = true},
                      .shared = FfnSpec{.d_ff = kSharedFf},
                      .shared_gate = true};
  spec.layers = {layer};
  return spec;
}

// Tensors of random float32, written as a checkpoint in either container.
class Files {
 public:
  explicit Files(bool gguf) : gguf_(gguf) {
    const std::string layer = gguf ? "blk.0." : "model.layers.0.";
    const auto add = [&](const char* in_gguf, const char* in_hf, const Shape& shape) {
      Add(gguf ? in_gguf : in_hf, shape);
    };
    const auto add_layer = [&](const char* in_gguf, const char* in_hf, const Shape& shape) {
      Add(layer + (gguf ? in_gguf : in_hf), shape);
    };
    add("token_embd.weight", "model.embed_tokens.weight", {kVocab, kHidden});
    add("output_norm.weight", "model.norm.weight", {kHidden});
    add("output.weight", "lm_head.weight", {kVocab, kHidden});
    add_layer("attn_norm.weight", "input_layernorm.weight", {kHidden});
    add_layer("attn_q.weight", "self_attn.q_proj.weight", {2 * kHeads * kDim, kHidden});
    add_layer("attn_k.weight", "self_attn.k_proj.weight", {kKvHeads * kDim, kHidden});
    add_layer("attn_v.weight", "self_attn.v_proj.weight", {kKvHeads * kDim, kHidden});
    add_layer("attn_output.weight", "self_attn.o_proj.weight", {kHidden, kHeads * kDim});
    add_layer("attn_q_norm.weight", "self_attn.q_norm.weight", {kDim});
    add_layer("attn_k_norm.weight", "self_attn.k_norm.weight", {kDim});
    add_layer("attn_sinks.weight", "self_attn.sinks", {kHeads});
    add_layer("ffn_norm.weight", "post_attention_layernorm.weight", {kHidden});
    add_layer("ffn_gate_inp.weight", "mlp.gate.weight", {kExperts, kHidden});
    add_layer("ffn_gate_inp.bias", "mlp.router.bias", {kExperts});
    add_layer("exp_probs_b.bias", "mlp.gate.e_score_correction_bias", {kExperts});
    add_layer("ffn_gate_inp_shexp.weight", "mlp.shared_expert_gate.weight", {1, kHidden});
    add_layer("ffn_gate_shexp.weight", "mlp.shared_experts.gate_proj.weight", {kSharedFf, kHidden});
    add_layer("ffn_up_shexp.weight", "mlp.shared_experts.up_proj.weight", {kSharedFf, kHidden});
    add_layer("ffn_down_shexp.weight", "mlp.shared_experts.down_proj.weight", {kHidden, kSharedFf});
    for (const char* stem : {"gate", "up", "down"}) {
      const bool down = std::string_view(stem) == "down";
      const Shape shape = down ? Shape{kHidden, kExpertFf} : Shape{kExpertFf, kHidden};
      if (gguf) {
        Add(fmt::format("blk.0.ffn_{}_exps.weight", stem), {kExperts, shape[0], shape[1]});
        Add(fmt::format("blk.0.ffn_{}_exps.bias", stem), {kExperts, shape[0]});
        continue;
      }
      for (int e = 0; e < kExperts; ++e) {
        Add(Expert(e, stem, "weight"), shape);
        Add(Expert(e, stem, "bias"), {shape[0]});
      }
    }
  }

  static std::string Expert(int e, const char* stem, const char* kind) {
    return fmt::format("model.layers.0.mlp.experts.{}.{}_proj.{}", e, stem, kind);
  }

  void Add(const std::string& name, const Shape& shape) {
    std::normal_distribution<float> normal;
    std::vector<float>& values = values_[name];
    values.resize(NumElements(shape));
    for (float& value : values) value = normal(rng_);
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    tensors_[name] = {.name = name,
                      .view = {DType::kF32, shape, bytes, static_cast<int64_t>(values.size() * 4)}};
  }
  void Remove(const std::string& name) { EXPECT_EQ(tensors_.erase(name), 1u) << name; }
  // Stores the tensor, whose values are rounded, as bfloat16.
  void Round(const std::string& name) {
    TensorView& view = tensors_[name].view;
    const int64_t n = NumElements(view.shape);
    std::vector<uint8_t>& bytes = rounded_[name];
    bytes.resize(2 * n);
    EncodeRow(DType::kBF16, values_[name].data(), n, bytes.data());
    DecodeRow(DType::kBF16, bytes.data(), n, values_[name].data());
    view = {DType::kBF16, view.shape, bytes.data(), 2 * n};
  }

  const std::vector<float>& At(const std::string& name) const { return values_.at(name); }

  Result<Weights> Bind(const ModelSpec& spec) {
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : tensors_) tensors.push_back(tensor);
    const std::string file = dir_.Path(gguf_ ? "model.gguf" : "model.safetensors");
    dir_.Write("config.json", kTinyLlama);
    Metadata metadata;
    metadata.values = TinyGguf("llama");
    const Status written =
        gguf_ ? WriteGguf(file, metadata, tensors) : WriteSafetensors(file, {}, tensors);
    EXPECT_TRUE(written.ok()) << written.message();
    ASSIGN_OR_RETURN(checkpoint_, OpenCheckpoint(gguf_ ? file : dir_.path()));
    return BindWeights(checkpoint_, spec, team_);
  }

 private:
  bool gguf_;
  std::mt19937 rng_{17};
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, std::vector<uint8_t>> rounded_;
  std::map<std::string, NamedTensor> tensors_;
  TempDir dir_;
  Checkpoint checkpoint_;
  ThreadTeam team_{2};
};

// Row r of the packed matrix begins at element begin(r) of `stored`.
template <typename Begin>
void ExpectRows(const PackedMatrix& packed, int64_t n, const std::vector<float>& stored,
                const Begin& begin) {
  ASSERT_EQ(packed.n, n);
  std::vector<float> row(packed.k);
  for (int64_t r = 0; r < n; ++r) {
    UnpackRow(packed, r, row.data());
    const auto from = stored.begin() + begin(r);
    EXPECT_TRUE(std::equal(row.begin(), row.end(), from)) << "row " << r;
  }
}
void ExpectMatrix(const PackedMatrix& packed, const std::vector<float>& stored, int64_t first = 0) {
  ExpectRows(packed, packed.n, stored, [&](int64_t r) { return first + r * packed.k; });
}
void ExpectVector(const float* vector, const std::vector<float>& stored, int64_t n,
                  int64_t first = 0, float plus = 0.0f) {
  ASSERT_NE(vector, nullptr);
  for (int64_t i = 0; i < n; ++i) EXPECT_EQ(vector[i], stored[first + i] + plus) << i;
}

class ExpertsTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Containers, ExpertsTest, testing::Values(false, true),
                         [](const auto& param_info) {
                           return param_info.param ? "Gguf" : "HuggingFace";
                         });

TEST_P(ExpertsTest, EveryElementFindsItsPlace) {
  const bool gguf = GetParam();
  Files files(gguf);
  const std::string router = gguf ? "blk.0.ffn_gate_inp.weight" : "model.layers.0.mlp.gate.weight";
  files.Round(router);
  const Result<Weights> weights = files.Bind(MoeModel());
  ASSERT_TRUE(weights.ok()) << weights.status().message();
  const auto at = [&](const char* in_gguf, const char* in_hf) -> const std::vector<float>& {
    return files.At(gguf ? fmt::format("blk.0.{}", in_gguf)
                         : fmt::format("model.layers.0.{}", in_hf));
  };
  // GGUF stores norms with their one.
  const float one = gguf ? 0.0f : 1.0f;
  ExpectVector(weights->output_norm, files.At(gguf ? "output_norm.weight" : "model.norm.weight"),
               kHidden, 0, one);
  const LayerWeights& layer = weights->layers[0];
  ExpectVector(layer.mixer_norm, at("attn_norm.weight", "input_layernorm.weight"), kHidden, 0, one);

  // Each head's rows of the query are followed by its gate's.
  const GqaWeights& gqa = std::get<GqaWeights>(layer.mixer);
  const std::vector<float>& q = at("attn_q.weight", "self_attn.q_proj.weight");
  ExpectRows(gqa.q.w, kHeads * kDim, q,
             [](int64_t r) { return (r / kDim * 2 * kDim + r % kDim) * kHidden; });
  ExpectRows(gqa.gate.w, kHeads * kDim, q,
             [](int64_t r) { return (r / kDim * 2 * kDim + kDim + r % kDim) * kHidden; });
  ExpectVector(gqa.q_norm, at("attn_q_norm.weight", "self_attn.q_norm.weight"), kDim, 0, one);
  ExpectVector(gqa.sinks, at("attn_sinks.weight", "self_attn.sinks"), kHeads);

  const MoeWeights& moe = std::get<MoeWeights>(layer.ffn);
  // Routers are held in float32 whatever they are stored in.
  EXPECT_EQ(moe.router.w.dtype, DType::kF32);
  ExpectMatrix(moe.router.w, files.At(router));
  ExpectVector(moe.router.bias, at("ffn_gate_inp.bias", "mlp.router.bias"), kExperts);
  ExpectVector(moe.select_bias, at("exp_probs_b.bias", "mlp.gate.e_score_correction_bias"),
               kExperts);
  EXPECT_EQ(moe.shared_gate.w.dtype, DType::kF32);
  ExpectMatrix(moe.shared_gate.w, at("ffn_gate_inp_shexp.weight", "mlp.shared_expert_gate.weight"));
  ASSERT_TRUE(moe.shared.has_value());
  ExpectMatrix(moe.shared->down.w,
               at("ffn_down_shexp.weight", "mlp.shared_experts.down_proj.weight"));
  EXPECT_EQ(moe.shared->down.bias, nullptr);
  ASSERT_EQ(moe.experts.size(), size_t{kExperts});
  for (int e = 0; e < kExperts; ++e) {
    const FfnWeights& expert = moe.experts[e];
    for (const auto& [stem, linear] : {std::pair("gate", &expert.gate), std::pair("up", &expert.up),
                                       std::pair("down", &expert.down)}) {
      SCOPED_TRACE(testing::Message() << "expert " << e << " " << stem);
      const std::string stack = fmt::format("blk.0.ffn_{}_exps.", stem);
      const int64_t n = linear->w.n, k = linear->w.k;
      ExpectMatrix(linear->w, files.At(gguf ? stack + "weight" : Files::Expert(e, stem, "weight")),
                   gguf ? e * n * k : 0);
      ExpectVector(linear->bias, files.At(gguf ? stack + "bias" : Files::Expert(e, stem, "bias")),
                   n, gguf ? e * n : 0);
    }
  }
}

void ExpectBindFails(Files* files, const std::vector<std::string>& parts) {
  const Result<Weights> weights = files->Bind(MoeModel());
  ASSERT_FALSE(weights.ok());
  EXPECT_EQ(weights.status().code(), StatusCode::kCorrupt);
  for (const std::string& part : parts) {
    EXPECT_NE(weights.status().message().find(part), std::string::npos)
        << weights.status().message() << "\nlacks: " << part;
  }
}

TEST(Experts, MissingExpertIsNamed) {
  Files files(false);
  files.Remove(Files::Expert(2, "up", "weight"));
  ExpectBindFails(&files, {"'model.layers.0.mlp.experts.2.up_proj.weight' (8, 16) is missing"});
  Files bias(false);
  bias.Remove(Files::Expert(1, "down", "bias"));
  ExpectBindFails(&bias, {"'model.layers.0.mlp.experts.1.down_proj.bias' (16) is missing"});
}

TEST(Experts, MisshapenExpertIsNamed) {
  Files files(false);
  files.Add(Files::Expert(1, "gate", "weight"), {kExpertFf, kHidden + 1});
  ExpectBindFails(&files, {"'model.layers.0.mlp.experts.1.gate_proj.weight'",
                           "expected (8, 16), found (8, 17)"});
  Files stack(true);
  stack.Add("blk.0.ffn_up_exps.weight", {kExperts + 1, kExpertFf, kHidden});
  ExpectBindFails(&stack, {"'blk.0.ffn_up_exps.weight'", "expected (3, 8, 16), found (4, 8, 16)"});
}

TEST(Experts, ExpertTooManyIsNamed) {
  Files files(false);
  files.Add(Files::Expert(3, "gate", "weight"), {kExpertFf, kHidden});
  ExpectBindFails(&files, {"'model.layers.0.mlp.experts.3.gate_proj.weight' (8, 16) has no place"});
}

TEST(Parts, StoredTensorOfTooFewRowsIsNamed) {
  Files files(false);
  files.Add("model.layers.0.self_attn.q_proj.weight", {kHeads * kDim, kHidden});
  ExpectBindFails(
      &files, {"'model.layers.0.self_attn.q_proj.weight'", "expected (48, 16), found (24, 16)"});
}

// Every column of the head is divided by its length over the vocabulary.
TEST(NormHead, DividesTheHeadsColumns) {
  Files files(false);
  ModelSpec spec = MoeModel();
  spec.norm_plus_one = false;
  spec.norm_head = true;
  const Result<Weights> weights = files.Bind(spec);
  ASSERT_TRUE(weights.ok()) << weights.status().message();
  const std::vector<float>& head = files.At("lm_head.weight");
  const std::vector<float>& norm = files.At("model.norm.weight");
  std::vector<float> row(kHidden);
  UnpackRow(weights->output.w, 7, row.data());
  for (int c = 0; c < kHidden; ++c) {
    double squares = 0.0;
    for (int v = 0; v < kVocab; ++v)
      squares += double{head[v * kHidden + c]} * head[v * kHidden + c];
    // What the logit of token 7 gets of input c.
    const double expected = norm[c] * head[7 * kHidden + c] / std::sqrt(squares);
    EXPECT_NEAR(weights->output_norm[c] * row[c], expected, 1e-6 * std::fabs(expected));
  }
}

}  // namespace
}  // namespace frugal
