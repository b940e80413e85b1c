#include "text/jinja/ops.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaOps, Goldens) { RunGoldens("ops", 170); }

TEST(JinjaOps, IntegersHave127Bits) {
  EXPECT_EQ(Outcome("{{ 2 ** 126 + (2 ** 126 - 1) }}"), "170141183460469231731687303715884105727");
  for (const char* too_big :
       {"2 ** 127", "2 ** 126 * 2", "2 ** 126 + 2 ** 126", "-(2 ** 126) * 3", "10 ** 10 ** 10",
        "-(2 ** 126) - 2 ** 126 - 1", "170141183460469231731687303715884105728", "1e39|int"}) {
    EXPECT_NE(Outcome(std::string("{{ ") + too_big + " }}").find("127 bits"), std::string::npos)
        << too_big;
  }
}

TEST(JinjaOps, RefusesWhatIsTooLong) {
  for (const char* too_long :
       {"'a' * 10 ** 9", "'a' * 10 ** 30", "[0] * 10 ** 9", "(1, 2) * 10 ** 30",
        "'%1000000000d' % 1", "'%.1000000000f' % 1", "'a'.center(10 ** 10)",
        "'{:1000000000}'.format(1)", "'a'|center(10 ** 12)", "'a'.zfill(10 ** 9)",
        "'\\t'.expandtabs(10 ** 9)", "'a'|indent(10 ** 9, true)", "[]|tojson(indent=10 ** 9)",
        "('a' * 10 ** 6)|replace('', 'x' * 1000)"}) {
    const auto text = RenderSnippet(std::string("{{ ") + too_long + " }}");
    ASSERT_FALSE(text.ok()) << too_long;
    EXPECT_EQ(text.status().code(), StatusCode::kResourceExhausted)
        << too_long << ": " << text.status().message();
  }
}

}  // namespace
}  // namespace frugal
