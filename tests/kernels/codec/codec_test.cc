#define FRUGAL_ISA_NS isa_codec_test
#include "kernels/codec/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/codec/list.h"
#include "tests/test_util.h"

namespace frugal {
namespace {

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16};
constexpr DType kQuantised[] = {
#define FRUGAL_DTYPE(Codec) isa_codec_test::Codec::kDType,
    FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_DTYPE)
#undef FRUGAL_DTYPE
};
constexpr DType kEncoded[] = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ4_0, DType::kQ4_1,
                              DType::kQ5_0, DType::kQ5_1, DType::kQ8_0, DType::kMXFP4};
constexpr DType kSearched[] = {DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};  // k_encode_test.cc

std::vector<DType> Decoded() {
  std::vector<DType> all(std::begin(kFloats), std::end(kFloats));
  for (const DType dtype : kQuantised) {
    if (GetDType(dtype).in_gguf) all.push_back(dtype);  // the others: packed_formats_test.cc
  }
  return all;
}

// The layout is described in tools/reference/codec_goldens.py.
struct Golden {
  std::vector<uint8_t> blocks;
  std::vector<float> values;
};

Golden ReadGolden(const char* direction, const DTypeInfo& info) {
  Golden golden;
  const std::string path = TestData(std::string("codec/") + direction + "_" + info.name + ".bin");
  std::ifstream file(path, std::ios::binary);
  uint32_t header[3] = {};
  file.read(reinterpret_cast<char*>(header), sizeof(header));
  EXPECT_TRUE(file) << path;
  EXPECT_EQ(header[1], static_cast<uint32_t>(info.block_size));
  EXPECT_EQ(header[2], static_cast<uint32_t>(info.block_bytes));
  EXPECT_GE(header[0], 64u);
  golden.blocks.resize(size_t{header[0]} * header[2]);
  golden.values.resize(size_t{header[0]} * header[1]);
  file.read(reinterpret_cast<char*>(golden.blocks.data()),
            static_cast<std::streamsize>(golden.blocks.size()));
  file.read(reinterpret_cast<char*>(golden.values.data()),
            static_cast<std::streamsize>(golden.values.size() * sizeof(float)));
  EXPECT_TRUE(file) << path;
  EXPECT_EQ(file.peek(), std::ifstream::traits_type::eof()) << path;
  return golden;
}

uint32_t Bits(float f) {
  uint32_t bits;
  std::memcpy(&bits, &f, sizeof(bits));
  return bits;
}

class DecodeGolden : public testing::TestWithParam<DType> {};
class EncodeGolden : public testing::TestWithParam<DType> {};

std::string ParamName(const testing::TestParamInfo<DType>& info) {
  return GetDType(info.param).name;
}

// Bit for bit what gguf's dequantize gives; any NaN equals any NaN.
TEST_P(DecodeGolden, SameBits) {
  const DTypeInfo& info = GetDType(GetParam());
  const Golden golden = ReadGolden("decode", info);
  ASSERT_FALSE(HasFailure());
  // One byte off, so that the blocks are not aligned.
  std::vector<uint8_t> bytes(golden.blocks.size() + 1);
  std::memcpy(bytes.data() + 1, golden.blocks.data(), golden.blocks.size());
  std::vector<float> values(golden.values.size(), -1.0f);
  DecodeRow(info.dtype, bytes.data() + 1, static_cast<int64_t>(values.size()), values.data());
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(golden.values[i]) && std::isnan(values[i])) continue;
    ASSERT_EQ(Bits(values[i]), Bits(golden.values[i]))
        << "block " << i / static_cast<size_t>(info.block_size) << " element "
        << i % static_cast<size_t>(info.block_size) << ": " << values[i] << " for "
        << golden.values[i];
  }
}
INSTANTIATE_TEST_SUITE_P(Codec, DecodeGolden, testing::ValuesIn(Decoded()), ParamName);

// Byte for byte what gguf's quantize gives.
TEST_P(EncodeGolden, SameBytes) {
  const DTypeInfo& info = GetDType(GetParam());
  const Golden golden = ReadGolden("encode", info);
  ASSERT_FALSE(HasFailure());
  std::vector<uint8_t> bytes(golden.blocks.size() + 1, 0xAA);
  EncodeRow(info.dtype, golden.values.data(), static_cast<int64_t>(golden.values.size()),
            bytes.data() + 1);
  for (size_t i = 0; i < golden.blocks.size(); ++i) {
    const size_t element = i / static_cast<size_t>(info.block_bytes);
    if (info.block_size == 1 && std::isnan(golden.values[element])) {
      float decoded;
      DecodeRow(info.dtype, &bytes[1 + i], 1, &decoded);
      ASSERT_TRUE(std::isnan(decoded)) << "element " << element;
      i += static_cast<size_t>(info.block_bytes) - 1;
      continue;
    }
    ASSERT_EQ(bytes[1 + i], golden.blocks[i])
        << "block " << element << " byte " << i % static_cast<size_t>(info.block_bytes);
  }
}
INSTANTIATE_TEST_SUITE_P(Codec, EncodeGolden, testing::ValuesIn(kEncoded), ParamName);

template <class Codec>
void CheckGeometry() {
  const DTypeInfo& info = GetDType(Codec::kDType);
  EXPECT_EQ(Codec::kBlock, info.block_size) << info.name;
  EXPECT_EQ(Codec::kBytes, info.block_bytes) << info.name;
}

TEST(CodecList, GeometryIsThatOfTheDType) {
#define FRUGAL_CHECK(Codec) CheckGeometry<isa_codec_test::Codec>();
  FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CHECK)
  FRUGAL_FOR_EACH_F8_CODEC(FRUGAL_CHECK)
#undef FRUGAL_CHECK
}

TEST(CodecList, HoldsEveryBlockFormat) {
  int formats = 0;
  for (int32_t id = 0; id < 256; ++id) {
    const DTypeInfo* info = FindDType(static_cast<DType>(id));
    if (info == nullptr) continue;
    bool want = info->block_size > 1;
    for (DType dtype : kFloats) want |= dtype == info->dtype;
    EXPECT_EQ(HasCodec(info->dtype), want) << info->name;
    formats += want;
    bool want_encoder = false;
    for (DType dtype : kEncoded) want_encoder |= dtype == info->dtype;
    for (DType dtype : kSearched) want_encoder |= dtype == info->dtype;
    EXPECT_EQ(HasEncoder(info->dtype), want_encoder) << info->name;
  }
  EXPECT_EQ(formats, 32);
}

// Random bytes in buffers of the exact size: under the address sanitizer, a read past a block or
// past a grid fails. Every value must also be scale · code + bias of the block alone.
TEST(DecodeRow, RandomBlocksStandAlone) {
  std::mt19937 rng(7);
  for (DType dtype : kQuantised) {
    const DTypeInfo& info = GetDType(dtype);
    constexpr int kBlocks = 200;
    const size_t size = static_cast<size_t>(kBlocks * info.block_bytes);
    auto bytes = std::make_unique<uint8_t[]>(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(rng());
    std::vector<float> row(static_cast<size_t>(kBlocks * info.block_size));
    DecodeRow(dtype, bytes.get(), kBlocks * info.block_size, row.data());
    for (int b = 0; b < kBlocks; ++b) {
      auto block = std::make_unique<uint8_t[]>(static_cast<size_t>(info.block_bytes));
      std::memcpy(block.get(), &bytes[static_cast<size_t>(b * info.block_bytes)],
                  static_cast<size_t>(info.block_bytes));
      std::vector<float> alone(static_cast<size_t>(info.block_size));
      DecodeRow(dtype, block.get(), info.block_size, alone.data());
      ASSERT_EQ(std::memcmp(alone.data(), &row[static_cast<size_t>(b * info.block_size)],
                            alone.size() * sizeof(float)),
                0)
          << info.name << " block " << b;
    }
  }
}

// Non-finite values may become anything, but must stay within the block and not trap.
TEST(EncodeRow, NonFiniteValuesAreHarmless) {
  for (DType dtype : kEncoded) {
    const DTypeInfo& info = GetDType(dtype);
    if (info.block_size == 1) continue;
    for (float odd : {std::nanf(""), INFINITY, -INFINITY, 3.4e38f, 1e-45f}) {
      std::vector<float> values(static_cast<size_t>(info.block_size), 1.0f);
      values[3] = odd;
      values[9] = -odd;
      std::vector<uint8_t> bytes(static_cast<size_t>(info.block_bytes) + 1, 0xAA);
      EncodeRow(dtype, values.data(), info.block_size, bytes.data());
      EXPECT_EQ(bytes.back(), 0xAA) << info.name << " " << odd;
    }
  }
}

}  // namespace
}  // namespace frugal
