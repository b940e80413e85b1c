#include "text/jinja/scope.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaScope, Goldens) { RunGoldens("scope", 60); }

// Tables are copied at every branch; that must not grow with the square of a hostile template.
TEST(JinjaScope, RefusesTooManyBranches) {
  std::string source;
  for (int i = 0; i < 10'000; ++i) {
    source += "{% if a %}{% set v" + std::to_string(i) + " = 1 %}{% endif %}";
  }
  const auto text = RenderSnippet(source);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.status().code(), StatusCode::kResourceExhausted) << text.status().message();
}

}  // namespace
}  // namespace frugal
