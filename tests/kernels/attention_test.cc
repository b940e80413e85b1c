#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/ref/reference.h"
#include "tests/kernels/kernel_test_util.h"

namespace frugal {
namespace {

// One layer's KV for `length` positions and some heads, in pages as the kernels want them: keys
// first, then values, behind some bytes of other layers.
class Cache {
 public:
  Cache(const Kernels& kernels, KvType type, int heads, int head_dim, int v_head_dim,
        int64_t length, uint32_t seed)
      : type_(type), head_dim_(head_dim), v_head_dim_(v_head_dim) {
    const int64_t rows = static_cast<int64_t>(heads) * kAttentionBlock;
    const int64_t element = KvElementBytes(type);
    v_offset_ = kOffset + rows * head_dim * element;
    for (int64_t start = 0; start < length; start += kAttentionBlock) {
      // 0xff bytes are NaNs: a position that does not exist must not be read into a sum.
      std::vector<uint8_t> page(static_cast<size_t>(v_offset_ + rows * v_head_dim * element), 0xff);
      for (int64_t row = 0; row < rows; ++row) {
        if (start + row % kAttentionBlock >= length) continue;
        for (const bool values : {false, true}) {
          const int dim = values ? v_head_dim : head_dim;
          const std::vector<float> x =
              RandomFloats(static_cast<size_t>(dim),
                           seed + static_cast<uint32_t>(16 * start + 2 * row + values));
          kernels.store_kv(type, x.data(), dim,
                           page.data() + (values ? v_offset_ : kOffset) + row * dim * element);
        }
      }
      bytes_.push_back(std::move(page));
    }
    for (const auto& page : bytes_) pages_.push_back(page.data());
  }

  void Point(AttentionArgs& args) const {
    args.pages = pages_.data();
    args.k_offset = kOffset;
    args.v_offset = v_offset_;
  }

  // (end − begin, dim) of one head in float64
  std::vector<double> Rows(bool values, int head, int64_t begin, int64_t end) const {
    const int dim = values ? v_head_dim_ : head_dim_;
    std::vector<double> rows;
    for (int64_t p = begin; p < end; ++p) {
      const uint8_t* at =
          pages_[static_cast<size_t>(p / kAttentionBlock)] + (values ? v_offset_ : kOffset) +
          (head * kAttentionBlock + p % kAttentionBlock) * dim * KvElementBytes(type_);
      std::vector<float> row(static_cast<size_t>(dim));
      DecodeRow(type_ == KvType::kF32 ? DType::kF32 : DType::kBF16, at, dim, row.data());
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  }

 private:
  static constexpr int64_t kOffset = 64;
  KvType type_;
  int head_dim_, v_head_dim_;
  int64_t v_offset_ = 0;
  std::vector<std::vector<uint8_t>> bytes_;
  std::vector<const uint8_t*> pages_;
};

struct Case {
  int head_dim, v_head_dim, group;
  int64_t begin, end;
  float logit_cap = 0.0f;
  bool sinks = false;
  KvType type = KvType::kF32;
};

struct Problem {
  std::vector<float> q, sinks;
  AttentionArgs args;
};

Problem MakeProblem(const Case& c, const Cache& cache, int kv_head) {
  Problem p;
  p.q = RandomFloats(static_cast<size_t>(c.group * c.head_dim), 51);
  p.sinks = RandomFloats(static_cast<size_t>(c.group), 52, 2.0f);
  p.args.type = c.type;
  p.args.head_dim = c.head_dim;
  p.args.v_head_dim = c.v_head_dim;
  p.args.group = c.group;
  p.args.kv_head = kv_head;
  cache.Point(p.args);
  p.args.position = c.end - 1;
  p.args.window = c.begin > 0 ? c.end - c.begin : 0;
  p.args.scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim));
  p.args.logit_cap = c.logit_cap;
  p.args.sinks = c.sinks ? p.sinks.data() : nullptr;
  p.args.q = p.q.data();
  return p;
}

// The outputs of all queries, (queries, group, v_head_dim), from queries that lie alike.
std::vector<float> Attend(const Kernels& kernels, AttentionArgs args) {
  args.q_stride = int64_t{args.group} * args.head_dim;
  args.out_stride = int64_t{args.group} * args.v_head_dim;
  const size_t n = static_cast<size_t>(args.queries * args.out_stride);
  const int64_t floats = AttentionScratchFloats(args.group, args.head_dim, args.v_head_dim);
  EXPECT_LE(args.queries, AttentionQueries(args.group));
  std::vector<float> out(n + 1, -9.0f);
  Buffer scratch(static_cast<size_t>(floats + 1) * sizeof(float));
  auto* const data = reinterpret_cast<float*>(scratch.data());
  std::fill_n(data, floats + 1, std::numeric_limits<float>::quiet_NaN());
  data[floats] = 1e30f;
  args.out = out.data();
  args.scratch = data;
  kernels.attention(args);
  EXPECT_EQ(out[n], -9.0f) << "written beyond the outputs";
  EXPECT_EQ(data[floats], 1e30f) << "written beyond the scratch";
  out.pop_back();
  return out;
}

// Where queries and weights are rounded to bfloat16, each by up to 2^−9, a weighted mean of normal
// numbers moves by some of these; float32 sums move by 1e-7.
double Tolerance(Isa isa, KvType type) {
  return KernelsFor(isa).bf16_dot && type == KvType::kBf16 ? 6e-3 : 1e-6;
}

class AttentionTest : public ::testing::TestWithParam<Isa> {};

INSTANTIATE_TEST_SUITE_P(All, AttentionTest, ::testing::ValuesIn(SupportedIsas()),
                         [](const auto& param_info) { return IsaName(param_info.param); });

TEST_P(AttentionTest, AgreesWithFloat64) {
  const Kernels& kernels = KernelsFor(GetParam());
  const Case cases[] = {
      {64, 64, 1, 0, 1},
      {64, 64, 1, 0, 64},
      {64, 64, 1, 0, 65},
      {128, 128, 7, 0, 300},
      {20, 20, 4, 0, 200},    // not a multiple of 16
      {5, 3, 2, 0, 77},       // below 16
      {192, 128, 5, 0, 130},  // keys longer than values
      {32, 80, 8, 0, 129},
      {64, 64, 3, 100, 300},  // a window from the middle of a block
      {64, 64, 1, 127, 128},  // one position
      {64, 64, 2, 128, 129},
      {48, 48, 2, 0, 150, 5.0f},
      {48, 48, 2, 3, 150, 0.0f, true},
      {48, 48, 6, 0, 20, 3.0f, true},
      {64, 64, 4, 0, 2000},
  };
  for (Case c : cases) {
    for (const KvType type : {KvType::kF32, KvType::kBf16}) {
      c.type = type;
      const int heads = 2;
      const Cache cache(kernels, type, heads, c.head_dim, c.v_head_dim, c.end, 53);
      for (int kv_head = 0; kv_head < heads; ++kv_head) {
        const Problem p = MakeProblem(c, cache, kv_head);
        const std::vector<float> out = Attend(kernels, p.args);
        const std::vector<double> k = cache.Rows(false, kv_head, c.begin, c.end);
        const std::vector<double> v = cache.Rows(true, kv_head, c.begin, c.end);
        for (int h = 0; h < c.group; ++h) {
          const std::vector<double> q(p.q.begin() + h * c.head_dim,
                                      p.q.begin() + (h + 1) * c.head_dim);
          const double sink = p.sinks[static_cast<size_t>(h)];
          std::vector<double> exact(static_cast<size_t>(c.v_head_dim));
          ref::Attention<double>(q.data(), k.data(), v.data(), c.end - c.begin, c.head_dim,
                                 c.v_head_dim, p.args.scale, c.logit_cap, c.sinks ? &sink : nullptr,
                                 exact.data());
          double error = 0.0;
          double size = 0.0;
          for (int d = 0; d < c.v_head_dim; ++d) {
            const double e = exact[static_cast<size_t>(d)];
            const double delta = out[static_cast<size_t>(h * c.v_head_dim + d)] - e;
            error += delta * delta;
            size += e * e;
          }
          EXPECT_LE(std::sqrt(error / size), Tolerance(GetParam(), type))
              << "head_dim " << c.head_dim << " group " << c.group << " positions " << c.begin
              << "–" << c.end << " head " << h;
        }
      }
    }
  }
}

// A head's bits depend on its own query and context alone: not on the heads beside it, nor on
// what lies behind the context's end.
TEST_P(AttentionTest, AHeadsBitsDoNotDependOnItsCompany) {
  const Kernels& kernels = KernelsFor(GetParam());
  for (const KvType type : {KvType::kF32, KvType::kBf16}) {
    const Case c = {40, 24, 7, 10, 170, 0.0f, true, type};
    const Cache cache(kernels, type, 1, c.head_dim, c.v_head_dim, c.end, 54);
    const Cache longer(kernels, type, 1, c.head_dim, c.v_head_dim, 192, 54);
    const Problem p = MakeProblem(c, cache, 0);
    const std::vector<float> together = Attend(kernels, p.args);
    AttentionArgs in_longer = p.args;
    longer.Point(in_longer);
    EXPECT_TRUE(SameBits(Attend(kernels, in_longer), together));
    for (int h = 0; h < c.group; ++h) {
      AttentionArgs alone = p.args;
      alone.group = 1;
      alone.q = p.args.q + h * c.head_dim;
      alone.sinks = p.args.sinks + h;
      const std::vector<float> expected(together.begin() + h * c.v_head_dim,
                                        together.begin() + (h + 1) * c.v_head_dim);
      EXPECT_TRUE(SameBits(Attend(kernels, alone), expected)) << h;
    }
  }
}

// Queries that share a call, the first of them behind a block's end, one by one.
TEST_P(AttentionTest, AQuerysBitsDoNotDependOnItsCompany) {
  const Kernels& kernels = KernelsFor(GetParam());
  for (const int64_t window : {0, 3, 70}) {
    for (const KvType type : {KvType::kF32, KvType::kBf16}) {
      const int queries = 9;
      const Case c = {40, 24, 5, 0, 132, 3.0f, true, type};
      const Cache cache(kernels, type, 1, c.head_dim, c.v_head_dim, c.end, 58);
      Problem p = MakeProblem(c, cache, 0);
      p.q = RandomFloats(static_cast<size_t>(queries * c.group * c.head_dim), 59);
      const std::vector<float> factors = {1.0f, 1.5f, 0.5f, 1.0f, 2.0f, 1.0f, 1.0f, 0.25f, 3.0f};
      p.args.q = p.q.data();
      p.args.queries = queries;
      p.args.position = c.end - queries;
      p.args.window = window;
      p.args.factors = factors.data();
      const std::vector<float> together = Attend(kernels, p.args);
      const int64_t size = int64_t{c.group} * c.v_head_dim;
      ASSERT_EQ(static_cast<int64_t>(together.size()), queries * size);
      for (int i = 0; i < queries; ++i) {
        AttentionArgs alone = p.args;
        alone.queries = 1;
        alone.position = p.args.position + i;
        alone.q = p.args.q + i * c.group * c.head_dim;
        alone.factors = factors.data() + i;
        const std::vector<float> expected(together.begin() + i * size,
                                          together.begin() + (i + 1) * size);
        EXPECT_TRUE(SameBits(Attend(kernels, alone), expected)) << window << " query " << i;
        // A factor of the logits is the same factor of scale and cap.
        if (i == 4) {
          alone.factors = nullptr;
          alone.scale *= 2.0f;
          alone.logit_cap *= 2.0f;
          EXPECT_TRUE(SameBits(Attend(kernels, alone), expected));
        }
      }
    }
  }
}

// A logit 1000 above the others takes everything, and none overflows.
TEST_P(AttentionTest, LargeLogits) {
  const Kernels& kernels = KernelsFor(GetParam());
  const Case c = {16, 16, 1, 0, 130};
  const Cache cache(kernels, KvType::kF32, 1, 16, 16, c.end, 55);
  Problem p = MakeProblem(c, cache, 0);
  p.args.scale = 1000.0f;
  const std::vector<double> k = cache.Rows(false, 0, 0, c.end);
  const std::vector<double> v = cache.Rows(true, 0, 0, c.end);
  std::vector<double> exact(16);
  const std::vector<double> q = ToDouble(p.q);
  ref::Attention<double>(q.data(), k.data(), v.data(), c.end, 16, 16, 1000.0, 0.0, nullptr,
                         exact.data());
  const std::vector<float> out = Attend(kernels, p.args);
  // The logits are about 10^4 with a rounding error of 10^-3 each.
  for (size_t d = 0; d < 16; ++d) EXPECT_NEAR(out[d], exact[d], 1e-2);
}

// Latent attention: the values are the first elements of the keys.
TEST_P(AttentionTest, ValuesMayBePartOfTheKeys) {
  const Kernels& kernels = KernelsFor(GetParam());
  const Case cases[] = {{576, 512, 5, 0, 130}, {40, 24, 7, 0, 70}, {19, 13, 3, 0, 65},
                        {7, 3, 1, 0, 1},       {80, 80, 4, 0, 64}, {20, 16, 4, 70, 200}};
  for (Case c : cases) {
    for (const KvType type : {KvType::kF32, KvType::kBf16}) {
      c.type = type;
      const int heads = 2;
      const Cache cache(kernels, type, heads, c.head_dim, c.v_head_dim, c.end, 57);
      for (int kv_head = 0; kv_head < heads; ++kv_head) {
        Problem p = MakeProblem(c, cache, kv_head);
        p.args.v_offset = p.args.k_offset;
        p.args.v_stride = c.head_dim;
        const std::vector<float> out = Attend(kernels, p.args);
        const std::vector<double> k = cache.Rows(false, kv_head, c.begin, c.end);
        std::vector<double> v;
        for (size_t at = 0; at < k.size(); at += static_cast<size_t>(c.head_dim)) {
          v.insert(v.end(), k.begin() + static_cast<int64_t>(at),
                   k.begin() + static_cast<int64_t>(at) + c.v_head_dim);
        }
        for (int h = 0; h < c.group; ++h) {
          const std::vector<double> q(p.q.begin() + h * c.head_dim,
                                      p.q.begin() + (h + 1) * c.head_dim);
          std::vector<double> exact(static_cast<size_t>(c.v_head_dim));
          ref::Attention<double>(q.data(), k.data(), v.data(), c.end - c.begin, c.head_dim,
                                 c.v_head_dim, p.args.scale, 0.0, nullptr, exact.data());
          double error = 0.0;
          double size = 0.0;
          for (int d = 0; d < c.v_head_dim; ++d) {
            const double e = exact[static_cast<size_t>(d)];
            const double delta = out[static_cast<size_t>(h * c.v_head_dim + d)] - e;
            error += delta * delta;
            size += e * e;
          }
          EXPECT_LE(std::sqrt(error / size), Tolerance(GetParam(), type))
              << "head_dim " << c.head_dim << " group " << c.group << " head " << h;
        }
      }
    }
  }
}

TEST(AttentionAcrossIsas, GiveTheSameBits) {
  for (const KvType type : {KvType::kF32, KvType::kBf16}) {
    const Case c = {72, 72, 6, 5, 200, 4.0f, true, type};
    const Cache cache(KernelsFor(Isa::kScalar), type, 1, c.head_dim, c.v_head_dim, c.end, 56);
    const Problem p = MakeProblem(c, cache, 0);
    const std::vector<float> scalar = Attend(KernelsFor(Isa::kScalar), p.args);
    for (const Isa isa : SupportedIsas()) {
      if (Tolerance(isa, type) > 1e-6) continue;  // it rounds more
      EXPECT_TRUE(SameBits(Attend(KernelsFor(isa), p.args), scalar)) << IsaName(isa);
    }
  }
}

}  // namespace
}  // namespace frugal
