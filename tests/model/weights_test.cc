#include "model/weights.h"

#include <cmath>

#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "kernels/codec/codec.h"
#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

// A golden's tensors, to be changed and written as a checkpoint of our own.
class TempModel {
 public:
  TempModel(const std::string& golden, const std::string& changes = "{}") {
    Result<Checkpoint> opened = OpenCheckpoint(TestData("models/" + golden));
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    source_ = *std::move(opened);
    tensors = source_.tensors.tensors;
    gguf_ = source_.container == Container::kGguf;
    if (!gguf_) {
      std::ifstream in(TestData("models/" + golden + "/config.json"));
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      dir_.Write("config.json", Changed(text, changes));
    }
  }

  // The file that messages about its tensors name.
  std::string File() const { return dir_.Path(gguf_ ? "model.gguf" : "model.safetensors"); }
  std::string Path() const { return gguf_ ? File() : dir_.path(); }

  NamedTensor& At(const std::string& name) {
    for (NamedTensor& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    ADD_FAILURE() << name;
    return tensors[0];
  }
  void Remove(const std::string& name) {
    std::erase_if(tensors, [&](const NamedTensor& t) { return t.name == name; });
  }
  // A tensor of zeros.
  void Add(const std::string& name, DType dtype, const Shape& shape) {
    tensors.push_back({.name = name});
    Reshape(name, dtype, shape);
  }
  void Reshape(const std::string& name, DType dtype, const Shape& shape) {
    const int64_t cols = shape.back();
    storage_.emplace_back(*TensorBytes(dtype, NumElements(shape) / cols, cols));
    At(name).view = {dtype, shape, storage_.back().data(),
                     static_cast<int64_t>(storage_.back().size())};
  }
  // The same tensor with bytes of its own.
  uint8_t* Own(const std::string& name) {
    TensorView& view = At(name).view;
    storage_.emplace_back(view.data, view.data + view.bytes);
    view.data = storage_.back().data();
    return storage_.back().data();
  }

  Result<std::unique_ptr<Model>> Load() {
    const Status written = gguf_ ? WriteGguf(File(), source_.metadata, tensors)
                                 : WriteSafetensors(File(), {}, tensors);
    EXPECT_TRUE(written.ok()) << written.message();
    ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(Path()));
    return LoadModel(std::move(checkpoint), team_);
  }
  void ExpectFails(StatusCode code, const std::string& file,
                   const std::vector<std::string>& parts) {
    const auto model = Load();
    ASSERT_FALSE(model.ok()) << parts[0];
    ExpectRefused(model.status(), code, file + ": ", parts);
  }
  void ExpectLoads() {
    const auto model = Load();
    EXPECT_TRUE(model.ok()) << model.status().message();
  }

  std::vector<NamedTensor> tensors;

 private:
  TempDir dir_;
  bool gguf_ = false;
  Checkpoint source_;
  std::vector<std::vector<uint8_t>> storage_;
  ThreadTeam team_{2};
};

const std::string kQ = "model.layers.1.self_attn.q_proj.weight";

TEST(BindWeights, MissingTensorIsNamedWithItsShape) {
  TempModel model("qwen3-plain");
  model.Remove(kQ);
  model.ExpectFails(StatusCode::kCorrupt, model.Path(),
                    {fmt::format("tensor '{}' (144, 44) is missing", kQ)});
}

TEST(BindWeights, WhatAFamilyDoesNotUseMayBeThere) {
  TempModel model("ernie-paddle-dense");
  model.Add("ernie.mtp_block.0.mlp.down_proj.weight", DType::kBF16, {3, 5});
  model.ExpectLoads();
  model.Add("ernie.own_mtp_block.weight", DType::kBF16, {3, 5});
  model.ExpectFails(StatusCode::kCorrupt, model.File(),
                    {"'ernie.own_mtp_block.weight' (3, 5) has no place"});
  TempModel decays("minimax-m1");
  decays.Add("model.layers.1.self_attn.slope_rate", DType::kF32, {4, 1, 1});
  decays.ExpectLoads();
  decays.Add("model.layers.1.self_attn.slope_rate.bias", DType::kF32, {4});
  decays.ExpectFails(StatusCode::kCorrupt, decays.File(), {"slope_rate.bias'"});
}

TEST(BindWeights, EveryTensorIsRequiredAndNamed) {
  TempModel all("llama-biases");
  for (const NamedTensor& tensor : all.tensors) {
    TempModel model("llama-biases");
    model.Remove(tensor.name);
    model.ExpectFails(StatusCode::kCorrupt, model.Path(),
                      {fmt::format("tensor '{}' ", tensor.name), "is missing"});
  }
}

TEST(BindWeights, RopeFactorsMayBeMissingWhereOthersMayNot) {
  TempModel model("llama3-scaled.gguf");
  model.Remove("rope_freqs.weight");
  model.ExpectLoads();
  TempModel other("llama3-scaled.gguf");
  other.Remove("blk.0.ffn_norm.weight");
  other.ExpectFails(StatusCode::kCorrupt, other.Path(), {"'blk.0.ffn_norm.weight'", "is missing"});
}

TEST(BindWeights, MisshapenTensorIsNamedWithBothShapes) {
  const std::pair<Shape, const char*> cases[] = {{{143, 44}, "found (143, 44)"},
                                                 {{144, 43}, "found (144, 43)"},
                                                 {{44, 144}, "found (44, 144)"},
                                                 {{144 * 44}, "found (6336)"},
                                                 {{144, 44, 1}, "found (144, 44, 1)"}};
  for (const auto& [shape, found] : cases) {
    TempModel model("qwen3-plain");
    model.Reshape(kQ, DType::kBF16, shape);
    model.ExpectFails(StatusCode::kCorrupt, model.File(),
                      {fmt::format("tensor '{}': expected (144, 44), {}", kQ, found),
                       "does the configuration belong"});
  }
}

TEST(BindWeights, LeftOverTensorIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"qwen3-plain", "model.layers.0.self_attn.q_proj.bias"},
      {"qwen3-plain", "model.layers.2.self_attn.q_proj.weight"},
      {"qwen3-plain", "model.layers.0.self_attn.sinks"},
      {"qwen3-plain", "score.weight"},
      {"llama-biases", "model.layers.0.self_attn.q_norm.weight"},
      {"llama3-scaled", "rope_freqs.weight"},
      {"qwen3-plain.gguf", "blk.0.attn_q.bias"},
      {"qwen3-plain.gguf", "rope_factors_long.weight"},
      {"llama2-plain.gguf", "blk.0.attn_k.bias"}};
  for (const auto& [golden, name] : cases) {
    TempModel model(golden);
    model.Add(name, DType::kF32, {5, 7});
    model.ExpectFails(StatusCode::kCorrupt, model.File(),
                      {fmt::format("tensor '{}' (5, 7) has no place in this model", name)});
  }
}

TEST(BindWeights, OldRopeFrequenciesAreLeftAside) {
  TempModel model("llama2-plain");
  model.Add("model.layers.0.self_attn.rotary_emb.inv_freq", DType::kF32, {4});
  model.Add("model.layers.1.self_attn.rotary_emb.inv_freq", DType::kF16, {4});
  model.Add("model.rotary_emb.inv_freq", DType::kI64, {4});
  model.ExpectLoads();
}

TEST(BindWeights, UnreadableElementTypeIsNamed) {
  const std::pair<DType, const char*> cases[] = {{DType::kI32, "I32"},
                                                 {DType::kF64, "F64"},
                                                 {DType::kU8, "U8"},
                                                 {DType::kF8_E4M3, "F8_E4M3"},
                                                 {DType::kF8_E5M2, "F8_E5M2"}};
  for (const auto& [dtype, name] : cases) {
    TempModel model("qwen3-plain");
    model.Reshape(kQ, dtype, {144, 44});
    model.ExpectFails(
        StatusCode::kUnsupported, model.File(),
        {fmt::format("tensor '{}': element type {} is not a weight format", kQ, name)});
  }
  TempModel model("qwen3-plain");
  model.Reshape("model.norm.weight", DType::kI32, {44});
  model.ExpectFails(StatusCode::kUnsupported, model.File(), {"'model.norm.weight'", "I32"});
}

TEST(BindWeights, TiedModelMayWriteItsTableTwice) {
  TempModel equal("qwen3-yarn");
  NamedTensor head = equal.At("model.embed_tokens.weight");
  head.name = "lm_head.weight";
  equal.tensors.push_back(head);
  equal.ExpectLoads();

  TempModel different("qwen3-yarn");
  head = different.At("model.embed_tokens.weight");
  head.name = "lm_head.weight";
  different.tensors.push_back(head);
  different.Own("lm_head.weight")[1000] ^= 1;
  different.ExpectFails(StatusCode::kCorrupt, different.File(),
                        {"tensor 'lm_head.weight' (331, 60) has no place in this model"});

  TempModel untied("qwen3-plain");  // here it is the head, and required
  untied.Remove("lm_head.weight");
  untied.ExpectFails(StatusCode::kCorrupt, untied.Path(), {"'lm_head.weight' (263, 44)"});
}

TEST(BindWeights, RopeFactorsMustBePositive) {
  for (const float bad : {0.0f, -1.0f, INFINITY, NAN}) {
    TempModel model("llama3-scaled.gguf");
    std::memcpy(model.Own("rope_freqs.weight") + 3 * sizeof(float), &bad, sizeof(float));
    model.ExpectFails(StatusCode::kCorrupt, model.File(),
                      {"tensor 'rope_freqs.weight', element 3: expected a positive number"});
  }
}

// A configuration may claim anything within the ranges, terabytes among it: nothing is allocated
// before the tensors agree.
TEST(BindWeights, NothingIsAllocatedBeforeShapesFit) {
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {R"({"hidden_size": 1048576})", {"expected (263, 1048576)", "found (263, 44)"}},
      {R"({"vocab_size": 16777216})", {"expected (16777216, 44)", "found (263, 44)"}},
      {R"({"intermediate_size": 1048576})", {"expected (1048576, 44)", "found (92, 44)"}},
      {R"({"num_attention_heads": 1048576, "num_key_value_heads": 1})",
       {"expected (25165824, 44)", "found (144, 44)"}},
      {R"({"num_hidden_layers": 4096, "layer_types": null})", {"'model.layers.2.", "is missing"}},
      {R"({"head_dim": 4096})", {"expected (24576, 44)", "found (144, 44)"}}};
  for (const auto& [change, parts] : cases) {
    TempModel model("qwen3-plain", change);
    const auto loaded = model.Load();
    ASSERT_FALSE(loaded.ok()) << change;
    ExpectRefused(loaded.status(), StatusCode::kCorrupt, model.Path(), parts);
  }
}

std::vector<float> Decoded(const TensorView& view) {
  std::vector<float> values(NumElements(view.shape));
  DecodeRow(view.dtype, view.data, NumElements(view.shape), values.data());
  return values;
}

// The packed weights hold the file's numbers, whatever the element type and container.
TEST(BindWeights, PacksWhatTheFileHolds) {
  ThreadTeam team(3);
  for (const char* name : {"llama-biases", "qwen3-plain", "llama-q4_k.gguf", "llama-q8_0.gguf"}) {
    const std::unique_ptr<Model> model = OpenModel(TestData(fmt::format("models/{}", name)), team);
    const bool gguf = model->checkpoint.container == Container::kGguf;
    const auto tensor = [&](Role role, int layer) {
      for (const TensorDesc& row : ModelTensors(model->spec)) {
        if (row.role != role || row.layer != layer) continue;
        return model->checkpoint.tensors.Find(gguf ? row.gguf.name : row.hf.name)->view;
      }
      return TensorView();
    };
    const LayerWeights& last = model->weights.layers.back();
    const GqaWeights& gqa = std::get<GqaWeights>(last.mixer);
    const FfnWeights& glu = std::get<FfnWeights>(last.ffn);
    const int layer = model->spec.n_layers() - 1;
    for (const auto& [role, packed] :
         {std::pair(Role::kAttnQ, gqa.q.w), std::pair(Role::kAttnK, gqa.k.w),
          std::pair(Role::kAttnV, gqa.v.w), std::pair(Role::kAttnO, gqa.o.w),
          std::pair(Role::kFfnGate, glu.gate.w), std::pair(Role::kFfnUp, glu.up.w),
          std::pair(Role::kFfnDown, glu.down.w)}) {
      const TensorView view = tensor(role, layer);
      const std::vector<float> values = Decoded(view);
      ASSERT_EQ(packed.n, view.rows());
      ASSERT_EQ(packed.k, view.cols());
      std::vector<float> row(packed.k);
      for (int64_t r = 0; r < packed.n; ++r) {
        UnpackRow(packed, r, row.data());
        ASSERT_TRUE(std::equal(row.begin(), row.end(), values.begin() + r * packed.k))
            << name << " role " << static_cast<int>(role) << " row " << r;
      }
    }
    const std::vector<float> norm = Decoded(tensor(Role::kFfnNorm, layer));
    EXPECT_TRUE(std::equal(norm.begin(), norm.end(), last.ffn_norm)) << name;
    int64_t bytes = 0;
    for (const AlignedBuffer<uint8_t>& buffer : model->weights.storage) bytes += buffer.size();
    EXPECT_EQ(model->weights.bytes, bytes);
  }
}

// Multiplies every element by 1.02 or 0.98, in a pattern without a period; formats that cannot be
// written have their rows turned round instead.
void Perturb(const TensorView& view, std::vector<uint8_t>* bytes) {
  bytes->assign(view.data, view.data + view.bytes);
  const bool plain = GetDType(view.dtype).block_size == 1;
  if (!plain) {
    const int64_t row = view.bytes / view.rows();
    for (int64_t r = 0; r < view.rows(); ++r) {
      std::memcpy(bytes->data() + r * row, view.data + (view.rows() - 1 - r) * row, row);
    }
    return;
  }
  std::vector<float> values = Decoded(view);
  uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value *= state >> 31 ? 1.02f : 0.98f;
  }
  EncodeRow(view.dtype, values.data(), NumElements(view.shape), bytes->data());
}

// Every tensor reaches the logits. (Of goldens with experts or packed weights the generator proves
// it, and the binder refuses to leave one out.)
TEST(BindWeights, EveryTensorMovesTheLogits) {
  ThreadTeam team(1);
  for (const GoldenCase& c : PlainGoldenCases()) {
    std::vector<int32_t> ids = LoadGolden(c.name).input_ids;
    ids.resize(10);
    const auto run = [&](const Model& model) {
      Forward forward(model, team, {.isa = BestIsa(), .exact = true, .max_rows = 16});
      return RunInChunks(forward, ids, 16, model.spec.vocab);
    };
    const std::unique_ptr<Model> plain = OpenModel(c.path, team);
    const std::vector<float> expected = run(*plain);
    for (size_t i = 0; i < plain->checkpoint.tensors.tensors.size(); ++i) {
      Result<Checkpoint> checkpoint = OpenCheckpoint(c.path);
      ASSERT_TRUE(checkpoint.ok());
      NamedTensor& tensor = checkpoint->tensors.tensors[i];
      std::vector<uint8_t> bytes;
      Perturb(tensor.view, &bytes);
      tensor.view.data = bytes.data();
      const std::string name = tensor.name;
      Result<std::unique_ptr<Model>> model = LoadModel(*std::move(checkpoint), team);
      ASSERT_TRUE(model.ok()) << model.status().message();
      const std::vector<float> logits = run(**model);
      EXPECT_GE(RelativeError(logits.data(), expected.data(), logits.size()), 1e-5)
          << c.path << ": " << name;
    }
  }
}

}  // namespace
}  // namespace frugal
