#include "model/activation_set.h"

#include <gtest/gtest.h>

#include <cstring>

namespace frugal {
namespace {

constexpr int32_t kOrderA[] = {3, 1, 0, 2};
constexpr int32_t kOrderB[] = {2, 3, 1, 0};

// A weight of four columns that is never multiplied.
Linear Weight(DType dtype, const int32_t* order = nullptr) {
  static const uint8_t data = 0;
  return {.w = {.dtype = dtype, .n = 1, .k = 4, .data = &data}, .order = order};
}

TEST(ActivationSet, EachFormIsHeldOnce) {
  ActivationSet set;
  const Linear bf16 = Weight(DType::kBF16), q8 = Weight(DType::kQ8_0), q4 = Weight(DType::kQ4_0);
  const Linear none;
  set.Want(0, {&bf16, &q8, &none, &q4}, false);
  set.Want(1, {&q8, &bf16}, false);
  ASSERT_EQ(set.forms.size(), 2u);
  EXPECT_EQ(set.forms[0].kind, ActKind::kBf16);
  EXPECT_EQ(set.forms[1].kind, ActKind::kQ8);
  EXPECT_EQ(set.buffer_kinds.size(), 2u);

  ActivationSet exact;  // float32 serves all
  exact.Want(0, {&bf16, &q8, &q4}, true);
  ASSERT_EQ(exact.forms.size(), 1u);
  EXPECT_EQ(exact.forms[0].kind, ActKind::kF32);
}

TEST(ActivationSet, NothingWantedNothingHeld) {
  ActivationSet set;
  const Linear none;
  set.Want(0, {&none, &none}, false);
  set.Reserve(5, 100);
  EXPECT_TRUE(set.forms.empty());
  EXPECT_TRUE(set.buffers.empty());
}

TEST(ActivationSet, LayersTakeTurnsWithOrderedBuffers) {
  ActivationSet set;
  set.Want(0, ActKind::kF32, nullptr);
  set.Want(0, ActKind::kF32, kOrderA);
  set.Want(0, ActKind::kF32, kOrderA);
  set.Want(0, ActKind::kF32, kOrderB);
  set.Want(1, ActKind::kF32, kOrderA);
  set.Want(1, ActKind::kQ8, kOrderB);
  set.Want(2, ActKind::kF32, kOrderB);
  ASSERT_EQ(set.forms.size(), 6u);
  // One for all layers, two orders in layer 0, another kind in layer 1.
  EXPECT_EQ(set.buffer_kinds,
            (std::vector<ActKind>{ActKind::kF32, ActKind::kF32, ActKind::kF32, ActKind::kQ8}));
  EXPECT_EQ(set.forms[0].layer, -1);
  EXPECT_NE(set.forms[1].buffer, set.forms[2].buffer);
  EXPECT_NE(set.forms[1].buffer, 0);  // the plain form's, which every layer reads
  EXPECT_NE(set.forms[5].buffer, 0);
  set.Reserve(3, 4);
  ASSERT_EQ(set.buffers.size(), 4u);
  EXPECT_EQ(set.buffers[0].size(), 3 * ActivationRowBytes(ActKind::kF32, 4));
  EXPECT_EQ(set.buffers[3].size(), 3 * ActivationRowBytes(ActKind::kQ8, 4));
}

std::vector<float> Row(const Activations& view, int64_t row) {
  std::vector<float> x(view.k);
  std::memcpy(x.data(), view.data + row * view.row_bytes, view.k * sizeof(float));
  return x;
}

TEST(ActivationSet, StoresRowsInEveryOrderOfTheLayer) {
  const Linear plain = Weight(DType::kF32), a = Weight(DType::kF32, kOrderA),
               b = Weight(DType::kF32, kOrderB);
  ActivationSet set;
  set.Want(0, {&plain, &a}, true);
  set.Want(1, {&b}, true);
  set.Want(2, {&a, &b}, true);
  set.Reserve(3, 4);
  const Kernels& kernels = KernelsFor(Isa::kScalar);
  const std::vector<float> x = {10, 11, 12, 13}, y = {20, 21, 22, 23};
  std::vector<float> scratch(4);
  set.Store(kernels, 0, x.data(), 4, 1, scratch.data());
  set.Store(kernels, 0, y.data(), 4, 2, scratch.data());
  const Activations view = set.View(0, plain, true, 1, 2);
  EXPECT_EQ(view.kind, ActKind::kF32);
  EXPECT_EQ(view.m, 2);
  EXPECT_EQ(view.k, 4);
  EXPECT_EQ(view.row_bytes, ActivationRowBytes(ActKind::kF32, 4));
  EXPECT_EQ(Row(view, 0), x);
  EXPECT_EQ(Row(view, 1), y);
  EXPECT_EQ(Row(set.View(0, a, true, 1, 1), 0), (std::vector<float>{13, 11, 10, 12}));
  set.Store(kernels, 1, y.data(), 4, 0, scratch.data());
  EXPECT_EQ(Row(set.View(1, b, true, 0, 1), 0), (std::vector<float>{22, 23, 21, 20}));
  EXPECT_EQ(Row(set.View(1, plain, true, 0, 1), 0), y);  // the plain form is every layer's
  set.Store(kernels, 2, x.data(), 4, 0, scratch.data());
  EXPECT_EQ(Row(set.View(2, a, true, 0, 1), 0), (std::vector<float>{13, 11, 10, 12}));
  EXPECT_EQ(Row(set.View(2, b, true, 0, 1), 0), (std::vector<float>{12, 13, 11, 10}));
}

// Rows may be narrower than the widest that room was made for.
TEST(ActivationSet, RowsLieAsCloseAsTheyAreWide) {
  const Linear q8 = Weight(DType::kQ8_0);
  ActivationSet set;
  set.Want(0, {&q8}, false);
  set.Reserve(2, 300);
  const std::vector<float> x = {1, 2, 3, 127};
  set.Store(KernelsFor(Isa::kScalar), 0, x.data(), 4, 1, nullptr);
  const Activations view = set.View(0, q8, false, 1, 1);
  EXPECT_EQ(view.data - set.buffers[0].data(), ActivationRowBytes(ActKind::kQ8, 4));
  const Q8Group& group = *reinterpret_cast<const Q8Group*>(view.data);
  EXPECT_EQ(group.scale, 1.0f);
  EXPECT_EQ(group.codes[1], 2);
}

}  // namespace
}  // namespace frugal
