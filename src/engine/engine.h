// The engine: requests in, tokens and text out. Several requests run as one batch.
//
//   Submit() queues a request; each Step() runs one forward pass over everything that is
//   admitted (one row per decoding request, prompt chunks in what room is left) and reports what
//   each request gained. Every request ends with exactly one event whose `finish` is set.
//
// Because a pass is batch-invariant, what a request answers does not depend on its neighbours.
// Not thread-safe: one thread drives it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/machine.h"
#include "base/status.h"
#include "base/thread_team.h"
#include "engine/kv_pool.h"
#include "engine/sampler.h"
#include "engine/stop_strings.h"
#include "model/forward.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace frugal {

struct EngineOptions {
  int threads = 0;                // 0: every core this process may use
  std::optional<Isa> isa;         // none: the best this machine has
  bool exact = false;             // --compute f32
  std::optional<KvType> kv_type;  // none: float32 when exact, else bfloat16
  int64_t expand_rows = ForwardOptions().expand_rows;
  int64_t context = 0;     // most positions per request; 0: the model's own
  int max_rows = 512;      // rows per forward pass
  int max_sequences = 64;  // requests that run at the same time
  int64_t kv_bytes = 0;    // most memory for keys and values; 0: a quarter of the machine's
};

struct Request {
  std::vector<int32_t> prompt;  // at least one token
  SamplingOptions sampling;
  int64_t max_tokens = -1;        // -1: until the context is full
  bool ignore_stop_ids = false;   // go on past end-of-sequence tokens
  std::vector<std::string> stop;  // strings that end the answer (needs a tokenizer)
};

enum class FinishReason {
  kNone,    // more to come
  kStop,    // an end-of-sequence token or a stop string
  kLength,  // max_tokens or the context's end
  kCancelled,
  kError,
};

struct Event {
  int64_t request = 0;
  std::vector<int32_t> tokens;  // new ones; an end-of-sequence token is not among them
  std::string text;             // whole characters; without a tokenizer always empty
  FinishReason finish = FinishReason::kNone;
  Status error;  // with kError
  // Set with finish:
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt, taken over from an earlier request
  int64_t answer_tokens = 0;
};

class Engine {
 public:
  // `path` as OpenCheckpoint takes it. A checkpoint without a tokenizer loads; see
  // tokenizer_status().
  static Result<std::unique_ptr<Engine>> Load(const std::string& path,
                                              const EngineOptions& options);
  ~Engine();

  const Model& model() const { return *model_; }
  const Tokenizer* tokenizer() const { return tokenizer_ ? &*tokenizer_ : nullptr; }
  const Status& tokenizer_status() const { return tokenizer_status_; }  // why there is none
  int64_t context() const { return context_; }
  int threads() const { return team_->size(); }
  const ForwardOptions& forward_options() const { return forward_->options(); }

  // The parts, for measurements that drive them without requests (bench.h); not while any is there.
  Forward& forward() { return *forward_; }
  KvPool& kv_pool() { return *pool_; }
  ThreadTeam& team() { return *team_; }

  // The new request's number. kInvalidArgument: empty prompt, id outside the vocabulary, prompt
  // longer than the context, bad sampling option. kResourceExhausted: the prompt's keys and
  // values could never fit the pool.
  Result<int64_t> Submit(Request request);

  // Ends a request at the next Step; unknown numbers are ignored.
  void Cancel(int64_t request);

  // One forward pass. Empty only when idle().
  std::vector<Event> Step();
  bool idle() const { return waiting_.empty() && running_.empty(); }

  // Logits of a lone sequence, in chunks of `chunk` rows (1 to max_rows): `sink` gets them row by
  // row in order, (vocab) each; only the last row with last_only. A failing sink ends the run.
  // `routing`, if not null, gets the experts chosen: (MoeLayers, ids, MaxTopK), ascending; −1 where
  // a layer chooses fewer.
  Status Logits(std::span<const int32_t> ids, int64_t chunk, bool last_only,
                const std::function<Status(std::span<const float>)>& sink,
                std::vector<int32_t>* routing = nullptr);

 private:
  struct Sequence;

  Engine();
  Status CheckPrompt(std::span<const int32_t> ids) const;
  void Admit(std::vector<Event>* events);
  void TakeRetained(Sequence* sequence);
  void Advance(Sequence* sequence, std::span<float> logits, Event* event);
  void Finish(Sequence* sequence, FinishReason reason, Event* event);

  std::unique_ptr<ThreadTeam> team_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Forward> forward_;
  std::unique_ptr<KvPool> pool_;
  std::optional<Tokenizer> tokenizer_;
  Status tokenizer_status_;
  std::vector<int32_t> stop_ids_;
  int64_t context_ = 0;
  int max_sequences_ = 0;
  int64_t next_request_ = 1;

  std::deque<std::unique_ptr<Sequence>> waiting_;
  std::vector<std::unique_ptr<Sequence>> running_;
  // The last request that ended keeps its keys and values: the next turn of a conversation
  // continues them. Given up when the pool needs the room.
  struct Retained {
    std::vector<int32_t> tokens;  // whose keys and values the pages hold
    KvSequence kv;
    AlignedBuffer<float> state;
  };
  std::optional<Retained> retained_;

  std::vector<BatchRow> rows_;
  std::vector<uint8_t* const*> page_tables_;
  std::vector<float*> states_;
  AlignedBuffer<float> logits_;
};

const char* FinishReasonName(FinishReason reason);  // "stop", "length", "cancelled", "error"

}  // namespace frugal
