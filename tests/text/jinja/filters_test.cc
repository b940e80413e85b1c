#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaFilters, Goldens) { RunGoldens("filters", 280); }

}  // namespace
}  // namespace frugal
