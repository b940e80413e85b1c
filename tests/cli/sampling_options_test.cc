#include "cli/sampling_options.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/cli/command_line.h"

namespace frugal {
namespace {

// Reads `args` into *flags; the message that refuses them, or "".
std::string Parse(std::vector<std::string> args, SamplingFlags* flags) {
  Command command;
  AddSamplingFlags(&command, flags);
  return ParseError(command.options, std::move(args));
}

std::string Refusal(std::vector<std::string> args) {
  SamplingFlags flags;
  return Parse(std::move(args), &flags);
}

SamplingOptions Options(std::vector<std::string> args, const Metadata& generation = {}) {
  SamplingFlags flags;
  EXPECT_EQ(Parse(std::move(args), &flags), "");
  const Result<SamplingOptions> options = ToSamplingOptions(flags, generation);
  EXPECT_TRUE(options.ok()) << options.status().message();
  return options.ok() ? *options : SamplingOptions();
}

Metadata Recommending() {
  Metadata generation;
  generation.values["do_sample"] = true;
  generation.values["temperature"] = 0.6;
  generation.values["top_k"] = int64_t{20};
  generation.values["top_p"] = 0.9;
  generation.values["min_p"] = 0.05;
  generation.values["repetition_penalty"] = 1.1;
  return generation;
}

TEST(SamplingOptions, DefaultsAreFrugals) {
  const SamplingOptions options = Options({});
  EXPECT_FLOAT_EQ(options.temperature, kDefaultTemperature);
  EXPECT_EQ(options.top_k, 0);
  EXPECT_FLOAT_EQ(options.top_p, kDefaultTopP);
  EXPECT_EQ(options.min_p, 0.0f);
  EXPECT_EQ(options.repetition_penalty, 1.0f);
  EXPECT_EQ(options.presence_penalty, 0.0f);
  EXPECT_EQ(options.frequency_penalty, 0.0f);
  EXPECT_TRUE(options.logit_bias.empty());
}

TEST(SamplingOptions, TheCheckpointsRecommendationComesBeforeThem) {
  const SamplingOptions options = Options({}, Recommending());
  EXPECT_FLOAT_EQ(options.temperature, 0.6f);
  EXPECT_EQ(options.top_k, 20);
  EXPECT_FLOAT_EQ(options.top_p, 0.9f);
  EXPECT_FLOAT_EQ(options.min_p, 0.05f);
  EXPECT_FLOAT_EQ(options.repetition_penalty, 1.1f);
}

TEST(SamplingOptions, FlagsComeFirst) {
  const SamplingOptions options = Options({"--temp",
                                           "1.5",
                                           "--top-k",
                                           "0",
                                           "--top-p",
                                           "1",
                                           "--min-p",
                                           "0.25",
                                           "--repeat-penalty",
                                           "1",
                                           "--presence-penalty",
                                           "-0.5",
                                           "--frequency-penalty",
                                           "2",
                                           "--logit-bias",
                                           "7=-inf",
                                           "--logit-bias",
                                           "8=1.5",
                                           "--seed",
                                           "42"},
                                          Recommending());
  EXPECT_EQ(options.temperature, 1.5f);
  EXPECT_EQ(options.top_k, 0);
  EXPECT_EQ(options.top_p, 1.0f);
  EXPECT_EQ(options.min_p, 0.25f);
  EXPECT_EQ(options.repetition_penalty, 1.0f);
  EXPECT_EQ(options.presence_penalty, -0.5f);
  EXPECT_EQ(options.frequency_penalty, 2.0f);
  const std::vector<std::pair<int32_t, float>> bias = {{7, -INFINITY}, {8, 1.5f}};
  EXPECT_EQ(options.logit_bias, bias);
  EXPECT_EQ(options.seed, 42u);
}

TEST(SamplingOptions, GreedyIsTheModelsOwnChoice) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--greedy"}, {"--temp", "0"}, {"--greedy", "--temp", "1"}}) {
    const SamplingOptions options = Options(args, Recommending());
    EXPECT_EQ(options.temperature, 0.0f);
    EXPECT_EQ(options.repetition_penalty, 1.0f);
  }
  EXPECT_EQ(Options({"--greedy", "--repeat-penalty", "1.3"}, Recommending()).repetition_penalty,
            1.3f);
}

TEST(SamplingOptions, ACheckpointMayAskForGreedy) {
  Metadata generation = Recommending();
  generation.values["do_sample"] = false;
  EXPECT_EQ(Options({}, generation).temperature, 0.0f);
  EXPECT_EQ(Options({"--temp", "0.7"}, generation).temperature, 0.7f);
}

TEST(SamplingOptions, MinusOneMeansAllInSomeCheckpoints) {
  Metadata generation;
  generation.values["top_k"] = int64_t{-1};
  EXPECT_EQ(Options({}, generation).top_k, 0);
}

TEST(SamplingOptions, TopPOfZeroKeepsOne) {
  const float top_p = Options({"--top-p", "0"}).top_p;
  EXPECT_GT(top_p, 0.0f);
  EXPECT_LT(top_p, 1e-30f);
}

TEST(SamplingOptions, WhatTheCheckpointGetsWrongIsNamed) {
  const auto message = [](const char* key, MetaValue value) {
    Metadata generation;
    generation.values[key] = std::move(value);
    const Result<SamplingOptions> options = ToSamplingOptions({}, generation);
    EXPECT_FALSE(options.ok()) << key;
    return options.status().message();
  };
  for (const std::string& text : {message("temperature", std::string("hot")),
                                  message("temperature", -1.0), message("temperature", 1e300)}) {
    EXPECT_EQ(text.find("generation_config.json: "), 0u) << text;
    EXPECT_NE(text.find("temperature"), std::string::npos) << text;
  }
  EXPECT_NE(message("top_k", 1e12).find("top_k"), std::string::npos);
  EXPECT_NE(message("top_p", 1.5).find("top_p"), std::string::npos);
  EXPECT_NE(message("repetition_penalty", 0.0).find("repetition_penalty"), std::string::npos);

  Metadata generation;
  generation.values["temperature"] = std::string("hot");
  EXPECT_FLOAT_EQ(Options({"--temp", "0.5"}, generation).temperature, 0.5f);
}

TEST(SamplingOptions, SeedsAreKeptOrFresh) {
  EXPECT_EQ(Options({"-s", "0"}).seed, 0u);
  EXPECT_EQ(Options({"--seed", "9223372036854775807"}).seed, 9223372036854775807u);
  EXPECT_NE(Options({}).seed, Options({}).seed);
  EXPECT_NE(Options({"--seed", "-1"}).seed, Options({"--seed", "-1"}).seed);
  EXPECT_LT(Options({}).seed, uint64_t{1} << 53);
}

TEST(SamplingFlags, NonsenseIsRefused) {
  EXPECT_EQ(Refusal({"--temp", "0.5"}), "");
  EXPECT_EQ(Refusal({"--temp", "warm"}), "--temp: expected a number of at least 0, found 'warm'");
  EXPECT_EQ(Refusal({"--temp", "-0.1"}), "--temp: expected a number of at least 0, found '-0.1'");
  EXPECT_EQ(Refusal({"--temp", "nan"}), "--temp: expected a number of at least 0, found 'nan'");
  EXPECT_EQ(Refusal({"--top-p", "1.01"}), "--top-p: expected a number from 0 to 1, found '1.01'");
  EXPECT_NE(Refusal({"--top-k", "2.5"}), "");
  EXPECT_NE(Refusal({"--top-k", "-1"}), "");
  EXPECT_NE(Refusal({"--top-k", "99999999999"}), "");
  EXPECT_NE(Refusal({"--repeat-penalty", "0"}), "");
  EXPECT_NE(Refusal({"--presence-penalty", "inf"}), "");
  EXPECT_NE(Refusal({"--seed", "lucky"}), "");
  EXPECT_NE(Refusal({"--seed", "9223372036854775808"}), "");
  for (const char* bias : {"5", "=1", "5=", "x=1", "5=y", "5=1x", "5 =1", "99999999999=1"}) {
    EXPECT_EQ(Refusal({"--logit-bias", bias}),
              std::string("--logit-bias: expected ID=VALUE as in 42=-100, found '") + bias + "'");
  }
}

}  // namespace
}  // namespace frugal
