#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaStrFormat, Goldens) { RunGoldens("str_format", 45); }

}  // namespace
}  // namespace frugal
