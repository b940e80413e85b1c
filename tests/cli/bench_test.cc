// frugal bench: what it prints. Speeds are looked at for being there.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

TEST(BenchCommand, JsonHasTheRoofsAndThenEveryTest) {
  const auto list = nlohmann::ordered_json::parse(
      MustRun({"bench", TestData("models/llama2-plain"), "-p", "8", "-n", "2", "-r", "2", "-d",
               "0,64", "-b", "1,2", "--threads", "2", "--json"}));
  ASSERT_TRUE(list.is_array());
  ASSERT_EQ(list.size(), 7u);
  const auto& machine = list[0];
  EXPECT_EQ(machine.at("threads"), 2);
  for (const char* key : {"read_bytes_per_s", "int8_operations_per_s", "bf16_operations_per_s",
                          "f32_operations_per_s"}) {
    EXPECT_GT(machine.at(key), 0.0) << key;
  }
  ASSERT_EQ(machine.at("roofs_by_threads").size(), 2u);
  EXPECT_EQ(machine.at("roofs_by_threads")[0].at("threads"), 1);
  const char* tests[] = {"pp8", "tg2", "tg2@b2", "pp8@d64", "tg2@d64", "tg2@d64@b2"};
  for (size_t i = 0; i < 6; ++i) {
    const auto& test = list[i + 1];
    EXPECT_EQ(test.at("test"), tests[i]);
    std::vector<std::string> keys;
    for (const auto& [key, value] : test.items()) keys.push_back(key);
    EXPECT_EQ(keys,
              (std::vector<std::string>{"test", "tokens_per_s", "stddev", "bytes_per_token",
                                        "operations_per_token", "bound", "roof", "roof_share"}));
    EXPECT_GT(test.at("tokens_per_s"), 0.0);
    EXPECT_GT(test.at("roof"), 0.0);
  }
}

TEST(BenchCommand, TextHasARowForEveryTest) {
  const std::string text = MustRun(
      {"bench", TestData("models/llama-q4_k.gguf"), "-p", "4", "-n", "2", "-r", "1", "-t", "1"});
  for (const char* part :
       {"model    llama, ", "machine  ", "threads", "int8 Gop/s", "\npp4 ", "\ntg2 ", "%"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(BenchCommand, RequestsThatMakeNoSenseAreRefused) {
  const std::string model = TestData("models/llama2-plain");
  ExpectUsage(RunProgram({"bench", model, "-p", "0", "-n", "0"}), "--prompt");
  ExpectUsage(RunProgram({"bench", model, "-r", "0"}), "--repeat");
  ExpectUsage(RunProgram({"bench", model, "-d", "many"}), "--depth");
  const Output none = RunProgram({"bench"});
  EXPECT_EQ(none.exit, 2);
  EXPECT_NE(none.err.find("no model named"), std::string::npos) << none.err;
  for (const char* depth : {"1000000", "-5"}) {
    const Output deep = RunProgram({"bench", model, "-p", "4", "-n", "1", "-t", "1", "--json",
                                    fmt::format("--depth={}", depth)});
    ExpectFailure(deep, {"depth", depth});
    EXPECT_EQ(deep.out, "");
  }
  ExpectFailure(RunProgram({"bench", model, "-p", "4", "-n", "1", "-t", "1", "--json", "-b", "0"}),
                {"batch 0"});
}

}  // namespace
}  // namespace frugal
