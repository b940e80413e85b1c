#define FRUGAL_ISA_NS isa_codec_oracle
#include "kernels/codec/codec.h"

#include <cstring>

#include "base/check.h"
#include "kernels/codec/half.h"
#include "kernels/codec/list.h"

namespace frugal {
namespace {

using namespace FRUGAL_ISA_NS;

template <class Codec>
void DecodeBlocks(const uint8_t* src, int64_t n, float* dst) {
  constexpr int kGroups = Codec::kBlock / Codec::kGroup;
  static_assert(Codec::kGroup == 16 || Codec::kGroup == 32);
  int8_t codes[Codec::kBlock];
  float scales[kGroups];
  float biases[kGroups];
  for (int64_t begin = 0; begin < n; begin += Codec::kBlock, src += Codec::kBytes) {
    Codec::Unpack(src, codes, scales, biases);
    for (int i = 0; i < Codec::kBlock; ++i) {
      float value = scales[i / Codec::kGroup] * static_cast<float>(codes[i]);
      if constexpr (Codec::kHasMin) value += biases[i / Codec::kGroup];
      dst[begin + i] = value;
    }
  }
}

template <class Codec>
void DecodeF8(const uint8_t* src, int64_t n, float* dst) {
  for (int64_t begin = 0; begin < n; begin += Codec::kBlock, src += Codec::kBytes) {
    Codec::Decode(src, dst + begin);
  }
}

template <class Codec>
constexpr bool kCanEncode = requires(const float* x, uint8_t* block) {
  Codec::Encode(x, block);
};

template <class Codec>
void EncodeBlocks(const float* src, int64_t n, uint8_t* dst) {
  if constexpr (kCanEncode<Codec>) {
    for (int64_t begin = 0; begin < n; begin += Codec::kBlock, dst += Codec::kBytes) {
      Codec::Encode(src + begin, dst);
    }
  } else {
    CHECK(kCanEncode<Codec>);
  }
}

}  // namespace

bool HasCodec(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return true;
#define FRUGAL_CASE(Codec) case Codec::kDType:
      FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CASE)
      FRUGAL_FOR_EACH_F8_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
      return true;
    default:
      return false;
  }
}

void DecodeRow(DType dtype, const uint8_t* src, int64_t n, float* dst) {
  switch (dtype) {
    case DType::kF32:
      std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
      return;
    case DType::kF16:
      for (int64_t i = 0; i < n; ++i) dst[i] = HalfToFloat(LoadU16(src + 2 * i));
      return;
    case DType::kBF16:
      for (int64_t i = 0; i < n; ++i) dst[i] = Bf16ToFloat(LoadU16(src + 2 * i));
      return;
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return DecodeBlocks<Codec>(src, n, dst);
      FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return DecodeF8<Codec>(src, n, dst);
      FRUGAL_FOR_EACH_F8_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
    default:
      CHECK(HasCodec(dtype));
  }
}

bool HasEncoder(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return true;
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return kCanEncode<Codec>;
      FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
    default:
      return false;
  }
}

void EncodeRow(DType dtype, const float* src, int64_t n, uint8_t* dst) {
  switch (dtype) {
    case DType::kF32:
      std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
      return;
    case DType::kF16:
      for (int64_t i = 0; i < n; ++i) StoreU16(FloatToHalf(src[i]), dst + 2 * i);
      return;
    case DType::kBF16:
      for (int64_t i = 0; i < n; ++i) StoreU16(FloatToBf16(src[i]), dst + 2 * i);
      return;
#define FRUGAL_CASE(Codec) \
  case Codec::kDType:      \
    return EncodeBlocks<Codec>(src, n, dst);
      FRUGAL_FOR_EACH_QUANT_CODEC(FRUGAL_CASE)
#undef FRUGAL_CASE
    default:
      CHECK(HasEncoder(dtype));
  }
}

}  // namespace frugal
