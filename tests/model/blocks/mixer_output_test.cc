#include "model/blocks/mixer_output.h"

#include "tests/model/blocks/block_test_util.h"

namespace frugal {
namespace {

constexpr int64_t kHidden = 11;
constexpr int64_t kRows = 5;

TEST(MixerDim, IsTheWidthThatTheOutputProjectionReads) {
  LayerSpec layer;
  layer.mixer = GqaSpec{.n_heads = 6, .n_kv_heads = 2, .head_dim = 10};
  EXPECT_EQ(MixerDim(layer), 60);
  layer.mixer = MlaSpec{.n_heads = 3,
                        .kv_lora_rank = 16,
                        .qk_nope_head_dim = 5,
                        .qk_rope_head_dim = 4,
                        .v_head_dim = 7};
  EXPECT_EQ(MixerDim(layer), 21);
  layer.mixer = GatedDeltaSpec{
      .n_k_heads = 2, .n_v_heads = 4, .k_head_dim = 5, .v_head_dim = 9, .conv_kernel = 4};
  EXPECT_EQ(MixerDim(layer), 36);
  layer.mixer = LightningSpec{.n_heads = 3, .head_dim = 12, .decay = {}};
  EXPECT_EQ(MixerDim(layer), 36);
}

// Rows of `attended` of every kind of mixer, through an o with and without bias and order.
TEST(MixerOutput, EqualsTheOracle) {
  std::vector<Step> steps;
  AppendMixerOutput(1, &steps);
  for (int kind = 0; kind < 3; ++kind) {
    for (const bool ordered : {false, true}) {
      for (const Isa isa : SupportedIsas()) {
        for (const int threads : {1, 3}) {
          SCOPED_TRACE(testing::Message() << kind << ordered << IsaName(isa) << threads);
          BlockModel random(9, kHidden, 2);
          Model& model = random.model;
          LayerSpec& spec = model.spec.layers[1];
          LayerWeights& weights = model.weights.layers[1];
          if (kind == 0) spec.mixer = GqaSpec{.n_heads = 6, .n_kv_heads = 2, .head_dim = 10};
          if (kind == 1) {
            spec.mixer = LightningSpec{.n_heads = 3, .head_dim = 7, .decay = {1.0f, 1.0f, 1.0f}};
          }
          if (kind == 2) {
            spec.mixer = GatedDeltaSpec{
                .n_k_heads = 2, .n_v_heads = 4, .k_head_dim = 5, .v_head_dim = 9, .conv_kernel = 4};
          }
          const int64_t dim = MixerDim(spec);
          Oracle oracle;
          const Linear o =
              ordered ? random.MatrixInOrder(kHidden, dim, true, random.Order(dim), &oracle)
                      : random.Matrix(kHidden, dim, false, &oracle);
          if (kind == 0) weights.mixer = GqaWeights{.o = o};
          if (kind == 1) weights.mixer = LightningWeights{.o = o};
          if (kind == 2) weights.mixer = GatedDeltaWeights{.o = o};
          EXPECT_EQ(OutputProjection(weights).w.data, o.w.data);

          ThreadTeam team(threads);
          BlockPass pass(model, team, {.isa = isa, .exact = true, .max_rows = kRows});
          const std::vector<BatchRow> rows(kRows);
          pass.Start({.rows = rows});
          const Floats attended = random.Random(kRows * dim, 0.0f, 1.0f);
          std::copy(attended.begin(), attended.end(), pass.state.attended.data());
          pass.Run(steps);
          for (int64_t r = 0; r < kRows; ++r) {
            const Doubles expected = oracle({&attended[r * dim], &attended[r * dim] + dim});
            ExpectRowNear(pass.state.delta.data() + r * kHidden, expected.data(), kHidden, 1e-6);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace frugal
