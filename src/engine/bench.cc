#include "engine/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

namespace frugal {
namespace {

// One sequence: its keys and values, and its recurrent state.
struct Slot {
  Slot(KvPool* pool, int64_t state_floats) : kv(pool), state(state_floats) {}

  KvSequence kv;
  AlignedBuffer<float> state;
};

class Bench {
 public:
  Bench(Engine& engine, const Roofs& roofs, const BenchOptions& options, const WeightCost& weights)
      : engine_(engine),
        roofs_(roofs),
        options_(options),
        weights_(weights),
        vocab_(engine.model().spec.vocab),
        random_(options.seed),
        state_floats_(engine.forward().cache_layout().state_floats),
        state_at_depth_(state_floats_) {}

  // Sequences that have `depth` tokens behind them and room for what the tests add.
  Status SetDepth(int64_t depth) {
    slots_.clear();
    depth_ = depth;
    const int64_t most = *std::ranges::max_element(options_.batches);
    const int64_t slots = options_.answer_tokens > 0 ? most : 1;
    for (int64_t s = 0; s < slots; ++s) {
      slots_.emplace_back(&engine_.kv_pool(), state_floats_);
      const int64_t more = std::max(s == 0 ? options_.prompt_tokens : 0, options_.answer_tokens);
      if (!slots_.back().kv.Reserve(depth + more)) {
        return Error(StatusCode::kResourceExhausted,
                     "keys and values of {} sequences of {} tokens do not fit the memory for them; "
                     "ask for a smaller depth or batch",
                     slots, depth + more);
      }
    }
    logits_ = AlignedBuffer<float>(slots * vocab_);
    Feed(0, depth, /*logits=*/false);
    std::copy_n(slots_[0].state.data(), state_floats_, state_at_depth_.data());
    for (int64_t s = 1; s < slots; ++s) {
      for (int64_t p = 0; p < PagesFor(depth); ++p) {
        std::memcpy(slots_[s].kv.pages()[p], slots_[0].kv.pages()[p],
                    engine_.kv_pool().page_bytes());
      }
    }
    return OkStatus();
  }

  BenchResult Prompt(const std::string& test) {
    const int64_t tokens = options_.prompt_tokens;
    const int64_t step = engine_.forward_options().max_rows;
    Total total;
    for (int64_t at = 0; at < tokens; at += step) {
      const int64_t rows = std::min(step, tokens - at);
      total.Add(*this, {.rows = rows,
                        .logit_rows = at + rows == tokens ? 1 : 0,
                        .context = static_cast<double>(depth_ + at + rows)});
    }
    Feed(depth_, std::min(tokens, step), /*logits=*/true);
    return Measure(test, tokens, total, [&] { Feed(depth_, tokens, /*logits=*/true); });
  }

  BenchResult Answer(const std::string& test, int64_t batch) {
    const int64_t steps = options_.answer_tokens;
    Total total;
    for (int64_t i = 1; i <= steps; ++i) {
      total.Add(*this, {.sequences = batch,
                        .rows = 1,
                        .logit_rows = batch,
                        .context = static_cast<double>(depth_ + i)});
    }
    Decode(batch, std::min<int64_t>(steps, 2));
    return Measure(test, batch * steps, total, [&] { Decode(batch, steps); });
  }

 private:
  // Sums over the passes of one run.
  struct Total {
    double bytes = 0.0;
    double operations = 0.0;
    double read_seconds = 0.0;
    double compute_seconds = 0.0;
    double seconds = 0.0;

    void Add(const Bench& bench, const Pass& pass) {
      const PassCost cost = CostOfPass(bench.weights_, bench.engine_.model().spec,
                                       bench.engine_.forward_options().kv_type, pass);
      const double read = ReadSeconds(cost, bench.roofs_);
      const double compute = ComputeSeconds(cost, bench.roofs_);
      bytes += cost.bytes;
      operations = std::accumulate(cost.operations.begin(), cost.operations.end(), operations);
      read_seconds += read;
      compute_seconds += compute;
      seconds += std::max(read, compute);
    }
  };

  template <typename Run>
  BenchResult Measure(const std::string& test, int64_t tokens, const Total& total, const Run& run) {
    const auto count = static_cast<double>(tokens);
    std::vector<double> speeds;
    for (int i = 0; i < options_.repeats; ++i) {
      // A recurrent state has moved on; keys and values are written over.
      for (Slot& slot : slots_) {
        std::copy_n(state_at_depth_.data(), state_floats_, slot.state.data());
      }
      const auto start = std::chrono::steady_clock::now();
      run();
      speeds.push_back(
          count / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return {.test = test,
            .tokens_per_s = Median(speeds),
            .stddev = StdDev(speeds),
            .bytes_per_token = total.bytes / count,
            .operations_per_token = total.operations / count,
            .roof = count / total.seconds,
            .memory_bound = total.read_seconds > total.compute_seconds};
  }

  int32_t RandomToken() { return static_cast<int32_t>(random_() % static_cast<uint64_t>(vocab_)); }

  // Tokens of the first sequence from `position` on; logits of the last where they are asked for.
  void Feed(int64_t position, int64_t count, bool logits) {
    uint8_t* const* pages = slots_[0].kv.pages();
    float* state = slots_[0].state.data();
    const int64_t step = engine_.forward_options().max_rows;
    for (int64_t at = 0; at < count; at += step) {
      rows_.clear();
      for (int64_t i = at; i < std::min(at + step, count); ++i) {
        rows_.push_back({.token = RandomToken(),
                         .position = position + i,
                         .wants_logits = logits && i + 1 == count});
      }
      engine_.forward().Run({.rows = rows_, .pages = {&pages, 1}, .states = {&state, 1}},
                            logits_.data());
    }
  }

  // One token of each of the first `batch` sequences at a time, as answers have it.
  void Decode(int64_t batch, int64_t steps) {
    std::vector<uint8_t* const*> pages;
    std::vector<float*> states;
    for (int64_t s = 0; s < batch; ++s) {
      pages.push_back(slots_[s].kv.pages());
      states.push_back(slots_[s].state.data());
    }
    for (int64_t i = 0; i < steps; ++i) {
      rows_.clear();
      for (int64_t s = 0; s < batch; ++s) {
        rows_.push_back({.token = RandomToken(),
                         .sequence = static_cast<int32_t>(s),
                         .position = depth_ + i,
                         .wants_logits = true});
      }
      engine_.forward().Run({.rows = rows_, .pages = pages, .states = states}, logits_.data());
    }
  }

  Engine& engine_;
  const Roofs& roofs_;
  const BenchOptions& options_;
  const WeightCost& weights_;
  const int64_t vocab_;
  std::mt19937_64 random_;
  const int64_t state_floats_;
  AlignedBuffer<float> state_at_depth_;
  int64_t depth_ = 0;
  std::vector<Slot> slots_;
  std::vector<BatchRow> rows_;
  AlignedBuffer<float> logits_;
};

Status Check(const Engine& engine, const BenchOptions& options) {
  const int64_t tokens = std::max(options.prompt_tokens, options.answer_tokens);
  if (options.prompt_tokens < 0 || options.answer_tokens < 0 || tokens == 0 ||
      options.repeats < 1 || options.depths.empty() || options.batches.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "nothing to measure: expected tokens of a prompt or an answer, at least one run, "
                 "one depth and one batch; found {}, {}, {}, {} and {}",
                 options.prompt_tokens, options.answer_tokens, options.repeats,
                 options.depths.size(), options.batches.size());
  }
  for (const int64_t depth : options.depths) {
    if (depth < 0 || depth > engine.context() - tokens) {
      return Error(StatusCode::kInvalidArgument,
                   "depth {}: with {} tokens more, the context of {} does not hold it; --ctx sets "
                   "the context",
                   depth, tokens, engine.context());
    }
  }
  const ForwardOptions& forward = engine.forward_options();
  const int64_t most = std::min(forward.max_rows, forward.max_logit_rows);
  for (const int64_t batch : options.batches) {
    if (batch < 1 || batch > most) {
      return Error(StatusCode::kInvalidArgument, "batch {}: expected 1 to {} sequences", batch,
                   most);
    }
  }
  return OkStatus();
}

}  // namespace

Status RunBench(Engine& engine, const Roofs& roofs, const BenchOptions& options,
                const std::function<void(const std::string& test)>& starting,
                const std::function<void(const BenchResult&)>& done) {
  RETURN_IF_ERROR(Check(engine, options));
  const Model& model = engine.model();
  ASSIGN_OR_RETURN(const WeightCost weights,
                   CountWeights(model.checkpoint, model.spec, engine.forward_options().exact));
  Bench bench(engine, roofs, options, weights);
  for (const int64_t depth : options.depths) {
    const std::string at = depth > 0 ? fmt::format("@d{}", depth) : "";
    starting(fmt::format("context of {} tokens", depth));
    RETURN_IF_ERROR(bench.SetDepth(depth));
    if (options.prompt_tokens > 0) {
      const std::string test = fmt::format("pp{}{}", options.prompt_tokens, at);
      starting(test);
      done(bench.Prompt(test));
    }
    for (const int64_t batch : options.batches) {
      if (options.answer_tokens == 0) break;
      const std::string test = fmt::format("tg{}{}{}", options.answer_tokens, at,
                                           batch > 1 ? fmt::format("@b{}", batch) : "");
      starting(test);
      done(bench.Answer(test, batch));
    }
  }
  return OkStatus();
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double StdDev(const std::vector<double>& values) {
  if (values.size() < 2) return 0.0;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1));
}

}  // namespace frugal
