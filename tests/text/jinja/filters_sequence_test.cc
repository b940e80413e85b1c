#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaFiltersSequence, Goldens) { RunGoldens("filters_sequence", 120); }

}  // namespace
}  // namespace frugal
