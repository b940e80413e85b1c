#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaCall, Goldens) { RunGoldens("call", 80); }

// A loop object may outlive its loop, and the activation that its test ran in.
TEST(JinjaCall, LoopsOutliveTheirFunction) {
  EXPECT_EQ(
      Outcome("{% set ns = namespace() %}"
              "{% macro m(k) %}{% for q in numbers if q != k %}{% set ns.l = loop %}{% break %}"
              "{% endfor %}{% endmacro %}{{ m(1) }}{{ ns.l.index }}{{ ns.l.last }}"
              "{{ ns.l.nextitem is defined }}"),
      "1TrueFalse");
  EXPECT_EQ(Outcome("{% set ns = namespace() %}{% for q in tree recursive %}{% set ns.l = loop %}"
                    "{{ q.v }}{% endfor %}{{ ns.l(tree[0].kids) }}"),
            "123");
}

// A macro that leaves its function still sees the variables around it.
TEST(JinjaCall, MacrosKeepTheirVariables) {
  EXPECT_EQ(
      Outcome("{% set ns = namespace() %}{% macro outer(a) %}{% macro inner() %}{{ a }}"
              "{% endmacro %}{% set ns.f = inner %}{% endmacro %}{{ outer('x') }}{{ ns.f() }}"),
      "x");
}

TEST(JinjaCall, EndlessRecursionIsAnError) {
  for (const char* source :
       {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% macro m() %}{% call m() %}{{ m() }}{% endcall %}{{ caller() }}{% endmacro %}{{ m() }}",
        "{% for q in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% macro m() %}{% for q in [1] if m() %}{% endfor %}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ [[[[[[[[m()]]]]]]]] }}{% endmacro %}{{ m() }}"}) {
    const auto text = RenderSnippet(source);
    ASSERT_FALSE(text.ok()) << source;
    EXPECT_EQ(text.status().code(), StatusCode::kResourceExhausted) << text.status().message();
  }
}

}  // namespace
}  // namespace frugal
