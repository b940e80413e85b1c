#include "text/base64.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

// RFC 4648, section 10.
TEST(Base64, Vectors) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("Zg=="), "f");
  EXPECT_EQ(DecodeBase64("Zm8="), "fo");
  EXPECT_EQ(DecodeBase64("Zm9v"), "foo");
  EXPECT_EQ(DecodeBase64("Zm9vYg"), "foob");
  EXPECT_EQ(DecodeBase64("+/+/"), "\xFB\xFF\xBF");
}

TEST(Base64, RefusesEverythingElse) {
  for (const char* bad : {"A", "Zg=a", "Zm 9", "Zm9v-", "=", "Zg===", "Z\xC3\xA9=="}) {
    EXPECT_FALSE(DecodeBase64(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace frugal
