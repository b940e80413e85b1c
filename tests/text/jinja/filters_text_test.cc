#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaFiltersText, Goldens) { RunGoldens("filters_text", 90); }

}  // namespace
}  // namespace frugal
