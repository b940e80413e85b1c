#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaPredicates, Goldens) { RunGoldens("predicates", 400); }

}  // namespace
}  // namespace frugal
