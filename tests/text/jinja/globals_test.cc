#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaGlobals, Goldens) { RunGoldens("globals", 40); }

}  // namespace
}  // namespace frugal
