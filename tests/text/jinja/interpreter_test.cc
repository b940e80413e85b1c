#include "text/jinja/interpreter.h"

#include <nlohmann/json.hpp>

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaInterpreter, Goldens) { RunGoldens("interpreter", 60); }

// Work, text and memory are bounded whatever a template does.
TEST(JinjaInterpreter, HostileTemplatesEnd) {
  const std::string sources[] = {
      "{% for q in range(10 ** 9) %}{% endfor %}",
      "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}"
      "{% endfor %}{% endfor %}{% endfor %}",
      "{% for a in range(100000) %}{% for b in range(10000) %}{{ 'x' * 1000 }}{% endfor %}{% "
      "endfor %}",
      "{% set n = namespace(s='x') %}{% for q in range(100) %}{% set n.s = n.s + n.s %}{% endfor "
      "%}",
      "{% set n = namespace(s='x') %}{% for q in range(100) %}{% set n.s = n.s ~ n.s %}{% endfor "
      "%}",
      "{% set n = namespace(l=[1]) %}{% for q in range(100) %}{% set n.l = n.l + n.l %}{% endfor "
      "%}",
      "{% set n = namespace(l=[]) %}{% for q in range(10000) %}{% set n.l = [n.l] %}{% endfor %}",
      "{% set n = namespace(l={}) %}{% for q in range(10000) %}{% set n.l = {1: n.l} %}{% endfor "
      "%}",
      "{% set n = namespace(l=(1,)) %}{% for q in range(10000) %}{% set n.l = [n.l]|map('first') %}"
      "{% set n.l = [n.l]|list|reverse %}{% endfor %}",
      "{% set n = namespace(l=1) %}{% for q in range(10000) %}{% set n.l = cycler(n.l) %}{% endfor "
      "%}",
      "{% set n = namespace(l=1) %}{% for q in range(10000) %}{% set n.l = joiner(n.l) %}{% endfor "
      "%}",
      "{% set n = namespace(l=[]) %}{% for q in range(100000) %}{% set n.l = n.l + [q] %}{% endfor "
      "%}",
      "{% set n = namespace(l=[1, 2]) %}{% for q in range(200) %}{% set n.l = [n.l, n.l] %}{% "
      "endfor %}"
      "{{ n.l == n.l[0] }}{{ n.l|tojson }}",
      "{{ [[1] * 1000] * 100000 }}",
      "{{ range(100000)|map('string')|list|join('x' * 10000) }}",
      "{{ ('a' * 10 ** 6).split('a')|map('center', 100000)|list }}",
      "{{ range(100000)|batch(1)|map('batch', 100000, 'x')|map('list')|list }}",
      "{{ 5|batch(10 ** 9, 1)|list }}{{ [1]|batch(10 ** 9, 1)|list }}",
      "{{ range(3)|slice(10 ** 9)|list }}",
      "{{ '%*d' % (2 ** 30, 1) }}",
      "{{ strftime_now('%1000Y' * 1000000) }}",
      "{{ ('ab' * 10 ** 7).rfind(('ab' * 10 ** 6) ~ 'c') }}",
      "{{ ('a' * 10 ** 7).strip('b' * 10 ** 6) }}",
      "{% macro m(n) %}{% for q in range(100) %}{{ m(n + 1) }}{% endfor %}{% endmacro %}{{ m(0) }}",
      "{% set x %}{% for q in range(100000) %}{{ 'x' * 10000 }}{% endfor %}{% endset %}",
      "{{ dict([[1, 2]] * 100000)|length }}{{ [[1, 2]] * 10 ** 7 }}",
      "{{ ('é' * 10 ** 6)[::-1][::-1] * 1000 }}",
      "{{ '<' * 60000000|e }}{{ ('<' * 60000000)|e }}",
  };
  RenderLimits limits;  // a tenth of the usual, to be done soon
  limits.max_steps = 2'000'000;
  limits.max_output = 8 << 20;
  for (const std::string& source : sources) {
    const auto text = RenderSnippet(source, GoldenVariables(), limits);
    ASSERT_FALSE(text.ok()) << source;
    EXPECT_LT(text.status().message().size(), 300u) << source;
  }
}

TEST(JinjaInterpreter, KeepsItsLimits) {
  const auto none = nlohmann::ordered_json::object();
  RenderLimits limits;
  limits.max_steps = 100;
  EXPECT_EQ(RenderSnippet("{% for q in range(1000) %}{% endfor %}", none, limits).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(RenderSnippet("{% for q in range(3) %}{% endfor %}", none, limits).ok());
  limits = {};
  limits.max_output = 10;
  EXPECT_TRUE(RenderSnippet("0123456789", none, limits).ok());
  EXPECT_EQ(RenderSnippet("0123456789x", none, limits).status().code(),
            StatusCode::kResourceExhausted);
  limits = {};
  limits.max_depth = 5;
  const std::string recursive =
      "{% macro m(n) %}{{ n }}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}";
  EXPECT_TRUE(RenderSnippet(recursive + "{{ m(3) }}", none, limits).ok());
  EXPECT_EQ(RenderSnippet(recursive + "{{ m(4) }}", none, limits).status().code(),
            StatusCode::kResourceExhausted);
}

// The leak checker watches these.
TEST(JinjaInterpreter, CyclesAreFreed) {
  for (const char* source :
       {"{% set n = namespace() %}{% set n.self = n %}{% set n.list = [n, n] %}",
        "{% set n = namespace() %}{% macro m() %}{{ n }}{% endmacro %}{% set n.m = m %}",
        "{% set n = namespace() %}{% for q in [n] %}{% set n.l = loop %}{% endfor %}",
        "{% for q in [1] %}{{ loop.changed(loop) }}{% endfor %}",
        "{% set n = namespace() %}{% set n.g = [n]|map('string') %}{% set n.c = cycler(n) %}"
        "{% set n.f = cycler(n).next %}{% set n.j = joiner(n) %}"}) {
    const auto text = RenderSnippet(source);
    EXPECT_TRUE(text.ok()) << source << text.status().message();
  }
}

TEST(JinjaInterpreter, ErrorsNameTheirPlace) {
  EXPECT_EQ(Outcome("a\n  {{ missing.x }}"), "error: snippet:2:13: 'missing' is undefined");
  EXPECT_EQ(Outcome("{{ map.k.x }}"), "error: snippet:1:9: 'dict object' has no attribute 'k'");
  EXPECT_EQ(Outcome("{{ s + 1 }}"),
            "error: snippet:1:6: can only concatenate str (not \"int\") to str");
  EXPECT_EQ(Outcome("{% set a, b = 1, 2, 3 %}"),
            "error: snippet:1:4: expected 2 values to unpack, found 3");
  EXPECT_EQ(Outcome("{{ nothing() }}"), "error: snippet:1:11: 'NoneType' object is not callable");
}

}  // namespace
}  // namespace frugal
