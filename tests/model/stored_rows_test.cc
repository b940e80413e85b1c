#include "model/stored_rows.h"

#include <cmath>
#include <map>

#include "formats/safetensors.h"
#include "tests/kernels/kernel_test_util.h"
#include "tests/model/stored_test_util.h"

namespace frugal {
namespace {

// What each case is read as.
const std::map<std::string, DType> kReadAs = {{"fp8-block-128", DType::kF8_G128},
                                              {"fp8-block-32", DType::kF8_G32},
                                              {"fp8-static", DType::kF8_G128},
                                              {"ct-float-channel", DType::kF8_G128},
                                              {"ct-float-tensor", DType::kF8_G128},
                                              {"ct-int4-32-bf16", DType::kI4_BF16},
                                              {"ct-int4-32-f16", DType::kQ4_0},
                                              {"ct-int4-64-zeros", DType::kI4_G32},
                                              {"ct-int4-128", DType::kI4_G128},
                                              {"ct-int4-channel-zeros", DType::kI4_G128},
                                              {"ct-int4-32-order", DType::kI4_BF16},
                                              {"ct-int8-packed", DType::kI8_G32},
                                              {"ct-int8", DType::kI8_G128},
                                              {"ct-mixed", DType::kF8_G128},
                                              {"mxfp4", DType::kMXFP4},
                                              {"awq-128", DType::kI4_G128},
                                              {"awq-32", DType::kI4_G32},
                                              {"gptq-128", DType::kI4_G128},
                                              {"gptq-v2", DType::kI4_G32},
                                              {"gptq-order", DType::kI4_G32},
                                              {"gptq-channel", DType::kI4_G128},
                                              {"gptq-8bit", DType::kI8_G32}};

// One matrix of a case, read as rows of its format, with what it must mean.
struct Golden {
  StoredMatrix matrix;
  std::vector<uint8_t> rows;    // of all experts
  std::vector<float> expected;  // (experts · n, k), columns in the order of the rows
  std::vector<float> decoded;   // likewise
};

std::vector<uint8_t> ReadAll(const StoredMatrix& matrix, int64_t at_once) {
  const int64_t row_bytes = StoredRowBytes(matrix);
  std::vector<uint8_t> rows(static_cast<size_t>(matrix.experts * matrix.n * row_bytes), 0xee);
  uint8_t* dst = rows.data();
  for (int64_t e = 0; e < matrix.experts; ++e) {
    for (int64_t row = 0; row < matrix.n; row += at_once) {
      const int64_t count = std::min(at_once, matrix.n - row);
      ReadStoredRows(matrix, e, row, count, dst);
      dst += count * row_bytes;
    }
  }
  return rows;
}

class StoredGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    checkpoint_ = OpenStored(GetParam());
    expected_ = OpenExpected();
    const QuantScheme scheme = SchemeOf(checkpoint_);
    for (const NamedTensor& tensor : expected_.tensors) {
      Golden golden;
      Result<StoredMatrix> found =
          FindStoredMatrix(checkpoint_, scheme, tensor.name, tensor.view.shape, &used_);
      ASSERT_TRUE(found.ok()) << found.status().message();
      golden.matrix = *std::move(found);
      const StoredMatrix& m = golden.matrix;
      golden.rows = ReadAll(m, 16);
      for (int64_t row = 0; row < m.experts * m.n; ++row) {
        const DTypeInfo& info = GetDType(m.dtype);
        std::vector<float> values(static_cast<size_t>(info.Blocks(m.k) * info.block_size));
        DecodeRow(m.dtype, golden.rows.data() + row * StoredRowBytes(m),
                  static_cast<int64_t>(values.size()), values.data());
        golden.decoded.insert(golden.decoded.end(), values.begin(), values.begin() + m.k);
        for (int64_t p = 0; p < m.k; ++p) {
          const int64_t c = m.column_order.empty() ? p : m.column_order[static_cast<size_t>(p)];
          float value;
          std::memcpy(&value, tensor.view.data + 4 * (row * m.k + c), 4);
          golden.expected.push_back(value);
        }
      }
      goldens_.push_back(std::move(golden));
    }
  }

  SafetensorsHeader OpenExpected() {
    Result<MappedFile> file =
        MappedFile::Open(TestData("stored/" + GetParam() + "/expected.safetensors"));
    EXPECT_TRUE(file.ok());
    file_ = *std::move(file);
    Result<SafetensorsHeader> header = ParseSafetensors(file_.bytes(), "expected");
    EXPECT_TRUE(header.ok());
    return *header;
  }

  Checkpoint checkpoint_;
  MappedFile file_;
  SafetensorsHeader expected_;
  std::vector<Golden> goldens_;
  std::vector<std::string> used_;
};

TEST_P(StoredGolden, RowsMeanThePublishedValuesExactly) {
  ASSERT_FALSE(goldens_.empty());
  for (const Golden& golden : goldens_) {
    EXPECT_EQ(golden.decoded, golden.expected);  // MXFP4 has a −0, which becomes 0
  }
  // The first is the packed one; "ct-mixed" has all kinds.
  if (goldens_.size() == 1) {
    EXPECT_EQ(GetDType(goldens_[0].matrix.dtype).name, GetDType(kReadAs.at(GetParam())).name);
  }
  const bool ordered = GetParam().ends_with("-order");
  EXPECT_EQ(!goldens_[0].matrix.column_order.empty(), ordered);
}

TEST_P(StoredGolden, EveryTensorOfTheFileIsAccountedFor) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : checkpoint_.tensors.tensors) names.push_back(tensor.name);
  std::ranges::sort(names);
  std::ranges::sort(used_);
  EXPECT_EQ(used_, names);
}

TEST_P(StoredGolden, RowsAreTheSameReadOneByOne) {
  for (const Golden& golden : goldens_) {
    EXPECT_EQ(ReadAll(golden.matrix, 1), golden.rows);
    EXPECT_EQ(ReadAll(golden.matrix, 7), golden.rows);
    EXPECT_EQ(ReadAll(golden.matrix, 1000), golden.rows);
  }
}

// The most by which each of the activations (rows, k) may be rounded.
std::vector<double> LargestRounding(ActKind kind, const std::vector<float>& x, int64_t k) {
  std::vector<double> most(x.size(), 0.0);
  for (size_t i = 0; i < x.size(); ++i) {
    if (kind == ActKind::kBf16) most[i] = std::fabs(x[i]) / 256;
    if (kind != ActKind::kQ8) continue;
    const size_t row = i / static_cast<size_t>(k) * static_cast<size_t>(k);
    const size_t begin = row + (i - row) / 32 * 32;
    const size_t end = std::min(begin + 32, row + static_cast<size_t>(k));
    for (size_t j = begin; j < end; ++j) {
      most[i] = std::max(most[i], std::fabs(static_cast<double>(x[j])) / 254 * 1.0001);
    }
  }
  return most;
}

// The matmul against the dequantised matrix in float64, for every instruction set.
//   exact: ‖y − y*‖ ≤ 1e-6·‖y*‖.
//   fast: what is lost is what the activations lose. bfloat16 has 8 significant bits, so
//   |x − x̂| ≤ 2^−8·|x|; int8 in groups of 32 rounds to steps of max|x|/127, so
//   |x − x̂| ≤ max|x|/254. Hence |y − y*| ≤ Σ|x − x̂|·|w|, that bound on it; and with x̂ in the
//   place of x in y*, again 1e-6.
TEST_P(StoredGolden, MatmulLosesWhatTheActivationsLoseAndNoMore) {
  double worst_exact = 0.0, worst_fast = 0.0, worst_seen = 0.0;
  for (const Golden& golden : goldens_) {
    const StoredMatrix& m = golden.matrix;
    const int64_t n = m.experts * m.n;  // all experts as one matrix
    RandomWeight weight{m.dtype, n, m.k, StoredRowBytes(m), {0}, golden.expected};
    weight.bytes.insert(weight.bytes.end(), golden.rows.begin(), golden.rows.end());
    const PackedWeight packed = Pack(weight);
    for (const int64_t rows : {1, 5, 33}) {
      const std::vector<float> x = RandomFloats(static_cast<size_t>(rows * m.k), 17);
      for (const Isa isa : SupportedIsas()) {
        for (const bool exact : {true, false}) {
          const Kernels& kernels = KernelsFor(isa);
          const ActKind kind = ActivationKind(m.dtype, exact);
          const QuantizedRows q = QuantizeRows(kernels, kind, x.data(), rows, m.k);
          const std::vector<double> seen = Seen(q.x);
          const std::vector<double> steps = LargestRounding(kind, x, m.k);
          std::vector<float> y(static_cast<size_t>(rows * n));
          kernels.matmul(packed.matrix, q.x, nullptr, 0, packed.matrix.panels(), y.data(), n);
          double error = 0.0, seen_error = 0.0, size = 0.0;
          for (int64_t i = 0; i < rows; ++i) {
            for (int64_t j = 0; j < n; ++j) {
              double want = 0.0, want_seen = 0.0, bound = 0.0;
              for (int64_t c = 0; c < m.k; ++c) {
                const size_t at = static_cast<size_t>(i * m.k + c);
                const double w = golden.expected[static_cast<size_t>(j * m.k + c)];
                want += x[at] * w;
                want_seen += seen[at] * w;
                bound += (steps[at] + std::fabs(x[at]) * 1e-6) * std::fabs(w);
              }
              const double got = y[static_cast<size_t>(i * n + j)];
              EXPECT_LE(std::fabs(got - want), bound);
              error += (got - want) * (got - want);
              seen_error += (got - want_seen) * (got - want_seen);
              size += want * want;
            }
          }
          (exact ? worst_exact : worst_fast) =
              std::max(exact ? worst_exact : worst_fast, std::sqrt(error / size));
          worst_seen = std::max(worst_seen, std::sqrt(seen_error / size));
        }
      }
    }
  }
  EXPECT_LE(worst_exact, 1e-6);
  EXPECT_LE(worst_seen, 1e-6);
  RecordProperty("float32", fmt::format("{:.1e}", worst_exact));
  RecordProperty("fast", fmt::format("{:.1e}", worst_fast));
  RecordProperty("fast_against_rounded_activations", fmt::format("{:.1e}", worst_seen));
}

INSTANTIATE_TEST_SUITE_P(All, StoredGolden, testing::ValuesIn(StoredCases()),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(StoredRows, PlainRowsAreTheFiles) {
  const Checkpoint checkpoint = OpenStored("ct-mixed");
  const std::string name = "model.layers.0.mlp.gate_proj.weight";
  std::vector<std::string> used;
  const Result<StoredMatrix> m =
      FindStoredMatrix(checkpoint, SchemeOf(checkpoint), name, {8, 64}, &used);
  ASSERT_TRUE(m.ok()) << m.status().message();
  const TensorView& view = checkpoint.tensors.Find(name)->view;
  EXPECT_EQ(StoredRowBytes(*m), 128);
  EXPECT_EQ(StoredRow(*m, 0, 3), view.data + 3 * 128);
  EXPECT_EQ(ReadAll(*m, 5), std::vector<uint8_t>(view.data, view.data + view.bytes));
}

}  // namespace
}  // namespace frugal
