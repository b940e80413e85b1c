// frugal logits on the golden models: what is in the file, to the byte.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/cli/program.h"
#include "tests/formats/format_test_util.h"
#include "tests/model/golden.h"

namespace frugal {
namespace {

std::string Ids(const std::vector<int32_t>& ids) {
  std::string text;
  for (int32_t id : ids) {
    if (!text.empty()) text += ',';
    text += std::to_string(id);
  }
  return text;
}

struct Npy {
  std::string header;  // the dictionary
  std::vector<float> values;
};

Npy ParseNpy(const std::string& bytes) {
  Npy npy;
  if (bytes.size() < 128 || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    ADD_FAILURE() << "no .npy file of version 1.0";
    return npy;
  }
  const size_t length = static_cast<uint8_t>(bytes[8]) + 256 * static_cast<uint8_t>(bytes[9]);
  npy.header = bytes.substr(10, length);
  npy.values.resize((bytes.size() - 10 - length) / sizeof(float));
  std::memcpy(npy.values.data(), bytes.data() + 10 + length, npy.values.size() * sizeof(float));
  return npy;
}

class LogitsTest : public testing::TestWithParam<GoldenCase> {
 protected:
  std::string Run(std::vector<std::string> more) const {
    std::vector<std::string> args = {
        "logits",    GetParam().path,
        "--ids",     Ids(golden_.input_ids),
        "--out",     dir_.Path("logits.npy"),
        "--threads", "2",
        "--ctx",     "512"};  // one model's prompt is longer than its own context
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_EQ(MustRun(args), "");
    return dir_.Read("logits.npy");
  }

  Golden golden_ = LoadGolden(GetParam().name);
  TempDir dir_;
};

TEST_P(LogitsTest, TheFileHoldsTheReferencesLogits) {
  const Npy npy = ParseNpy(Run({"--compute", "f32"}));
  const auto rows = static_cast<int64_t>(golden_.input_ids.size());
  EXPECT_NE(npy.header.find(fmt::format("'descr': '<f4', 'fortran_order': False, 'shape': ({}, {})",
                                        rows, golden_.vocab)),
            std::string::npos)
      << npy.header;
  ASSERT_EQ(npy.values.size(), golden_.logits.size());
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t at = row * golden_.vocab;
    EXPECT_LE(RelativeError(&npy.values[at], &golden_.logits[at], golden_.vocab), 1e-5)
        << "row " << row;
  }
}

// Every model's forward pass is tested so elsewhere (tests/model/forward_test.cc): here one of each
// kind shows that the command passes its options on.
class LogitsInvarianceTest : public LogitsTest {};

std::vector<GoldenCase> OneOfEachKind() {
  std::vector<GoldenCase> cases = GoldenCases();
  std::erase_if(cases, [](const GoldenCase& c) {
    for (const char* name : {"llama2-plain", "deepseek-v3", "qwen3-next", "gpt-oss", "qwen3-awq"}) {
      if (c.name == name) return false;
    }
    return true;
  });
  return cases;
}

TEST_P(LogitsInvarianceTest, ChunksAndThreadsChangeNoByte) {
  const std::string whole = Run({"--chunk", "64"});
  EXPECT_EQ(Run({"--chunk", "1"}), whole);
  EXPECT_EQ(Run({"--chunk", "7", "--threads", "1"}), whole);
  const std::string last = Run({"--last"});
  const size_t row = golden_.vocab * sizeof(float);
  EXPECT_NE(last.find("(1, " + std::to_string(golden_.vocab) + ")"), std::string::npos);
  EXPECT_EQ(last.substr(last.size() - row), whole.substr(whole.size() - row));
  EXPECT_EQ((last.size() - row) % 64, 0u);
}

std::string CaseName(const testing::TestParamInfo<GoldenCase>& param) {
  std::string name = std::filesystem::path(param.param.path).filename();
  for (char& c : name) c = isalnum(c) ? c : '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Goldens, LogitsTest, testing::ValuesIn(GoldenCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Goldens, LogitsInvarianceTest, testing::ValuesIn(OneOfEachKind()),
                         CaseName);

// The first row of the trained checkpoint, whose beginning is published.
TEST(Logits, OfATrainedModel) {
  SKIP_WITHOUT_SHARED("models/stories260K");
  constexpr float kExpected[] = {-6.22291f, 8.40434f,  -6.22374f, -6.22254f,
                                 -6.22195f, -6.22288f, -6.22188f, -6.22342f};
  const TempDir dir;
  for (const char* model : {"models/stories260K", "models/stories260K-f32.gguf"}) {
    MustRun(
        {"logits", Shared(model), "--ids", "1", "--out", dir.Path("l.npy"), "--compute", "f32"});
    const Npy npy = ParseNpy(dir.Read("l.npy"));
    ASSERT_EQ(npy.values.size(), 512u);
    for (int i = 0; i < 8; ++i) EXPECT_NEAR(npy.values[i], kExpected[i], 1e-5) << i;
  }
}

TEST(Logits, RequestsThatMakeNoSenseAreRefused) {
  const std::string model = TestData("models/qwen3-plain");
  const TempDir dir;
  const std::string out = dir.Write("old.npy", "old");
  ExpectUsage(RunProgram({"logits", model, "--out", out}), "--ids");
  ExpectUsage(RunProgram({"logits", model, "--ids", "1"}), "--out");
  ExpectUsage(RunProgram({"logits", model, "--ids", "1,x", "--out", out}), "--ids");
  ExpectUsage(RunProgram({"logits", model, "--ids", "1", "--out", out, "--chunk", "0"}), "--chunk");
  ExpectUsage(RunProgram({"logits", model, "--ids", "1", "--out", out, "--chunk", "513"}),
              "--chunk");
  ExpectFailure(RunProgram({"logits", model, "--ids", "1,263", "--out", out}), {"263", "262"});
  ExpectFailure(RunProgram({"logits", model, "--ids=-1", "--out", out}), {"-1"});
  ExpectFailure(RunProgram({"logits", model, "--ids", "1,2,3", "--out", out, "--ctx", "2"}),
                {"--ctx"});
  EXPECT_EQ(dir.Read("old.npy"), "old");
  EXPECT_EQ(dir.Names(), std::vector<std::string>({"old.npy"}));  // no half a file beside it
}

TEST(Logits, AFileThatCannotBeWrittenIsAFailure) {
  const std::string model = TestData("models/qwen3-plain");
  const TempDir dir;
  const std::string missing = dir.Path("no/such/folder.npy");
  ExpectFailure(RunProgram({"logits", model, "--ids", "1", "--out", missing}), {missing});
  ExpectFailure(RunProgram({"logits", model, "--ids", "1", "--out", dir.path()}), {dir.path()});
  EXPECT_TRUE(dir.Names().empty());
}

}  // namespace
}  // namespace frugal
