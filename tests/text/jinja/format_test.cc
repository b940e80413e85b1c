#include "text/jinja/format.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaFormat, Goldens) { RunGoldens("format", 45); }

TEST(JinjaFormat, ReadsSpecs) {
  const jinja::FormatSpec spec = jinja::ParseFormatSpec("é^+#12_.3f");
  EXPECT_EQ(spec.fill, "é");
  EXPECT_EQ(spec.align, '^');
  EXPECT_EQ(spec.sign, '+');
  EXPECT_TRUE(spec.alternate);
  EXPECT_EQ(spec.width, 12);
  EXPECT_EQ(spec.grouping, '_');
  EXPECT_EQ(spec.precision, 3);
  EXPECT_EQ(spec.type, 'f');
  EXPECT_THROW(jinja::ParseFormatSpec("5.f"), jinja::Failure);
  EXPECT_THROW(jinja::ParseFormatSpec("dd"), jinja::Failure);
  EXPECT_THROW(jinja::ParseFormatSpec("99999999999"), jinja::Failure);
}

}  // namespace
}  // namespace frugal
