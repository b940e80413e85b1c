// AVX-VNNI is on processors that the emulator and many test machines are not. Its products are also
// in AVX-512 under another encoding: here the set's own matmul, compiled with that encoding, runs
// wherever AVX-512 VNNI is, and the objects of the real set are read for the encoding they use.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "tests/kernels/kernel_test_util.h"

#if defined(__x86_64__)
namespace frugal {
namespace isa_avxvnni_evex {
void Matmul(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
            int64_t panel_end, float* y, int64_t y_stride);
}
namespace {

TEST(AvxVnni, GivesTheBitsOfScalar) {
  if (!IsaSupported(Isa::kAvx512)) GTEST_SKIP() << "no AVX-512 VNNI on this machine";
  const Kernels& scalar = KernelsFor(Isa::kScalar);
  for (const DType dtype : AllCodecs()) {
    for (const int64_t m : {1, 2, 9}) {
      const int64_t k = GetDType(dtype).block_size == 1 || HasPartialBlocks(dtype) ? 333 : 512;
      const int64_t n = 37;
      const PackedWeight packed = Pack(MakeRandomWeight(dtype, n, k, 21));
      const std::vector<float> x = RandomFloats(static_cast<size_t>(m * k), 22);
      const QuantizedRows rows =
          QuantizeRows(scalar, ActivationKind(dtype, /*exact=*/false), x.data(), m, k);
      std::vector<float> expected(static_cast<size_t>(m * n));
      std::vector<float> y(expected.size());
      scalar.matmul(packed.matrix, rows.x, nullptr, 0, packed.matrix.panels(), expected.data(), n);
      isa_avxvnni_evex::Matmul(packed.matrix, rows.x, nullptr, 0, packed.matrix.panels(), y.data(),
                               n);
      EXPECT_TRUE(SameBits(y, expected)) << GetDType(dtype).name << ", " << m << " rows";
    }
  }
}

// Codes of −128 and the largest minima and scales: nothing saturates.
TEST(AvxVnni, ExtremeCodesDoNotSaturate) {
  if (!IsaSupported(Isa::kAvx512)) GTEST_SKIP() << "no AVX-512 VNNI on this machine";
  const int64_t k = 256;
  RandomWeight w{DType::kQ8_0, 16, k, k / 32 * 34, {}, {}};
  w.bytes.assign(static_cast<size_t>(16 * w.row_bytes) + 1, 0x80);
  for (int64_t b = 0; b < 16 * k / 32; ++b) {
    w.bytes[static_cast<size_t>(1 + b * 34)] = 0x00;
    w.bytes[static_cast<size_t>(2 + b * 34)] = 0x3c;  // 1.0
  }
  const PackedWeight packed = Pack(w);
  for (const float sign : {1.0f, -1.0f}) {
    const std::vector<float> x(static_cast<size_t>(k), sign * 127.0f);
    const QuantizedRows rows = QuantizeRows(KernelsFor(Isa::kScalar), ActKind::kQ8, x.data(), 1, k);
    std::vector<float> y(16);
    isa_avxvnni_evex::Matmul(packed.matrix, rows.x, nullptr, 0, 1, y.data(), 16);
    for (const float v : y) EXPECT_EQ(v, sign * -128.0f * 127.0f * static_cast<float>(k));
  }
}

// The set itself: vpdpbusd in AVX's encoding, and no register that only AVX-512 has.
TEST(AvxVnni, NeedsNoAvx512) {
  std::ifstream list(FRUGAL_BINARY_DIR "/isa_objects.txt");
  ASSERT_TRUE(list.good());
  int objects = 0;
  int products = 0;
  std::string isa;
  std::string object;
  while (list >> isa && std::getline(list >> std::ws, object)) {
    if (isa != "avxvnni") continue;
    ++objects;
    const std::string command = "objdump -d --no-show-raw-insn '" + object + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    ASSERT_NE(pipe, nullptr);
    char buffer[512];
    while (fgets(buffer, sizeof(buffer), pipe.get()) != nullptr) {
      const std::string line = buffer;
      const bool dot = line.find("vpdp") != std::string::npos;
      if (dot) ++products;
      if (dot && line.find("{vex}") == std::string::npos) ADD_FAILURE() << object << ": " << line;
      for (const char* wide : {"%zmm", "%k1", "mm16", "mm31"}) {
        if (line.find(wide) != std::string::npos) ADD_FAILURE() << object << ": " << line;
      }
    }
  }
  EXPECT_GT(objects, 5);
  EXPECT_GT(products, 50);
}

}  // namespace
}  // namespace frugal
#endif
