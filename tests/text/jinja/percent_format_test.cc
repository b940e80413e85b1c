#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaPercentFormat, Goldens) { RunGoldens("percent_format", 60); }

}  // namespace
}  // namespace frugal
