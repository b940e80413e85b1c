#include "model/model.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "formats/json.h"
#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

struct Angles {
  std::vector<float> cos;
  std::vector<float> sin;
};

Angles AnglesAt(const RopeTable& table, int64_t position) {
  const int half = table.spec.rotary_dim / 2;
  Angles angles{std::vector<float>(half), std::vector<float>(half)};
  RopeAngles(table, position, angles.cos.data(), angles.sin.data());
  return angles;
}

RopeTable Table(const RopeSpec& spec) {
  RopeTable table{.spec = spec, .inv_freq = std::vector<float>(spec.rotary_dim / 2)};
  RopeInvFreq(spec, spec.max_position, table.inv_freq.data(), &table.scale);
  return table;
}

TEST(RopeAngles, AreThoseOfTheTablesFrequencies) {
  const RopeTable table = Table({.rotary_dim = 6, .theta = 100.0, .max_position = 64});
  for (const int64_t position : {0, 1, 63, 64, 1000}) {
    const Angles angles = AnglesAt(table, position);
    for (int i = 0; i < 3; ++i) {
      const double angle = position * std::pow(100.0, -2.0 * i / 6);
      EXPECT_NEAR(angles.cos[i], std::cos(angle), 2e-4) << position;
      EXPECT_NEAR(angles.sin[i], std::sin(angle), 2e-4) << position;
    }
  }
}

TEST(RopeAngles, CarryTheAttentionFactor) {
  const RopeTable table = Table({.rotary_dim = 4,
                                 .scaling = RopeScaling::kYarn,
                                 .factor = 4.0,
                                 .max_position = 64,
                                 .original_max_position = 16,
                                 .attention_factor = 1.5});
  EXPECT_EQ(table.scale, 1.5f);
  const Angles angles = AnglesAt(table, 5);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(std::hypot(angles.cos[i], angles.sin[i]), 1.5, 1e-6);
  }
}

// Past the published length theta grows with the position; up to it, nothing changes.
TEST(RopeAngles, DynamicScalingFollowsThePosition) {
  const int dim = 8;
  const double max = 40, factor = 2.0, theta = 1000.0;
  const RopeTable table = Table({.rotary_dim = dim,
                                 .theta = theta,
                                 .scaling = RopeScaling::kDynamic,
                                 .factor = factor,
                                 .max_position = 40});
  for (const int64_t position : {0, 20, 39, 40, 41, 100}) {
    const double length = std::max<double>(position + 1, max);
    const double base = theta * std::pow(factor * length / max - (factor - 1.0), dim / (dim - 2.0));
    const Angles angles = AnglesAt(table, position);
    for (int i = 0; i < dim / 2; ++i) {
      const double angle = position * std::pow(base, -2.0 * i / dim);
      EXPECT_NEAR(angles.cos[i], std::cos(angle), 2e-5) << position << " pair " << i;
      EXPECT_NEAR(angles.sin[i], std::sin(angle), 2e-5) << position << " pair " << i;
    }
  }
}

// Llama 3's scaling is a setting in one container and a tensor in the other.
TEST(LoadModel, BothContainersGiveTheSameRope) {
  ThreadTeam team(1);
  const auto hf = OpenModel(TestData("models/llama3-scaled"), team);
  const auto gguf = OpenModel(TestData("models/llama3-scaled.gguf"), team);
  ASSERT_EQ(hf->ropes.size(), 1u);
  ASSERT_EQ(gguf->ropes.size(), 1u);
  EXPECT_TRUE(hf->ropes[0].spec.freq_factors.empty());
  EXPECT_EQ(gguf->ropes[0].spec.freq_factors.size(), 6u);
  EXPECT_FALSE(hf->ropes[0].spec.interleaved);
  EXPECT_TRUE(gguf->ropes[0].spec.interleaved);
  ASSERT_EQ(hf->ropes[0].inv_freq.size(), 6u);
  ASSERT_EQ(gguf->ropes[0].inv_freq.size(), 6u);
  double unscaled = 0.0;
  for (int i = 0; i < 6; ++i) {
    const float expected = hf->ropes[0].inv_freq[i];
    EXPECT_NEAR(gguf->ropes[0].inv_freq[i], expected, 1e-6 * expected) << i;
    unscaled = std::max(unscaled, std::abs(std::pow(10000.0, -2.0 * i / 12) / expected - 1.0));
  }
  EXPECT_NEAR(unscaled, 7.0, 1e-4) << "the lowest frequency is an eighth";
}

TEST(LoadModel, KeepsTheCheckpointItsWeightsPointInto) {
  ThreadTeam team(1);
  for (const GoldenCase& c : GoldenCases()) {
    const std::unique_ptr<Model> model = OpenModel(c.path, team);
    EXPECT_EQ(model->checkpoint.path, c.path);
    EXPECT_EQ(model->weights.embedding.shape, (Shape{model->spec.vocab, model->spec.hidden}));
    EXPECT_EQ(model->weights.layers.size(), model->spec.layers.size());
    const uint8_t* data = model->weights.embedding.data;
    bool inside = false;
    for (const MappedFile& file : model->checkpoint.tensors.files) {
      const auto bytes = file.bytes();
      inside |= data >= bytes.data() && data < bytes.data() + bytes.size();
    }
    EXPECT_TRUE(inside) << c.path;
  }
}

TEST(LoadModel, WithoutTensorsIsAnError) {
  ThreadTeam team(1);
  Result<Checkpoint> checkpoint =
      OpenCheckpoint(TestData("models/qwen3-plain"), {.metadata_only = true});
  ASSERT_TRUE(checkpoint.ok());
  const auto model = LoadModel(*std::move(checkpoint), team);
  ASSERT_FALSE(model.ok());
  ExpectRefused(model.status(), StatusCode::kCorrupt, TestData("models/qwen3-plain: "),
                {"'model.embed_tokens.weight' (263, 44) is missing"});
}

// ---- Hostile configurations -------------------------------------------------------------------

const char* const kValues[] = {"null",
                               "true",
                               "false",
                               "0",
                               "1",
                               "-1",
                               "2",
                               "3",
                               "7",
                               "4096",
                               "1000000000",
                               "16777216",
                               "2147483648",
                               "1099511627776",
                               "9223372036854775807",
                               "18446744073709551615",
                               "0.5",
                               "-4.0",
                               "1e308",
                               "1e-310",
                               "\"\"",
                               "\"default\"",
                               "\"yarn\"",
                               "\"dynamic\"",
                               "\"llama3\"",
                               "\"qwen3\"",
                               "\"a\\nb\"",
                               "[]",
                               "[1]",
                               "[1, 9223372036854775807]",
                               "[\"sliding_attention\"]",
                               "{}",
                               "{\"factor\": 2}",
                               "{\"type\": \"linear\", \"factor\": -1}"};

// The object that one mutation changes: the configuration itself or one inside it.
Json* PickObject(Json* config, std::mt19937& rng) {
  Json* object = config;
  for (auto& [key, value] : config->get_ref<Json::object_t&>()) {
    if (value.is_object() && !value.empty() && rng() % 2 == 0) object = &value;
  }
  return object;
}

void Mutate(Json* config, std::mt19937& rng) {
  auto& members = PickObject(config, rng)->get_ref<Json::object_t&>();
  auto member = members.begin() + rng() % members.size();
  if (rng() % 4 == 0 && members.size() > 1) {
    members.erase(member);
  } else {
    member->second = Json::parse(kValues[rng() % std::size(kValues)]);
  }
}

// One or a few members deleted or replaced: a model that runs, or one line that names the file.
TEST(LoadModel, HostileConfigurationsAreErrorsOrModels) {
  ThreadTeam team(1);
  std::mt19937 rng(20);
  int loaded = 0, refused = 0;
  for (const GoldenCase& c : GoldenCases()) {
    if (c.path.ends_with(".gguf")) continue;
    const Json config = *ReadJsonFile(c.path + "/config.json");
    for (int round = 0; round < 120; ++round) {
      Json mutated = config;
      for (uint32_t n = 1 + rng() % 3; n > 0; --n) Mutate(&mutated, rng);
      Result<Metadata> metadata = FlattenJson(mutated, c.path);
      if (!metadata.ok()) continue;  // an integer list beyond 64 bits
      Checkpoint checkpoint = *OpenCheckpoint(c.path);
      checkpoint.metadata = *std::move(metadata);
      const auto model = LoadModel(std::move(checkpoint), team);
      if (!model.ok()) {
        ++refused;
        const std::string& message = model.status().message();
        EXPECT_EQ(message.find(c.path), 0u) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        continue;
      }
      ++loaded;
      Forward forward(**model, team, {.isa = BestIsa(), .max_rows = 4});
      const auto logits = RunInChunks(forward, {0, 1, 2}, 2, (*model)->spec.vocab);
      EXPECT_EQ(logits.size(), 3u * (*model)->spec.vocab) << mutated;
    }
  }
  EXPECT_GT(loaded, 100);
  EXPECT_GT(refused, 300);
}

// The same for the keys of a GGUF.
TEST(LoadModel, HostileGgufKeysAreErrorsOrModels) {
  const MetaValue values[] = {int64_t{0},
                              int64_t{-1},
                              int64_t{1},
                              int64_t{3},
                              int64_t{1} << 40,
                              std::numeric_limits<int64_t>::max(),
                              std::numeric_limits<uint64_t>::max(),
                              0.0,
                              -1.0,
                              1e308,
                              std::nan(""),
                              HUGE_VAL,
                              true,
                              std::string("yarn"),
                              std::string("a\nb"),
                              std::vector<int64_t>{1, 2},
                              std::vector<double>{},
                              MetaNull()};
  ThreadTeam team(1);
  for (const GoldenCase& c : GoldenCases()) {
    if (!c.path.ends_with(".gguf")) continue;
    const Metadata original = OpenCheckpoint(c.path)->metadata;
    std::mt19937 rng(21);
    for (const auto& [key, unused] : original.values) {
      for (int round = 0; round < 4; ++round) {
        Checkpoint checkpoint = *OpenCheckpoint(c.path);
        checkpoint.metadata.values[key] = values[rng() % std::size(values)];
        if (round == 3) checkpoint.metadata.values.erase(key);
        const auto model = LoadModel(std::move(checkpoint), team);
        if (!model.ok()) {
          const std::string& message = model.status().message();
          EXPECT_EQ(message.find(c.path), 0u) << message;
          EXPECT_EQ(message.find('\n'), std::string::npos) << message;
          continue;
        }
        Forward forward(**model, team, {.isa = BestIsa(), .max_rows = 4});
        RunInChunks(forward, {0, 1, 2}, 2, (*model)->spec.vocab);
      }
    }
  }
}

}  // namespace
}  // namespace frugal
