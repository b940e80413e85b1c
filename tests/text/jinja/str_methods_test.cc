#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaStrMethods, Goldens) { RunGoldens("str_methods", 150); }

}  // namespace
}  // namespace frugal
