#include "tests/kernels/kernel_test_util.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

namespace frugal {

uint8_t* Buffer::data() {
  const auto at = reinterpret_cast<uintptr_t>(bytes_.data());
  return bytes_.data() + (64 - at % 64) % 64;
}

std::vector<Isa> SupportedIsas() {
  std::vector<Isa> isas;
  for (int i = 0; i < kNumIsas; ++i) {
    if (IsaSupported(static_cast<Isa>(i))) isas.push_back(static_cast<Isa>(i));
  }
  return isas;
}

bool HasPartialBlocks(DType dtype) { return !GetDType(dtype).in_gguf; }

std::vector<DType> AllCodecs() {
  std::vector<DType> all;
  for (int i = 0; i < 256; ++i) {
    if (FindDType(static_cast<DType>(i)) != nullptr && HasCodec(static_cast<DType>(i))) {
      all.push_back(static_cast<DType>(i));
    }
  }
  return all;
}

std::vector<float> RandomFloats(size_t n, uint32_t seed, float scale) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> x(n);
  for (float& v : x) v = normal(rng);
  return x;
}

std::vector<double> ToDouble(const std::vector<float>& x) { return {x.begin(), x.end()}; }

RandomWeight MakeRandomWeight(DType dtype, int64_t n, int64_t k, uint32_t seed) {
  const DTypeInfo& info = GetDType(dtype);
  const int64_t row_blocks = info.Blocks(k);
  RandomWeight w{dtype, n, k, row_blocks * info.block_bytes, {}, {}};
  w.bytes.resize(static_cast<size_t>(n * w.row_bytes) + 1);
  w.values.resize(static_cast<size_t>(n * k));
  std::mt19937 rng(seed);
  float values[256];
  for (int64_t b = 0; b < n * row_blocks; ++b) {
    uint8_t* block = w.bytes.data() + 1 + b * info.block_bytes;
    for (;;) {
      for (int j = 0; j < info.block_bytes; ++j) block[j] = static_cast<uint8_t>(rng());
      DecodeRow(dtype, block, info.block_size, values);
      float largest = 0.0f;
      bool finite = true;
      for (int j = 0; j < info.block_size; ++j) {
        finite = finite && std::isfinite(values[j]);
        largest = std::max(largest, std::fabs(values[j]));
      }
      if (finite && largest < 100.0f && (largest > 1e-3f || largest == 0.0f)) break;
    }
    const int64_t at = b % row_blocks * info.block_size;
    std::copy_n(values, std::min<int64_t>(info.block_size, k - at),
                w.values.data() + b / row_blocks * k + at);
  }
  return w;
}

PackedWeight Pack(const RandomWeight& w) {
  const int64_t panel_bytes = PackedPanelBytes(w.dtype, w.k);
  PackedMatrix matrix{w.dtype, w.n, w.k, panel_bytes, nullptr};
  PackedWeight packed{Buffer(static_cast<size_t>(panel_bytes * matrix.panels())), matrix};
  for (int64_t p = 0; p < matrix.panels(); ++p) {
    PackPanel(w.dtype, w.k, PanelRows(w.rows(), w.row_bytes, w.n, p).rows,
              packed.buffer.data() + p * panel_bytes);
  }
  packed.matrix.data = packed.buffer.data();
  return packed;
}

QuantizedRows QuantizeRows(const Kernels& kernels, ActKind kind, const float* x, int64_t m,
                           int64_t k) {
  const int64_t row_bytes = ActivationRowBytes(kind, k);
  QuantizedRows rows{Buffer(static_cast<size_t>(m * row_bytes)), {kind, m, k, row_bytes, nullptr}};
  for (int64_t i = 0; i < m; ++i) {
    kernels.quantize(kind, x + i * k, k, rows.buffer.data() + i * row_bytes);
  }
  rows.x.data = rows.buffer.data();
  return rows;
}

std::vector<double> Seen(const Activations& x) {
  std::vector<double> seen(static_cast<size_t>(x.m * x.k));
  for (int64_t i = 0; i < x.m; ++i) {
    const uint8_t* row = x.data + i * x.row_bytes;
    for (int64_t c = 0; c < x.k; ++c) {
      double& out = seen[static_cast<size_t>(i * x.k + c)];
      if (x.kind == ActKind::kF32) {
        out = reinterpret_cast<const float*>(row)[c];
      } else if (x.kind == ActKind::kBf16) {
        float value;
        DecodeRow(DType::kBF16, row + 2 * c, 1, &value);
        out = value;
      } else if (x.kind == ActKind::kQ8Block) {
        const Q8Block& block = reinterpret_cast<const Q8Block*>(row)[c / 256];
        out = static_cast<double>(block.scale) * block.codes[c % 256];
      } else {
        const Q8Group& group = reinterpret_cast<const Q8Group*>(row)[c / 32];
        out = static_cast<double>(group.scale) * group.codes[c % 32];
      }
    }
  }
  return seen;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace frugal
