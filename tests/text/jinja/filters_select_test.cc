#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaFiltersSelect, Goldens) { RunGoldens("filters_select", 80); }

}  // namespace
}  // namespace frugal
