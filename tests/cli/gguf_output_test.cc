#include "cli/gguf_output.h"

#include "tests/cli/command_line.h"

namespace frugal {
namespace {

TEST(GgufOutput, QuantTakesTheNamesOfTypes) {
  for (const std::string text : {"Q4_K", "q4_k"}) {
    std::string quant;
    EXPECT_EQ(ParseError({QuantOption(&quant, "")}, {"--quant", text}), "");
    EXPECT_EQ(QuantType(quant), DType::kQ4_K);
  }
  std::string quant;
  EXPECT_NE(ParseError({QuantOption(&quant, "")}, {"-q", "Q9"}).find("--quant"), std::string::npos);
}

TEST(GgufOutput, SummaryNamesTypesAndFallbacks) {
  testing::internal::CaptureStderr();
  PrintGgufSummary("m.gguf", {.arch = "llama",
                              .tensors = 3,
                              .bytes = 2'000'000,
                              .types = {{"F32", 1}, {"Q4_K", 2}},
                              .fallbacks = {{"Q4_K → Q5_0", 1}}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "m.gguf: 2.00 MB llama, 3 tensors (1 F32, 2 Q4_K)\n"
            "  1 Q4_K → Q5_0: rows are no multiple of the block\n");
}

}  // namespace
}  // namespace frugal
