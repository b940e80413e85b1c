// Published configurations of the open-weight wave: total and active parameters, and the bytes of
// keys and values per token, are those of the models' papers and model cards.
#include <cmath>

#include "model/shapes.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

// What a figure of active parameters counts.
enum class Counting {
  kHead,     // the output head, not the input embedding
  kBoth,     // both
  kNoVocab,  // neither
};

struct Row {
  const char* shape;
  double total;   // billions
  double active;  // billions
  int64_t kv_bytes;
  Counting counting = Counting::kHead;
};

constexpr Row kRows[] = {
    {"deepseek-v2", 235.7, 20.9, 69120},
    {"deepseek-v2-lite", 15.7, 2.45, 31104},
    {"deepseek-v3", 671.0, 36.6, 70272},
    {"kimi-k2", 1026, 31.7, 70272},
    {"qwen3-235b-a22b", 235.1, 21.6, 192512},
    {"qwen3-30b-a3b", 30.5, 3.04, 98304},
    {"glm-4.5", 352.8, 32.9, 376832},
    {"glm-4.5-air", 106.9, 12.8, 188416},
    {"ernie-4.5-300b-a47b", 299.5, 47.1, 221184},
    {"ernie-4.5-21b-a3b", 21.8, 3.35, 57344},
    {"hunyuan-a13b", 80.4, 12.75, 131072},
    {"hunyuan-large", 388.7, 51.3, 81920},
    {"minimax-m2", 228.7, 10.4, 253952},
    {"minimax-text-01", 456.1, 45.9, 40960, Counting::kNoVocab},
    {"gpt-oss-20b", 20.9, 3.61, 24576},
    {"gpt-oss-120b", 116.8, 5.13, 36864},
    {"ling-lite", 16.8, 2.75, 57344, Counting::kBoth},
    {"ling-plus", 290.6, 28.3, 270336},
    {"mixtral-8x7b", 46.7, 12.75, 131072},
    {"llama-3.1-405b", 405.85, 403.75, 516096},
    {"mistral-small-24b", 23.57, 22.9, 163840},
    {"apertus-8b", 8.05, 7.52, 131072},
    {"apertus-70b", 70.6, 69.53, 327680},
    {"seed-oss-36b", 36.15, 35.36, 262144},
    {"deepseek-67b", 67.4, 66.56, 389120},
    {"qwen2.5-72b", 72.7, 71.46, 327680},
    {"llama-3.2-1b", 1.236, 1.236, 32768},
    {"llama-3.2-3b", 3.213, 3.213, 114688},
    {"llama-3.1-8b", 8.03, 7.505, 131072},
    {"llama-3.1-70b", 70.55, 69.5, 327680},
    {"mistral-7b", 7.248, 7.114, 131072},
    {"mixtral-8x22b", 140.6, 38.95, 229376},
    {"qwen2.5-7b", 7.616, 7.07, 57344},
    {"qwen3-0.6b", 0.596, 0.596, 114688},
    {"qwen3-1.7b", 1.72, 1.72, 114688},
    {"qwen3-4b", 4.02, 4.02, 147456},
    {"qwen3-8b", 8.19, 7.57, 147456},
    {"qwen3-14b", 14.77, 13.99, 163840},
    {"qwen3-32b", 32.76, 31.98, 262144},
    {"qwen3-next-80b-a3b", 79.7, 3.58, 24576},
};

class PublishedSizes : public testing::TestWithParam<Row> {};

TEST_P(PublishedSizes, AreThoseOfThePapers) {
  const Row& row = GetParam();
  const Result<Checkpoint> shape = OpenShape(row.shape);
  ASSERT_TRUE(shape.ok()) << shape.status().message();
  const Result<ModelSpec> parsed = ParseModelSpec(*shape);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const ModelSpec& spec = *parsed;
  const std::vector<TensorDesc> table = ModelTensors(spec);
  const double vocab = static_cast<double>(spec.vocab) * spec.hidden;
  const double total = CountParameters(spec, table);
  double active = CountActiveParameters(spec, table);
  if (row.counting == Counting::kNoVocab) {
    active -= 2 * vocab;
  } else if (row.counting == Counting::kHead && !spec.tied_embedding) {
    active -= vocab;
  }
  EXPECT_NEAR(total / 1e9, row.total, 0.005 * row.total);
  EXPECT_NEAR(active / 1e9, row.active, 0.01 * row.active);
  EXPECT_EQ(KvGrowthPerToken(spec, KvType::kBf16), row.kv_bytes);
}

TEST(PublishedShapes, EachHasItsRow) {
  for (const ModelShape& shape : AllShapes()) {
    EXPECT_TRUE(std::ranges::any_of(kRows, [&](const Row& row) { return row.shape == shape.name; }))
        << shape.name;
  }
}

std::string RowName(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.shape;
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Papers, PublishedSizes, testing::ValuesIn(kRows), RowName);

}  // namespace
}  // namespace frugal
