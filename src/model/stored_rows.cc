#include "model/stored_rows.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/codec/codec.h"

namespace frugal {
namespace {

// Field i of fields of `bits` bits packed into int32 from the lowest bits on.
int Field(const TensorView& view, int64_t word, int64_t i, int bits) {
  return static_cast<int>(static_cast<uint32_t>(Int32At(view, word)) >> (bits * i)) &
         ((1 << bits) - 1);
}

// Where AWQ has each of 8 neighbours within a word.
constexpr int kAwqPlace[8] = {0, 4, 1, 5, 2, 6, 3, 7};

// Codes are one byte each: (count, k), columns in the order of `column`(position). Those of 8 bits
// are signed, those of 4 bits are not.
template <typename Column>
void ReadCodes(const StoredMatrix& m, int64_t row, int64_t count, const Column& column,
               uint8_t* codes) {
  switch (m.form) {
    case StoredForm::kFp8:
    case StoredForm::kInt8:
      for (int64_t i = 0; i < count; ++i) {
        const uint8_t* from = m.weight.data + (row + i) * m.k;
        for (int64_t p = 0; p < m.k; ++p) codes[i * m.k + p] = from[column(p)];
      }
      return;
    case StoredForm::kPackedRows:  // the lowest bits first: in memory, the bytes' order
      for (int64_t i = 0; i < count; ++i) {
        const uint8_t* from = m.weight.data + (row + i) * m.weight.cols() * 4;
        for (int64_t p = 0; p < m.k; ++p) {
          const int64_t c = column(p);
          codes[i * m.k + p] =
              static_cast<uint8_t>(m.bits == 8 ? from[c] - 128 : from[c / 2] >> (4 * (c % 2)) & 15);
        }
      }
      return;
    case StoredForm::kGptq:
      for (int64_t p = 0; p < m.k; ++p) {
        const int64_t c = column(p);
        const int64_t first = c * m.bits / 32 * m.n + row;
        for (int64_t i = 0; i < count; ++i) {
          const int code = Field(m.weight, first + i, c % (32 / m.bits), m.bits);
          codes[i * m.k + p] = static_cast<uint8_t>(m.bits == 8 ? code - 128 : code);
        }
      }
      return;
    case StoredForm::kAwq:
      for (int64_t p = 0; p < m.k; ++p) {
        const int64_t first = p * m.weight.cols();
        for (int64_t i = row; i < row + count; ++i) {
          codes[(i - row) * m.k + p] =
              static_cast<uint8_t>(Field(m.weight, first + i / 8, kAwqPlace[i % 8], 4));
        }
      }
      return;
    case StoredForm::kPlain:
    case StoredForm::kMxfp4:
      break;
  }
  CHECK(false);
}

// Elements i and 16 + i of every 32 share a byte.
void PackNibbles(const uint8_t* codes, int64_t n, uint8_t* dst) {
  for (int64_t begin = 0; begin < n; begin += 32, dst += 16) {
    for (int64_t i = 0; i < 16; ++i) {
      dst[i] = static_cast<uint8_t>(codes[begin + i] | codes[begin + 16 + i] << 4);
    }
  }
}

// Blocks of one row from its codes.
void PackRow(const StoredMatrix& m, int64_t row, const uint8_t* codes, uint8_t* dst) {
  const DTypeInfo& info = GetDType(m.dtype);
  for (int64_t begin = 0; begin < m.k; begin += info.block_size, dst += info.block_bytes) {
    const int64_t group = GroupOf(m, begin);
    const int64_t at = row / m.scale_rows * m.row_stride + group * m.group_stride;
    const float scale = FloatAt(m.scale, at);
    const int64_t here = std::min<int64_t>(info.block_size, m.k - begin);
    uint8_t block[128];
    std::copy_n(codes + begin, here, block);
    const auto pad = [&](int zero) {
      std::fill(block + here, block + info.block_size, static_cast<uint8_t>(zero));
    };
    switch (m.dtype) {
      case DType::kF8_G128:
      case DType::kF8_G32:
      case DType::kI8_G128:
      case DType::kI8_G32:
        pad(0);
        std::memcpy(dst, &scale, 4);
        std::copy_n(block, info.block_size, dst + 4);
        break;
      case DType::kI4_G128:
      case DType::kI4_G32: {
        const int zero = ZeroAt(m, row, group);
        pad(zero);
        dst[0] = static_cast<uint8_t>(zero);
        std::memcpy(dst + 1, &scale, 4);
        PackNibbles(block, info.block_size, dst + 5);
        break;
      }
      case DType::kI4_BF16:
      case DType::kQ4_0:  // the scale's own bits
        pad(8);
        std::memcpy(dst, m.scale.data + 2 * at, 2);
        PackNibbles(block, info.block_size, dst + 2);
        break;
      default:
        CHECK(false);
    }
  }
}

// The file has elements 2i and 2i + 1 in byte i, GGUF i and 16 + i.
void ReadMxfp4Row(const StoredMatrix& m, int64_t row, uint8_t* dst) {
  const int64_t blocks = m.k / 32;
  for (int64_t b = row * blocks; b < (row + 1) * blocks; ++b, dst += 17) {
    const uint8_t* src = m.weight.data + 16 * b;
    uint8_t codes[32];
    for (int i = 0; i < 16; ++i) {
      codes[2 * i] = src[i] & 15;
      codes[2 * i + 1] = src[i] >> 4;
    }
    dst[0] = m.scale.data[b];
    PackNibbles(codes, 32, dst + 1);
  }
}

}  // namespace

float FloatAt(const TensorView& view, int64_t i) {
  float value;
  DecodeRow(view.dtype, view.data + i * GetDType(view.dtype).block_bytes, 1, &value);
  return value;
}

int64_t GroupOf(const StoredMatrix& m, int64_t position) {
  if (m.group_index.data == nullptr) return position / m.group;
  return Int32At(m.group_index, m.column_order[static_cast<size_t>(position)]);
}

int ZeroAt(const StoredMatrix& m, int64_t row, int64_t group) {
  if (m.zero.data == nullptr) return 1 << (m.bits - 1);
  const int64_t per_word = 32 / m.bits;
  int zero = 0;
  switch (m.form) {
    case StoredForm::kPackedRows:  // (n / 8, groups)
      zero = Field(m.zero, row / per_word * m.zero.cols() + group, row % per_word, m.bits);
      break;
    case StoredForm::kGptq:  // (groups, n / 8)
      zero = Field(m.zero, group * m.zero.cols() + row / per_word, row % per_word, m.bits);
      break;
    case StoredForm::kAwq:  // likewise
      zero = Field(m.zero, group * m.zero.cols() + row / 8, kAwqPlace[row % 8], m.bits);
      break;
    default:
      CHECK(false);
  }
  return (zero + m.zero_offset) & ((1 << m.bits) - 1);
}

int64_t StoredRowBytes(const StoredMatrix& matrix) {
  const DTypeInfo& info = GetDType(matrix.dtype);
  return info.Blocks(matrix.k) * info.block_bytes;
}

const uint8_t* StoredRow(const StoredMatrix& matrix, int64_t expert, int64_t row) {
  if (matrix.form != StoredForm::kPlain) return nullptr;
  return matrix.weight.data + (expert * matrix.n + row) * StoredRowBytes(matrix);
}

void ReadStoredRows(const StoredMatrix& matrix, int64_t expert, int64_t row, int64_t count,
                    uint8_t* dst) {
  const int64_t row_bytes = StoredRowBytes(matrix);
  if (matrix.form == StoredForm::kPlain) {
    std::memcpy(dst, StoredRow(matrix, expert, row), static_cast<size_t>(count * row_bytes));
    return;
  }
  if (matrix.form == StoredForm::kMxfp4) {
    for (int64_t i = 0; i < count; ++i) {
      ReadMxfp4Row(matrix, expert * matrix.n + row + i, dst + i * row_bytes);
    }
    return;
  }
  // 16 rows of codes stay in the second cache.
  constexpr int64_t kRowsAtOnce = 16;
  std::vector<uint8_t> codes(static_cast<size_t>(std::min(count, kRowsAtOnce) * matrix.k));
  for (int64_t done = 0; done < count; done += kRowsAtOnce) {
    const int64_t here = std::min(kRowsAtOnce, count - done);
    if (matrix.column_order.empty()) {
      ReadCodes(
          matrix, row + done, here, [](int64_t p) { return p; }, codes.data());
    } else {
      const int32_t* order = matrix.column_order.data();
      ReadCodes(
          matrix, row + done, here, [order](int64_t p) { return int64_t{order[p]}; }, codes.data());
    }
    for (int64_t i = 0; i < here; ++i) {
      PackRow(matrix, row + done + i, codes.data() + i * matrix.k, dst + (done + i) * row_bytes);
    }
  }
}

}  // namespace frugal
