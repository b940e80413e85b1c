#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaContainerMethods, Goldens) { RunGoldens("container_methods", 40); }

}  // namespace
}  // namespace frugal
