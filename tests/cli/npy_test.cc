#include "cli/npy.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(NpyHeader, IsNumPysOwn) {
  // numpy.lib.format.write_array_header_1_0 of a float32 array of shape (3, 263).
  const std::string expected =
      std::string("\x93NUMPY\x01\x00v\x00", 10) +
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 263), }";
  const std::string header = NpyHeader("<f4", {3, 263});
  EXPECT_EQ(header.size(), 128u);
  EXPECT_EQ(header.substr(0, expected.size()), expected);
  EXPECT_EQ(header.substr(expected.size()),
            std::string(128 - expected.size() - 1, ' ') + "\n");
}

TEST(NpyHeader, ShapesAreTuples) {
  EXPECT_NE(NpyHeader("<i4", {7}).find("'descr': '<i4'"), std::string::npos);
  EXPECT_NE(NpyHeader("<i4", {7}).find("'shape': (7,), "), std::string::npos);
  EXPECT_NE(NpyHeader("<i4", {}).find("'shape': (), "), std::string::npos);
  EXPECT_NE(NpyHeader("<i4", {2, 0, 5}).find("'shape': (2, 0, 5), "), std::string::npos);
}

TEST(NpyHeader, DataBeginsAtAMultipleOf64) {
  int64_t size = 1;
  for (int digits = 1; digits <= 18; ++digits, size *= 10) {
    for (int dims = 1; dims <= 12; ++dims) {
      const std::string header = NpyHeader("<f4", std::vector<int64_t>(dims, size));
      EXPECT_EQ(header.size() % 64, 0u);
      const size_t length = static_cast<uint8_t>(header[8]) + 256 * static_cast<uint8_t>(header[9]);
      EXPECT_EQ(length + 10, header.size());
      EXPECT_EQ(header.back(), '\n');
    }
  }
}

}  // namespace
}  // namespace frugal
