// What the kernel tests share: random data, packed weights, the instruction sets at hand.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/codec/codec.h"
#include "kernels/kernels.h"

namespace frugal {

std::vector<Isa> SupportedIsas();

// GGUF's blocks divide every row; those of the formats made in memory need not.
bool HasPartialBlocks(DType dtype);

std::vector<DType> AllCodecs();

std::vector<float> RandomFloats(size_t n, uint32_t seed, float scale = 1.0f);

std::vector<double> ToDouble(const std::vector<float>& x);

// 64-byte aligned bytes.
class Buffer {
 public:
  explicit Buffer(size_t bytes) : bytes_(bytes + 64) {}
  uint8_t* data();

 private:
  std::vector<uint8_t> bytes_;
};

// A random weight in `dtype`: its row-major bytes, at an odd address on purpose, and its values.
struct RandomWeight {
  DType dtype;
  int64_t n, k;
  int64_t row_bytes;
  std::vector<uint8_t> bytes;  // rows start at bytes.data() + 1
  std::vector<float> values;   // (n, k)

  const uint8_t* rows() const { return bytes.data() + 1; }
};

// Random bits, drawn again block by block until every value is finite and of moderate size, so
// that sums can be compared.
RandomWeight MakeRandomWeight(DType dtype, int64_t n, int64_t k, uint32_t seed);

struct PackedWeight {
  Buffer buffer;
  PackedMatrix matrix;
};

PackedWeight Pack(const RandomWeight& w);

struct QuantizedRows {
  Buffer buffer;
  Activations x;
};

QuantizedRows QuantizeRows(const Kernels& kernels, ActKind kind, const float* x, int64_t m,
                           int64_t k);

// The activations as the kernel sees them, in float64.
std::vector<double> Seen(const Activations& x);

bool SameBits(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace frugal
