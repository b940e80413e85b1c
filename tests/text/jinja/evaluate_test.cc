#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaEvaluate, Goldens) { RunGoldens("evaluate", 60); }

}  // namespace
}  // namespace frugal
