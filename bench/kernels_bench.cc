// Kernels against this machine's roofs. Run as
//   bench_kernels [--benchmark_filter=…]
// "Read" is the roof of everything at m = 1: how fast all threads together read memory. matmul
// reports the bytes of weights and the operations (2·m·n·k) per second. FRUGAL_BENCH_THREADS sets
// the number of threads.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/codec/codec.h"
#include "kernels/kernels.h"

namespace frugal {
namespace {

// FRUGAL_BENCH_THREADS, or one for each processor.
int Threads() {
  const char* asked = std::getenv("FRUGAL_BENCH_THREADS");
  if (asked != nullptr) return std::max(1, std::atoi(asked));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// Threads that run the same task again and again, without starting anew.
class Team {
 public:
  explicit Team(int threads) : barrier_(threads) {
    for (int i = 1; i < threads; ++i) threads_.emplace_back([this, i] { Work(i); });
  }
  ~Team() {
    stop_ = true;
    barrier_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
  }
  template <typename F>
  void Run(F f) {
    task_ = [](void* context, int i) { (*static_cast<F*>(context))(i); };
    context_ = &f;
    barrier_.arrive_and_wait();
    f(0);
    barrier_.arrive_and_wait();
  }

 private:
  void Work(int i) {
    for (;;) {
      barrier_.arrive_and_wait();
      if (stop_) return;
      task_(context_, i);
      barrier_.arrive_and_wait();
    }
  }
  std::barrier<> barrier_;
  std::vector<std::thread> threads_;
  void (*task_)(void*, int) = nullptr;
  void* context_ = nullptr;
  bool stop_ = false;
};

// Zeroed memory in huge pages, as the engine's weights have it: with small ones the misses of the
// address translation would be measured.
class Memory {
 public:
  explicit Memory(int64_t bytes) : bytes_((bytes + kHuge - 1) / kHuge * kHuge) {
    data_ = static_cast<uint8_t*>(std::aligned_alloc(kHuge, static_cast<size_t>(bytes_)));
    madvise(data_, static_cast<size_t>(bytes_), MADV_HUGEPAGE);
    std::memset(data_, 0, static_cast<size_t>(bytes_));
  }
  ~Memory() { std::free(data_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  uint8_t* data() { return data_; }

 private:
  static constexpr int64_t kHuge = int64_t{2} << 20;
  int64_t bytes_;
  uint8_t* data_;
};

void Read(benchmark::State& state) {
  const int threads = Threads();
  const size_t words = size_t{512} << 17;  // 512 MiB
  Memory memory(static_cast<int64_t>(words * 8));
  const auto* data = reinterpret_cast<const uint64_t*>(memory.data());
  Team team(threads);
  std::vector<uint64_t> sums(static_cast<size_t>(threads) * 8);
  for (auto _ : state) {
    team.Run([&](int t) {
      const size_t share = words / static_cast<size_t>(threads);
      const uint64_t* p = data + share * static_cast<size_t>(t);
      uint64_t sum[8] = {};
      for (size_t i = 0; i < share; i += 8) {
        for (size_t j = 0; j < 8; ++j) sum[j] += p[i + j];
      }
      for (const uint64_t s : sum) sums[static_cast<size_t>(t) * 8] += s;
    });
  }
  benchmark::DoNotOptimize(sums.data());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(words * 8));
}

// FRUGAL_BENCH_MIB: of a matrix with few rows of x; a small one stays in a cache and shows what the
// arithmetic takes.
int64_t MatrixBytes() {
  const char* asked = std::getenv("FRUGAL_BENCH_MIB");
  return int64_t{asked != nullptr ? std::max(1, std::atoi(asked)) : 256} << 20;
}

// By default enough panels that at m = 1 nothing is found in a cache again.
void Matmul(benchmark::State& state, Isa isa, DType dtype, bool exact, int64_t m) {
  const Kernels& kernels = KernelsFor(isa);
  const DTypeInfo& info = GetDType(dtype);
  const int64_t k = 4096;
  const int64_t row_bytes = k / info.block_size * info.block_bytes;
  // With many rows a width as models have it: a power of two, whose outputs lie awkwardly.
  const int64_t step = kPanelRows * Threads();
  const int64_t n = m <= 16 ? MatrixBytes() / row_bytes / step * step : 8192;
  const int64_t panel_bytes = PackedPanelBytes(dtype, k);
  Memory bytes(n / kPanelRows * panel_bytes);
  const PackedMatrix w{dtype, n, k, panel_bytes, bytes.data()};
  std::vector<uint8_t> rows(static_cast<size_t>(kPanelRows * row_bytes));
  std::mt19937 rng(1);
  for (uint8_t& b : rows) b = static_cast<uint8_t>(rng() & 0x3f);  // finite in every format
  for (int64_t p = 0; p < w.panels(); ++p) {
    PackPanel(dtype, k, PanelRows(rows.data(), row_bytes, kPanelRows, 0).rows,
              bytes.data() + p * panel_bytes);
  }
  const ActKind kind = ActivationKind(dtype, exact);
  const int64_t x_bytes = ActivationRowBytes(kind, k);
  Memory x_storage(m * x_bytes);
  std::vector<float> values(static_cast<size_t>(k));
  for (float& v : values) v = static_cast<float>(rng() % 2001) / 1000.0f - 1.0f;
  for (int64_t i = 0; i < m; ++i) {
    kernels.quantize(kind, values.data(), k, x_storage.data() + i * x_bytes);
  }
  const Activations x{kind, m, k, x_bytes, x_storage.data()};
  std::vector<float> y(static_cast<size_t>(m * n));
  Team team(Threads());
  for (auto _ : state) {
    team.Run([&](int t) {
      const int64_t share = w.panels() / Threads();
      kernels.matmul(w, x, nullptr, share * t, share * (t + 1), y.data(), n);
    });
  }
  state.SetBytesProcessed(state.iterations() * w.panels() * panel_bytes);
  state.counters["ops"] = benchmark::Counter(
      2.0 * static_cast<double>(m * n * k) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}

// One thread, the last `queries` positions of a context; bytes of KV read per second.
void Attention(benchmark::State& state, Isa isa, KvType type, int group, int64_t length,
               int queries) {
  const Kernels& kernels = KernelsFor(isa);
  const int dim = 128;
  const int64_t page_bytes = kAttentionBlock * dim * KvElementBytes(type);
  const int64_t pages = length / kAttentionBlock;
  Memory kv(2 * pages * page_bytes);
  std::vector<const uint8_t*> table;
  for (int64_t p = 0; p < pages; ++p) table.push_back(kv.data() + 2 * p * page_bytes);
  const int64_t heads = int64_t{group} * dim;
  std::vector<float> q(static_cast<size_t>(queries * heads), 0.1f);
  std::vector<float> out(q.size());
  Memory scratch(AttentionScratchFloats(group, dim, dim) * 4);
  AttentionArgs args;
  args.type = type;
  args.head_dim = args.v_head_dim = dim;
  args.group = group;
  args.pages = table.data();
  args.v_offset = page_bytes;
  args.queries = queries;
  args.position = length - queries;
  args.q = q.data();
  args.out = out.data();
  args.q_stride = args.out_stride = heads;
  args.scratch = reinterpret_cast<float*>(scratch.data());
  for (auto _ : state) kernels.attention(args);
  state.SetBytesProcessed(state.iterations() * 2 * pages * page_bytes);
  state.counters["ops"] = benchmark::Counter(
      4.0 * static_cast<double>(queries * heads * length) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}

void RmsNorm(benchmark::State& state, Isa isa) {
  std::vector<float> x(4096, 0.5f);
  std::vector<float> y(4096);
  for (auto _ : state) KernelsFor(isa).rms_norm(x.data(), x.data(), 4096, 1e-5f, y.data());
  state.SetItemsProcessed(state.iterations() * 4096);
}

void Glu(benchmark::State& state, Isa isa) {
  std::vector<float> x(4096, 0.5f);
  std::vector<float> y(4096);
  for (auto _ : state) {
    KernelsFor(isa).glu(Activation::kSilu, x.data(), x.data(), 4096, y.data());
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}

void QuantizeQ8(benchmark::State& state, Isa isa) {
  std::vector<float> x(4096, 0.5f);
  Memory row(ActivationRowBytes(ActKind::kQ8, 4096));
  for (auto _ : state) KernelsFor(isa).quantize(ActKind::kQ8, x.data(), 4096, row.data());
  state.SetItemsProcessed(state.iterations() * 4096);
}

void RegisterAll() {
  benchmark::RegisterBenchmark("Read", Read)->UseRealTime();
  for (int i = 0; i < kNumIsas; ++i) {
    const Isa isa = static_cast<Isa>(i);
    if (!IsaSupported(isa)) continue;
    const std::string suffix = std::string("/") + IsaName(isa);
    for (int d = 0; d < 64; ++d) {
      const DType dtype = static_cast<DType>(d);
      if (FindDType(dtype) == nullptr || !HasCodec(dtype)) continue;
      for (const bool exact : {false, true}) {
        if (exact && ActivationKind(dtype, false) == ActKind::kF32) continue;
        for (const int64_t m : {1, 2, 4, 8, 16, 512}) {
          const std::string name = std::string("Matmul/") + GetDType(dtype).name +
                                   (exact ? "/exact" : "/auto") + "/m" + std::to_string(m);
          benchmark::RegisterBenchmark((name + suffix).c_str(), Matmul, isa, dtype, exact, m)
              ->UseRealTime();
        }
      }
    }
    for (const KvType type : {KvType::kF32, KvType::kBf16}) {
      for (const int group : {1, 4, 7}) {
        const std::string name = std::string("Attention/") +
                                 (type == KvType::kF32 ? "f32" : "bf16") + "/group" +
                                 std::to_string(group);
        for (const int queries : {1, AttentionQueries(group)}) {
          benchmark::RegisterBenchmark((name + "/q" + std::to_string(queries) + suffix).c_str(),
                                       Attention, isa, type, group, int64_t{4096}, queries);
        }
      }
    }
    benchmark::RegisterBenchmark(("RmsNorm" + suffix).c_str(), RmsNorm, isa);
    benchmark::RegisterBenchmark(("Glu" + suffix).c_str(), Glu, isa);
    benchmark::RegisterBenchmark(("QuantizeQ8" + suffix).c_str(), QuantizeQ8, isa);
  }
}

}  // namespace
}  // namespace frugal

int main(int argc, char** argv) {
  frugal::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
