#include <cmath>
#include <deque>
#include <numbers>

#include "formats/safetensors.h"
#include "model/model.h"
#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

// xai-org/grok-2.
const std::string kPublished = R"({"architectures": ["Grok1ForCausalLM"], "attn_factor": 1.0,
    "attn_logit_softcapping": 30.0, "attn_temperature_len": 1024, "beta_fast": 8, "beta_slow": 1,
    "embedding_multiplier_scale": 90.50966799187809, "extrapolation_factor": 1.0,
    "final_logit_softcapping": 50, "global_attn_every_n": 1, "head_dim": 128, "hidden_size": 8192,
    "intermediate_size": 32768, "max_position_embeddings": 131072, "model_type": "git",
    "moe_intermediate_size": 16384, "num_attention_heads": 64, "num_experts_per_tok": 2,
    "num_hidden_layers": 64, "num_key_value_heads": 8, "num_local_experts": 8,
    "original_max_position_embeddings": 8192, "output_multiplier_scale": 0.5,
    "residual_moe": true, "rms_norm_eps": 1e-05, "rope_theta": 208533496, "rope_type": "original",
    "router_logit_softcapping": 30.0, "scaling_factor": 16.0, "sliding_window_size": -1,
    "torch_dtype": "bfloat16", "vocab_size": 131072})";

TEST(Grok2, Published) {
  const ModelSpec spec = SpecOf(kPublished);
  EXPECT_EQ(spec.family, "grok2");
  EXPECT_EQ(Parameters(spec), 269'515'497'472);
  EXPECT_EQ(CountActiveParameters(spec, ModelTensors(spec)), 114'896'674'816);
  EXPECT_FALSE(spec.tied_embedding);
  EXPECT_EQ(spec.logit_scale, 0.5f);
  EXPECT_EQ(spec.logit_cap, 50.0f);
  EXPECT_EQ(spec.ropes[0].scaling, RopeScaling::kNone);
  EXPECT_EQ(spec.ropes[0].theta, 208533496.0);
  const GqaSpec& gqa = spec.layers[0].gqa();
  EXPECT_EQ(gqa.logit_cap, 30.0f);
  EXPECT_EQ(gqa.scale, 1.0f / std::sqrt(128.0f));
  EXPECT_EQ(gqa.q_scale.kind, PositionScale::Kind::kGrok);
  EXPECT_EQ(gqa.q_scale.length, 1024);
  const MoeSpec& moe = *spec.layers[0].moe();
  EXPECT_EQ(moe.router.softcap, 30.0f);
  EXPECT_FALSE(moe.router.renormalize);
  EXPECT_EQ(moe.expert.d_ff, 16384);
  EXPECT_EQ(moe.shared->d_ff, 32768);
  EXPECT_EQ(moe.shared->activation, Activation::kGeluTanh);
  EXPECT_FLOAT_EQ(moe.combine_scale, 0.70710678f);
}

const std::string kTiny =
    Changed(kPublished, R"({"hidden_size": 12, "head_dim": 4, "intermediate_size": 20,
    "moe_intermediate_size": 8, "num_attention_heads": 3, "num_key_value_heads": 1,
    "num_local_experts": 3, "num_hidden_layers": 1, "vocab_size": 30})");

TEST(Grok2, TheModelTypeGitAloneIsAnothers) {
  ExpectParseFails(Changed(kTiny, R"({"architectures": ["GitForCausalLM"]})"),
                   StatusCode::kUnsupported, {"'git'", "Grok1ForCausalLM"});
}

TEST(Grok2, RopeTypes) {
  const auto rope = [](const char* changes) {
    return SpecOf(
               Changed(Changed(kTiny, R"({"rope_theta": 1000, "scaling_factor": 4.0})"), changes))
        .ropes[0];
  };
  EXPECT_EQ(rope(R"({"rope_type": null})").scaling, RopeScaling::kNone);
  for (const char* yarn : {R"({"rope_type": "yarn"})", R"({"rope_type": "yarn_linear"})"}) {
    EXPECT_EQ(rope(yarn).scaling, RopeScaling::kYarn);
    EXPECT_EQ(rope(yarn).attention_factor, 1.0);
    EXPECT_EQ(rope(yarn).factor, 4.0);
    EXPECT_EQ(rope(yarn).beta_fast, 8.0);
  }
  const RopeSpec log = rope(R"({"rope_type": "yarn_log", "extrapolation_factor": 0.8})");
  EXPECT_EQ(log.scaling, RopeScaling::kYarnLog);
  EXPECT_EQ(log.extrapolation_factor, 0.8);
  const double turns = 8192 / (2 * std::numbers::pi);
  EXPECT_DOUBLE_EQ(rope(R"({"rope_type": "theta_scale"})").theta,
                   std::pow(1000.0, std::log(turns * 4) / std::log(turns)));
}

TEST(Grok2, DefaultsAreTheCode) {
  const ModelSpec spec = SpecOf(Changed(kTiny, R"({"attn_logit_softcapping": null,
      "router_logit_softcapping": null, "final_logit_softcapping": null, "residual_moe": null,
      "moe_intermediate_size": null, "attn_temperature_len": null, "head_dim": null})"));
  EXPECT_EQ(spec.layers[0].gqa().logit_cap, 30.0f);
  EXPECT_EQ(spec.layers[0].gqa().q_scale.kind, PositionScale::Kind::kNone);
  EXPECT_EQ(spec.layers[0].gqa().head_dim, 128);
  EXPECT_EQ(spec.layers[0].moe()->router.softcap, 30.0f);
  EXPECT_EQ(spec.layers[0].moe()->expert.d_ff, 20);
  EXPECT_FALSE(spec.layers[0].moe()->shared.has_value());
  EXPECT_EQ(spec.layers[0].moe()->combine_scale, 1.0f);
  EXPECT_EQ(spec.logit_cap, 0.0f);
}

TEST(Grok2, Names) {
  const TensorNames names(SpecOf(kTiny));
  const std::string layer = "model.layers.0.";
  EXPECT_EQ(names.RoleOf(layer + "pre_moe_norm.weight"), Role::kFfnNorm);
  EXPECT_EQ(names.RoleOf(layer + "mlp.up_proj.weight"), Role::kSharedUp);
  EXPECT_EQ(names.ShapeOf(layer + "block_sparse_moe.experts.{e}.w2.weight"), (Shape{3, 12, 8}));
  EXPECT_EQ(names.At(layer + "block_sparse_moe.experts.{e}.w1.weight").stored->pieces,
            Pieces::kRows);
  EXPECT_EQ(names.At(layer + "block_sparse_moe.experts.{e}.w2.weight").stored->pieces,
            Pieces::kColumns);
  EXPECT_EQ(names.RoleOf(layer + "block_sparse_moe.experts.{e}.w3.weight"), Role::kExpertUp);
}

TEST(Grok2, Gguf) {
  GgufKeys keys = TinyGguf("grok");
  keys = With(keys, "grok.expert_count", int64_t{3});
  keys = With(keys, "grok.expert_used_count", int64_t{2});
  const ModelSpec old = SpecOf(GgufConfig(keys, {"blk.0.layer_output_norm.weight"}));
  EXPECT_EQ(old.embedding_scale, 78.38367176906169f) << "the loader's defaults are Grok-1's";
  EXPECT_EQ(old.layers[0].gqa().scale, 0.08838834764831845f);
  EXPECT_FALSE(old.layers[0].moe()->shared.has_value());
  EXPECT_EQ(TensorNames(old, Container::kGguf).RoleOf("blk.0.layer_output_norm.weight"),
            Role::kPostFfnNorm);
  keys = With(keys, "grok.embedding_scale", 90.5);
  keys = With(keys, "grok.logit_scale", 0.5);
  keys = With(keys, "grok.attention.output_scale", 0.25);
  keys = With(keys, "grok.attn_logit_softcapping", 20.0);
  keys = With(keys, "grok.router_logit_softcapping", 10.0);
  keys = With(keys, "grok.final_logit_softcapping", 50.0);
  keys = With(keys, "grok.attention.temperature_length", int64_t{64});
  keys = With(keys, "grok.expert_feed_forward_length", int64_t{8});
  const ModelSpec spec = SpecOf(GgufConfig(keys, {"blk.0.ffn_up.weight"}));
  EXPECT_EQ(spec.layers[0].gqa().scale, 0.25f);
  EXPECT_EQ(spec.layers[0].gqa().q_scale.length, 64);
  EXPECT_EQ(spec.layers[0].moe()->router.softcap, 10.0f);
  EXPECT_EQ(spec.logit_cap, 50.0f);
  const TensorNames names(spec, Container::kGguf);
  EXPECT_EQ(names.RoleOf("blk.0.post_ffw_norm.weight"), Role::kPostFfnNorm);
  EXPECT_EQ(names.ShapeOf("blk.0.ffn_up.weight"), (Shape{24, 16}));
  EXPECT_EQ(names.ShapeOf("blk.0.ffn_up_exps.weight"), (Shape{3, 8, 16}));
}

TEST(Grok2, RefusesByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"sliding_window_size": 4096})", "'sliding_window_size'"},
      {R"({"global_attn_every_n": 2})", "'global_attn_every_n'"},
      {R"({"rope_rotate_half_dims": true})", "'rope_rotate_half_dims'"},
      {R"({"rope_type": "llama3"})", "'rope_type'"},
      {R"({"attn_output_multiplier": 0.5})", "'attn_output_multiplier'"}};
  for (const auto& [change, part] : cases) {
    ExpectParseFails(Changed(kTiny, change), StatusCode::kUnsupported, {part});
  }
  ExpectParseFails(Changed(kTiny, R"({"attn_temperature_len": 1})"), StatusCode::kCorrupt,
                   {"'attn_temperature_len'"});
  ExpectParseFails(Changed(kTiny, R"({"scaling_factor": 0})"), StatusCode::kCorrupt,
                   {"'scaling_factor'"});
}

// ---- Files by tensor-parallel rank
// ---------------------------------------------------------------

// The tiny model's tensors, each element of its own value, in one file or with the experts' in two
// pieces.
class RankModel {
 public:
  RankModel() {
    dir_.Write("config.json", kTiny);
    for (const TensorDesc& desc : ModelTensors(SpecOf(kTiny))) {
      if (desc.hf.name.empty()) continue;
      const bool experts = IsPerExpert(desc.role);
      const Shape shape = experts ? Shape{desc.shape[1], desc.shape[2]} : desc.shape;
      for (int64_t e = 0; e < (experts ? desc.shape[0] : 1); ++e) {
        std::string name = desc.hf.name;
        if (experts) name.replace(name.find("{e}"), 3, std::to_string(e));
        std::vector<float> values(NumElements(shape));
        for (float& value : values) value = 0.001f * static_cast<float>(++count_ % 997) - 0.4f;
        whole_.push_back(Own(name, shape, values));
        if (experts) {
          for (int piece : {0, 1}) rank[piece].push_back(Piece(desc, name, shape, values, piece));
        } else {
          common.push_back(whole_.back());
        }
      }
    }
  }

  void WriteWhole() { Write("model.safetensors", whole_); }
  void WriteRanks() {
    Write("pytorch_model-00000-TP-common.safetensors", common);
    for (int piece : {0, 1}) {
      Write(fmt::format("pytorch_model-00001-TP-{:03}.safetensors", piece), rank[piece]);
    }
  }
  const TempDir& dir() const { return dir_; }
  Result<std::unique_ptr<Model>> Load() {
    ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(dir_.path()));
    return LoadModel(std::move(checkpoint), team_);
  }
  void ExpectFails(const std::string& part) {
    const auto model = Load();
    ASSERT_FALSE(model.ok()) << part;
    EXPECT_EQ(model.status().code(), StatusCode::kCorrupt) << model.status().message();
    EXPECT_NE(model.status().message().find(part), std::string::npos) << model.status().message();
  }

  // A tensor of zeros in place of one of a rank's.
  void Replace(int piece, const std::string& name, DType dtype, const Shape& shape) {
    for (NamedTensor& tensor : rank[piece]) {
      if (tensor.name != name) continue;
      storage_.emplace_back(*TensorBytes(dtype, NumElements(shape) / shape.back(), shape.back()));
      tensor = MakeTensor(name, dtype, shape, storage_.back());
    }
  }

  std::vector<NamedTensor> common, rank[2];

 private:
  NamedTensor Own(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    storage_.emplace_back(bytes, bytes + values.size() * sizeof(float));
    return MakeTensor(name, DType::kF32, shape, storage_.back());
  }
  NamedTensor Piece(const TensorDesc& desc, const std::string& name, const Shape& shape,
                    const std::vector<float>& values, int piece) {
    const bool columns = desc.hf.pieces == Pieces::kColumns;
    const Shape part = columns ? Shape{shape[0], shape[1] / 2} : Shape{shape[0] / 2, shape[1]};
    std::vector<float> own;
    for (int64_t r = 0; r < part[0]; ++r) {
      for (int64_t c = 0; c < part[1]; ++c) {
        const int64_t row = r + (columns ? 0 : piece * part[0]);
        const int64_t col = c + (columns ? piece * part[1] : 0);
        own.push_back(values[row * shape[1] + col]);
      }
    }
    return Own(name, part, own);
  }
  void Write(const std::string& name, const std::vector<NamedTensor>& tensors) {
    const Status written = WriteSafetensors(dir_.Path(name), {}, tensors);
    EXPECT_TRUE(written.ok()) << written.message();
  }

  TempDir dir_;
  int64_t count_ = 0;
  std::vector<NamedTensor> whole_;
  std::deque<std::vector<uint8_t>> storage_;
  ThreadTeam team_{2};
};

std::vector<float> Rows(const Linear& linear) {
  std::vector<float> values(linear.w.n * linear.w.k);
  for (int64_t row = 0; row < linear.w.n; ++row) {
    UnpackRow(linear.w, row, values.data() + row * linear.w.k);
  }
  return values;
}

TEST(Grok2Ranks, PiecesMakeTheWholeModel) {
  RankModel split, single;
  split.WriteRanks();
  single.WriteWhole();
  const auto a = split.Load();
  const auto b = single.Load();
  ASSERT_TRUE(a.ok()) << a.status().message();
  ASSERT_TRUE(b.ok()) << b.status().message();
  const auto& from_pieces = std::get<MoeWeights>((*a)->weights.layers[0].ffn);
  const auto& from_whole = std::get<MoeWeights>((*b)->weights.layers[0].ffn);
  ASSERT_EQ(from_pieces.experts.size(), 3u);
  for (int e = 0; e < 3; ++e) {
    EXPECT_EQ(Rows(from_pieces.experts[e].gate), Rows(from_whole.experts[e].gate));
    EXPECT_EQ(Rows(from_pieces.experts[e].up), Rows(from_whole.experts[e].up));
    EXPECT_EQ(Rows(from_pieces.experts[e].down), Rows(from_whole.experts[e].down));
  }
  EXPECT_EQ(Rows(from_pieces.shared->up), Rows(from_whole.shared->up));
}

TEST(Grok2Ranks, WrongPiecesAreNamed) {
  const std::string w1 = "model.layers.0.block_sparse_moe.experts.1.w1.weight";
  const std::string w2 = "model.layers.0.block_sparse_moe.experts.1.w2.weight";
  const auto expect = [&](int piece, const std::string& name, DType dtype, const Shape& shape,
                          const std::string& part) {
    RankModel model;
    model.Replace(piece, name, dtype, shape);
    model.WriteRanks();
    model.ExpectFails(part);
  };
  expect(1, w1, DType::kF32, {3, 12}, "'" + w1 + "#TP-001': expected (4, 12), found (3, 12)");
  expect(0, w2, DType::kF32, {12, 8}, "'" + w2 + "#TP-000': expected (12, 4), found (12, 8)");
  expect(1, w1, DType::kBF16, {4, 12}, "expected F32 like the piece before, found BF16");
  RankModel lacking;
  std::erase_if(lacking.rank[1], [&](const NamedTensor& t) { return t.name == w1; });
  lacking.WriteRanks();
  lacking.ExpectFails("tensor '" + w1 + "#TP-001' (4, 12) is missing");
  RankModel extra;
  extra.rank[1].push_back(extra.common[0]);
  extra.WriteRanks();
  extra.ExpectFails("#TP-001'");
}

}  // namespace
}  // namespace frugal
