#include "model/cost.h"

#include "model/gguf_synth.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

constexpr int kF32 = static_cast<int>(Arithmetic::kF32);
constexpr int kBf16 = static_cast<int>(Arithmetic::kBf16);
constexpr int kInt8 = static_cast<int>(Arithmetic::kInt8);

// 2 layers; 9216 weights each: q 32·32, k and v 16·32, o 32·32, three times 64·32. In Q8_0 32
// numbers take 34 bytes.
const char* kDense = R"({"hidden_size": 32, "intermediate_size": 64, "vocab_size": 40})";

struct Made {
  TempDir dir;
  Checkpoint checkpoint;
  ModelSpec spec;
  WeightCost cost;
};

void Make(const std::string& config, DType type, bool exact, Made* made) {
  Metadata metadata;
  metadata.values["tokenizer.ggml.model"] = std::string("no_vocab");
  const Result<SynthModel> model = PlanSynth(HfConfig(config), type, 0, metadata);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ThreadTeam team(1);
  ASSERT_TRUE(WriteSynth(*model, made->dir.Path("m.gguf"), 0, {}, team).ok());
  Result<Checkpoint> checkpoint = OpenCheckpoint(made->dir.Path("m.gguf"));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  made->checkpoint = *std::move(checkpoint);
  made->spec = SpecOf(made->checkpoint);
  const Result<WeightCost> cost = CountWeights(made->checkpoint, made->spec, exact);
  ASSERT_TRUE(cost.ok()) << cost.status().message();
  made->cost = *cost;
}

TEST(Cost, DenseModel) {
  Made m;
  ASSERT_NO_FATAL_FAILURE(Make(Changed(kTinyLlama, kDense), DType::kQ8_0, false, &m));
  // Norms: two of 32 in each layer and one at the end.
  EXPECT_EQ(m.cost.layer_bytes, 2 * 9216 / 32 * 34 + (2 * 2 + 1) * 32 * 4);
  EXPECT_EQ(m.cost.head_bytes, 40 * 34);
  EXPECT_EQ(m.cost.embedding_bytes, 34);
  EXPECT_TRUE(m.cost.experts.empty());
  EXPECT_EQ(m.cost.layer_operations, (Operations{0, 0, 2.0 * 2 * 9216}));
  EXPECT_EQ(m.cost.head_operations, (Operations{0, 0, 2.0 * 40 * 32}));
  EXPECT_EQ(TokenParameters(m.spec, ModelTensors(m.spec)), 2 * 9216 + 5 * 32 + 40 * 32 + 32);

  // One more token after nine others: keys and values of 2 layers of 2 heads of 8 numbers.
  const double kv = 2 * 2 * (8 + 8) * 2;
  const PassCost decode = CostOfPass(m.cost, m.spec, KvType::kBf16, {.context = 10});
  EXPECT_EQ(decode.bytes, 19584 + 640 + 1360 + 34 + 10 * kv);
  EXPECT_EQ(TokenWeightBytes(m.cost), 19584 + 640 + 1360 + 34);
  EXPECT_EQ(decode.operations[kInt8], 2.0 * 2 * 9216 + 2.0 * 1280);
  // A prompt of 7 that asks for one row of logits: the weights are read once.
  const PassCost prompt =
      CostOfPass(m.cost, m.spec, KvType::kF32, {.rows = 7, .logit_rows = 1, .context = 7});
  EXPECT_EQ(prompt.bytes, 19584 + 640 + 1360 + 7 * 34 + 7 * 2 * kv);
  EXPECT_EQ(prompt.operations[kInt8], 7 * 2.0 * 2 * 9216 + 2.0 * 1280);
  // Five sequences, each with its own keys and values.
  const PassCost batch =
      CostOfPass(m.cost, m.spec, KvType::kBf16, {.sequences = 5, .logit_rows = 5, .context = 10});
  EXPECT_EQ(batch.bytes, 19584 + 640 + 1360 + 5 * (34 + 10 * kv));
  EXPECT_EQ(batch.operations[kInt8], 5 * (2.0 * 2 * 9216 + 2.0 * 1280));
  // No logits, no head.
  EXPECT_EQ(CostOfPass(m.cost, m.spec, KvType::kBf16, {.logit_rows = 0}).bytes, 19584 + 640 + 34);
}

TEST(Cost, KindsOfArithmetic) {
  for (const auto& [type, exact, kind] :
       {std::tuple(DType::kQ4_0, false, kInt8), std::tuple(DType::kQ4_0, true, kF32),
        std::tuple(DType::kBF16, false, kBf16), std::tuple(DType::kF16, false, kF32)}) {
    Made m;
    ASSERT_NO_FATAL_FAILURE(Make(Changed(kTinyLlama, kDense), type, exact, &m));
    Operations expected = {};
    expected[kind] = 2.0 * 2 * 9216;
    EXPECT_EQ(m.cost.layer_operations, expected);
  }
}

TEST(Cost, TiedEmbeddingCountsOnce) {
  Made m;
  ASSERT_NO_FATAL_FAILURE(
      Make(Changed(Changed(kTinyLlama, kDense), R"({"tie_word_embeddings": true})"), DType::kQ8_0,
           false, &m));
  EXPECT_EQ(m.cost.head_bytes, 40 * 34);
  EXPECT_EQ(m.cost.embedding_bytes, 0);
  EXPECT_EQ(m.cost.head_operations[kInt8], 2.0 * 40 * 32);
}

TEST(Cost, ExpertsAreReadWhereTheyAreChosen) {
  Made m;
  ASSERT_NO_FATAL_FAILURE(
      Make(Changed(Changed(kTinyLlama, kDense),
                   R"({"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2,
                       "sliding_window": "null"})"),
           DType::kQ8_0, false, &m));
  // Attention: 3072 weights in each layer; routers of 4·32 in float32; experts of 3·64·32.
  EXPECT_EQ(m.cost.layer_bytes, 2 * (3072 / 32 * 34 + 4 * 32 * 4) + 5 * 32 * 4);
  ASSERT_EQ(m.cost.experts.size(), 2u);
  EXPECT_EQ(m.cost.experts[1].n_experts, 4);
  EXPECT_EQ(m.cost.experts[1].top_k, 2);
  EXPECT_EQ(m.cost.experts[1].bytes, 6144 / 32 * 34);
  EXPECT_EQ(m.cost.layer_operations, (Operations{2.0 * 2 * 128, 0, 2.0 * 2 * (3072 + 2 * 6144)}));

  const auto expert_bytes = [&](int64_t rows) {
    const PassCost cost =
        CostOfPass(m.cost, m.spec, KvType::kBf16, {.sequences = rows, .logit_rows = 0});
    return cost.bytes - static_cast<double>(m.cost.layer_bytes) - static_cast<double>(rows) * 34;
  };
  EXPECT_EQ(TokenWeightBytes(m.cost), m.cost.layer_bytes + 1360 + 34 + 2 * 2 * 6528);
  const double all = 2 * 6528;  // of both layers, if one expert is read
  EXPECT_DOUBLE_EQ(expert_bytes(1), 2 * all);
  EXPECT_DOUBLE_EQ(expert_bytes(3), 4 * (1 - 0.125) * all);  // each is left out by half the tokens
  EXPECT_NEAR(expert_bytes(60), 4 * all, 1e-6);
}

TEST(Cost, LatentAttention) {
  Made m;
  ASSERT_NO_FATAL_FAILURE(Make(R"({"model_type": "deepseek_v2", "hidden_size": 32,
      "num_hidden_layers": 2, "num_attention_heads": 2, "q_lora_rank": null, "kv_lora_rank": 32,
      "qk_nope_head_dim": 32, "qk_rope_head_dim": 16, "v_head_dim": 32, "moe_layer_freq": 1,
      "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1,
      "moe_intermediate_size": 32, "intermediate_size": 64, "first_k_dense_replace": 1,
      "topk_method": "greedy", "n_group": 1, "topk_group": 1, "norm_topk_prob": false,
      "routed_scaling_factor": 1.0, "scoring_func": "softmax", "hidden_act": "silu",
      "rms_norm_eps": 1e-6, "max_position_embeddings": 128, "rope_theta": 10000.0,
      "rope_scaling": null, "attention_bias": false, "tie_word_embeddings": false,
      "vocab_size": 40})",
                               DType::kQ8_0, false, &m));
  // q 96·32, kv_a 48·32, k_b and v_b 2·32·32 each, o 32·64.
  const int64_t mixer = 3072 + 1536 + 2048 + 2048 + 2048;
  const int64_t dense = 3 * 64 * 32, expert = 3 * 32 * 32;
  EXPECT_EQ(m.cost.layer_bytes,
            (2 * mixer + dense + expert) / 32 * 34 + 4 * 32 * 4 + (2 * 3 + 1) * 32 * 4);
  ASSERT_EQ(m.cost.experts.size(), 1u);
  EXPECT_EQ(m.cost.experts[0].bytes, expert / 32 * 34);
  EXPECT_EQ(m.cost.layer_operations,
            (Operations{2.0 * 128, 0, 2.0 * (2 * mixer + dense + expert + 2 * expert)}));
  // One latent of 32 + 16 numbers per position and layer.
  EXPECT_EQ(KvReadBytes(m.spec, KvType::kBf16, 100), 2 * 48 * 2 * 100);
}

// Packed weights of safetensors: codes and scales; of a fused tensor each part its share.
TEST(Cost, BytesAreThoseOfTheFiles) {
  for (const char* name : {"qwen3-awq", "gpt-oss-mxfp4", "glm4", "qwen3-moe", "grok1-untied",
                           "minimax-m2-fp8", "kimi-k2-int4"}) {
    SCOPED_TRACE(name);
    const Result<Checkpoint> checkpoint = OpenCheckpoint(TestData(fmt::format("models/{}", name)));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    const ModelSpec spec = SpecOf(*checkpoint);
    const Result<WeightCost> cost = CountWeights(*checkpoint, spec, false);
    ASSERT_TRUE(cost.ok()) << cost.status().message();
    int64_t bytes = cost->layer_bytes + cost->head_bytes + cost->embedding_bytes * spec.vocab;
    for (const WeightCost::Experts& e : cost->experts) bytes += e.bytes * e.n_experts;
    int64_t stored = 0;
    for (const NamedTensor& tensor : checkpoint->tensors.tensors) stored += tensor.view.bytes;
    EXPECT_NEAR(static_cast<double>(bytes), static_cast<double>(stored), 0.01 * stored);
  }
}

TEST(Cost, WindowsSharedKeysAndStates) {
  ModelSpec spec;
  LayerSpec full{.mixer = GqaSpec{.n_heads = 4, .n_kv_heads = 2, .head_dim = 8}};
  LayerSpec window = full, shared = full;
  window.gqa().window = 16;
  shared.gqa().kv_layer = 0;
  spec.layers = {full, window, shared};
  const double position = 2 * (8 + 8) * 2;  // bytes of one layer
  EXPECT_EQ(KvReadBytes(spec, KvType::kBf16, 10), 3 * 10 * position);
  EXPECT_EQ(KvReadBytes(spec, KvType::kBf16, 100), (100 + 16 + 100) * position);
  spec.layers = {LayerSpec{.mixer = LightningSpec{.n_heads = 2, .head_dim = 8}}};
  EXPECT_EQ(KvReadBytes(spec, KvType::kBf16, 100), 2 * 8 * 8 * 4);
}

}  // namespace
}  // namespace frugal
