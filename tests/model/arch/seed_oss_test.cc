#include "tests/model/arch/table_test_util.h"

namespace frugal {
namespace {

TEST(SeedOss, BiasesAreSetApart) {
  const ModelSpec plain = SpecOf(TinyConfig("seed_oss", R"({"head_dim": 8})"));
  EXPECT_TRUE(plain.layers[0].gqa().q_bias && plain.layers[0].gqa().v_bias);
  EXPECT_FALSE(plain.layers[0].gqa().o_bias);
  const ModelSpec other = SpecOf(TinyConfig("seed_oss", R"({"head_dim": 8,
      "attention_bias": false, "attention_out_bias": true, "residual_dropout": 0.1})"));
  EXPECT_FALSE(other.layers[0].gqa().q_bias);
  EXPECT_TRUE(other.layers[0].gqa().o_bias);
  EXPECT_EQ(other.layers[0].gqa().head_dim, 8);
}

TEST(SeedOss, GgufHasAnotherNameForTheSecondNorm) {
  for (const TensorDesc& desc : ModelTensors(SpecOf(TinyConfig("seed_oss")))) {
    if (desc.role != Role::kFfnNorm || desc.layer != 1) continue;
    EXPECT_EQ(desc.gguf.name, "blk.1.post_attention_norm.weight");
    EXPECT_EQ(desc.hf.name, "model.layers.1.post_attention_layernorm.weight");
  }
}

}  // namespace
}  // namespace frugal
