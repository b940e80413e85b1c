#include "base/tensor.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

TEST(TensorTest, ShapeToString) {
  EXPECT_EQ(ShapeToString({}), "()");
  EXPECT_EQ(ShapeToString({7}), "(7)");
  EXPECT_EQ(ShapeToString({4096, 11008}), "(4096, 11008)");
}

TEST(TensorTest, NumElements) {
  EXPECT_EQ(NumElements({}), 1);
  EXPECT_EQ(NumElements({3, 4, 5}), 60);
  EXPECT_EQ(NumElements({3, 0, 5}), 0);
  EXPECT_EQ(NumElements({3, -1}), -1);
  EXPECT_EQ(NumElements({int64_t{1} << 32, int64_t{1} << 31}), -1);
  EXPECT_EQ(NumElements({int64_t{1} << 32, int64_t{1} << 30}), int64_t{1} << 62);
}

TEST(TensorTest, RowsAndCols) {
  TensorView view;
  EXPECT_EQ(view.rows(), 1);  // a scalar
  EXPECT_EQ(view.cols(), 1);
  view.shape = {5};
  EXPECT_EQ(view.rows(), 1);
  EXPECT_EQ(view.cols(), 5);
  view.shape = {2, 3, 5};
  EXPECT_EQ(view.rows(), 6);
  EXPECT_EQ(view.cols(), 5);
  view.shape = {2, 0};
  EXPECT_EQ(view.rows(), 0);
  EXPECT_EQ(view.cols(), 0);
  view.shape = {0, 5};
  EXPECT_EQ(view.rows(), 0);
  EXPECT_EQ(view.cols(), 5);
}

}  // namespace
}  // namespace frugal
