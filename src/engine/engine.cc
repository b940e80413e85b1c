#include "engine/engine.h"

#include <algorithm>

#include "base/check.h"

namespace frugal {
namespace {

// GGUF files name one end-of-sequence token, but chat models end a turn with another, which only
// its spelling tells. (Hugging Face checkpoints list theirs in generation_config.json.)
constexpr std::string_view kTurnEnds[] = {"<|im_end|>", "<|eot_id|>",    "<|eom_id|>",
                                          "<|end|>",    "<|endoftext|>", "<|return|>",
                                          "<|call|>",   "<end_of_turn>", "<｜end▁of▁sentence｜>",
                                          "<|user|>",   "</s>",          "<|END_OF_TURN_TOKEN|>"};

int64_t DefaultKvBytes() {
  const int64_t memory = ProbeMachine().memory_bytes;
  return memory > 0 ? memory / 4 : int64_t{2} << 30;
}

}  // namespace

struct Engine::Sequence {
  Sequence(int64_t number, Request r, KvPool* pool, int64_t state_floats)
      : id(number),
        request(std::move(r)),
        sampler(request.sampling),
        kv(pool),
        state(state_floats),
        stop(request.stop),
        tokens(request.prompt) {
    for (int32_t token : tokens) sampler.ObservePrompt(token);
  }

  int64_t id;
  Request request;
  Sampler sampler;
  KvSequence kv;
  AlignedBuffer<float> state;  // recurrent, after `computed` tokens; empty when the model has none
  StopStrings stop;
  std::vector<int32_t> tokens;  // prompt and answer
  int64_t computed = 0;         // tokens whose keys and values are in kv
  int64_t cached = 0;           // of the prompt, taken over
  int64_t limit = 0;            // most tokens this sequence may reach
  bool cancelled = false;
  std::optional<StreamDecoder> decoder;

  int64_t prompt_size() const { return static_cast<int64_t>(request.prompt.size()); }
  int64_t size() const { return static_cast<int64_t>(tokens.size()); }
  int64_t answer_size() const { return size() - prompt_size(); }
};

Engine::Engine() = default;
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::Load(const std::string& path,
                                             const EngineOptions& options) {
  std::unique_ptr<Engine> engine(new Engine());
  if (options.threads < 0 || options.threads > 1024) {
    return Error(StatusCode::kInvalidArgument, "threads: expected 1 to 1024, found {}",
                 options.threads);
  }
  const Isa isa = options.isa.value_or(BestIsa());
  if (!IsaSupported(isa)) {
    return Error(StatusCode::kInvalidArgument,
                 "instruction set {}: this machine or build does not have it; the best here is {}",
                 IsaName(isa), IsaName(BestIsa()));
  }
  engine->team_ =
      std::make_unique<ThreadTeam>(options.threads > 0 ? options.threads : ProbeMachine().cores);
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(path));
  ASSIGN_OR_RETURN(engine->model_, LoadModel(std::move(checkpoint), *engine->team_));
  const ModelSpec& spec = engine->model_->spec;

  Result<Tokenizer> tokenizer = Tokenizer::Load(path);
  if (tokenizer.ok()) {
    engine->tokenizer_.emplace(*std::move(tokenizer));
  } else {
    engine->tokenizer_status_ = tokenizer.status();
  }
  engine->stop_ids_ = spec.stop_ids;
  if (const Tokenizer* t = engine->tokenizer()) {
    const auto add = [&](int32_t id) {
      if (std::ranges::find(engine->stop_ids_, id) == engine->stop_ids_.end()) {
        engine->stop_ids_.push_back(id);
      }
    };
    if (t->eos_id()) add(*t->eos_id());
    if (engine->model_->checkpoint.container == Container::kGguf) {
      for (std::string_view text : kTurnEnds) {
        const std::optional<int32_t> id = t->TokenId(text);
        if (id && t->IsSpecial(*id)) add(*id);
      }
    }
  }

  if (options.context < 0) {
    return Error(StatusCode::kInvalidArgument, "context: expected a positive number, found {}",
                 options.context);
  }
  engine->context_ = options.context > 0 ? options.context : spec.max_position;
  engine->max_sequences_ = std::max(1, options.max_sequences);
  const int max_rows = std::max(options.max_rows, engine->max_sequences_);
  engine->forward_ = std::make_unique<Forward>(
      *engine->model_, *engine->team_,
      ForwardOptions{
          .isa = isa,
          .exact = options.exact,
          .kv_type = options.kv_type.value_or(options.exact ? KvType::kF32 : KvType::kBf16),
          .max_rows = max_rows,
          .max_logit_rows = max_rows,
          .expand_rows = options.expand_rows});
  const int64_t page_bytes = engine->forward_->cache_layout().page_bytes;
  const int64_t kv_bytes = options.kv_bytes > 0 ? options.kv_bytes : DefaultKvBytes();
  engine->pool_ = std::make_unique<KvPool>(page_bytes, std::max<int64_t>(1, kv_bytes / page_bytes));
  engine->logits_ = AlignedBuffer<float>(engine->max_sequences_ * spec.vocab);
  return engine;
}

Status Engine::CheckPrompt(std::span<const int32_t> ids) const {
  if (ids.empty()) return Error(StatusCode::kInvalidArgument, "the prompt is empty");
  const int64_t vocab = model_->spec.vocab;
  for (int32_t id : ids) {
    if (id < 0 || id >= vocab) {
      return Error(StatusCode::kInvalidArgument, "token id {} is outside the vocabulary (0 to {})",
                   id, vocab - 1);
    }
  }
  const int64_t size = static_cast<int64_t>(ids.size());
  if (size > context_) {
    return Error(StatusCode::kInvalidArgument,
                 "the prompt has {} tokens, the context holds {}; --ctx sets it", size, context_);
  }
  if (PagesFor(size) > pool_->max_pages()) {
    return Error(StatusCode::kResourceExhausted,
                 "the prompt has {} tokens, but the memory for keys and values holds {}", size,
                 pool_->max_pages() * kAttentionBlock);
  }
  return OkStatus();
}

Result<int64_t> Engine::Submit(Request request) {
  RETURN_IF_ERROR(CheckPrompt(request.prompt));
  RETURN_IF_ERROR(CheckSamplingOptions(request.sampling, model_->spec.vocab));
  if (!request.stop.empty() && !tokenizer_) {
    return Error(StatusCode::kInvalidArgument, "stop strings need a tokenizer: {}",
                 tokenizer_status_.message());
  }
  auto sequence = std::make_unique<Sequence>(next_request_++, std::move(request), pool_.get(),
                                             forward_->cache_layout().state_floats);
  const int64_t room = std::min(context_, pool_->max_pages() * kAttentionBlock);
  const int64_t wanted = sequence->request.max_tokens;
  sequence->limit = wanted >= 0 && wanted < room - sequence->prompt_size()
                        ? sequence->prompt_size() + wanted
                        : room;
  if (tokenizer_) {
    // The answer continues the prompt: a leading space is kept or dropped as it would be there.
    sequence->decoder.emplace(*tokenizer_);
    for (int32_t token : sequence->request.prompt) (void)sequence->decoder->Push(token);
  }
  const int64_t id = sequence->id;
  waiting_.push_back(std::move(sequence));
  return id;
}

void Engine::Cancel(int64_t request) {
  for (auto& sequence : waiting_) sequence->cancelled |= sequence->id == request;
  for (auto& sequence : running_) sequence->cancelled |= sequence->id == request;
}

void Engine::TakeRetained(Sequence* sequence) {
  if (!retained_) return;
  // The last prompt token is always computed: its logits are what the answer starts from.
  const int64_t most = std::min<int64_t>(retained_->tokens.size(), sequence->size() - 1);
  int64_t shared = 0;
  while (shared < most && retained_->tokens[shared] == sequence->tokens[shared]) ++shared;
  // A recurrent state knows only the whole of its past.
  const bool whole = shared == static_cast<int64_t>(retained_->tokens.size());
  if (retained_->state.size() > 0 && !whole) shared = 0;
  if (shared > 0) {
    sequence->state = std::move(retained_->state);
    sequence->kv = std::move(retained_->kv);
    sequence->kv.Truncate(shared);
    sequence->computed = sequence->cached = shared;
  }
  retained_.reset();
}

// Lets waiting requests in, in order, while their whole length has room in the pool: a request
// that runs never lacks a page.
void Engine::Admit(std::vector<Event>* events) {
  while (!waiting_.empty()) {
    Sequence* sequence = waiting_.front().get();
    if (sequence->cancelled || sequence->limit <= sequence->prompt_size()) {
      events->push_back({.request = sequence->id});
      Finish(sequence, sequence->cancelled ? FinishReason::kCancelled : FinishReason::kLength,
             &events->back());
      waiting_.pop_front();
      continue;
    }
    if (static_cast<int>(running_.size()) >= max_sequences_) return;
    TakeRetained(sequence);
    if (!sequence->kv.Reserve(sequence->limit)) {
      sequence->kv.Truncate(0);
      sequence->state = AlignedBuffer<float>(sequence->state.size());
      sequence->computed = sequence->cached = 0;
      return;  // running requests will free pages; alone, `limit` fits by construction
    }
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void Engine::Finish(Sequence* sequence, FinishReason reason, Event* event) {
  if (reason != FinishReason::kStop || !sequence->stop.stopped()) {
    std::string rest;
    if (sequence->decoder) rest = sequence->decoder->Finish();
    event->text += sequence->stop.Push(rest);
    event->text += sequence->stop.Finish();
  }
  event->finish = reason;
  event->prompt_tokens = sequence->prompt_size();
  event->cached_tokens = sequence->cached;
  event->answer_tokens = sequence->answer_size();
  if (sequence->computed > 0) {
    sequence->tokens.resize(sequence->computed);
    sequence->kv.Truncate(sequence->computed);
    retained_.emplace(
        Retained{std::move(sequence->tokens), std::move(sequence->kv), std::move(sequence->state)});
  }
}

void Engine::Advance(Sequence* sequence, std::span<float> logits, Event* event) {
  const Result<int32_t> token = sequence->sampler.Sample(logits);
  if (!token.ok()) {
    event->error = token.status();
    Finish(sequence, FinishReason::kError, event);
    return;
  }
  if (!sequence->request.ignore_stop_ids &&
      std::ranges::find(stop_ids_, *token) != stop_ids_.end()) {
    Finish(sequence, FinishReason::kStop, event);
    return;
  }
  sequence->sampler.ObserveAnswer(*token);
  sequence->tokens.push_back(*token);
  event->tokens.push_back(*token);
  if (sequence->decoder) {
    // A vocabulary smaller than the head leaves ids without text.
    const Result<std::string> text = sequence->decoder->Push(*token);
    if (text.ok()) event->text += sequence->stop.Push(*text);
  }
  if (sequence->stop.stopped()) {
    Finish(sequence, FinishReason::kStop, event);
  } else if (sequence->size() >= sequence->limit) {
    Finish(sequence, FinishReason::kLength, event);
  }
}

std::vector<Event> Engine::Step() {
  std::vector<Event> events;
  for (auto& sequence : running_) {
    if (!sequence->cancelled) continue;
    events.push_back({.request = sequence->id});
    Finish(sequence.get(), FinishReason::kCancelled, &events.back());
    sequence.reset();
  }
  std::erase(running_, nullptr);
  Admit(&events);
  if (running_.empty()) return events;

  // One row for each decoding sequence first, so that long prompts never stall the others; then
  // prompts in order of arrival.
  rows_.clear();
  page_tables_.clear();
  states_.clear();
  const int64_t max_rows = forward_->options().max_rows;
  std::vector<Sequence*> with_logits;
  for (const bool decoding : {true, false}) {
    for (auto& owner : running_) {
      Sequence* s = owner.get();
      const int64_t pending = s->size() - s->computed;
      if ((pending == 1) != decoding) continue;
      const int64_t count = std::min(pending, max_rows - static_cast<int64_t>(rows_.size()));
      if (count == 0) continue;
      for (int64_t i = 0; i < count; ++i) {
        rows_.push_back({.token = s->tokens[s->computed + i],
                         .sequence = static_cast<int32_t>(page_tables_.size()),
                         .position = s->computed + i,
                         .wants_logits = i + 1 == pending});
      }
      page_tables_.push_back(s->kv.pages());
      states_.push_back(s->state.data());
      s->computed += count;
      if (count == pending) with_logits.push_back(s);
    }
  }
  forward_->Run({.rows = rows_, .pages = page_tables_, .states = states_}, logits_.data());

  const int64_t vocab = model_->spec.vocab;
  for (size_t i = 0; i < with_logits.size(); ++i) {
    Event event{.request = with_logits[i]->id};
    Advance(with_logits[i], {logits_.data() + i * vocab, static_cast<size_t>(vocab)}, &event);
    events.push_back(std::move(event));
  }
  std::erase_if(running_, [&](const std::unique_ptr<Sequence>& s) {
    return std::ranges::any_of(events, [&](const Event& e) {
      return e.request == s->id && e.finish != FinishReason::kNone;
    });
  });
  return events;
}

Status Engine::Logits(std::span<const int32_t> ids, int64_t chunk, bool last_only,
                      const std::function<Status(std::span<const float>)>& sink,
                      std::vector<int32_t>* routing) {
  RETURN_IF_ERROR(CheckPrompt(ids));
  const int64_t n = static_cast<int64_t>(ids.size());
  const int64_t vocab = model_->spec.vocab;
  const int64_t step = std::clamp<int64_t>(chunk, 1, forward_->options().max_rows);
  AlignedBuffer<float> logits((last_only ? 1 : std::min(step, n)) * vocab);
  retained_.reset();
  KvSequence kv(pool_.get());
  AlignedBuffer<float> state(forward_->cache_layout().state_floats);
  const int64_t moe_layers = MoeLayers(model_->spec);
  const int64_t top_k = MaxTopK(model_->spec);
  std::vector<int32_t> chosen;
  if (routing != nullptr) routing->assign(moe_layers * n * top_k, -1);
  if (!kv.Reserve(n)) {
    return Error(StatusCode::kResourceExhausted, "no memory for the keys and values of {} tokens",
                 n);
  }
  for (int64_t start = 0; start < n; start += step) {
    const int64_t end = std::min(n, start + step);
    rows_.clear();
    for (int64_t p = start; p < end; ++p) {
      rows_.push_back({.token = ids[p], .position = p, .wants_logits = !last_only || p + 1 == n});
    }
    uint8_t* const* pages = kv.pages();
    float* states = state.data();
    if (routing != nullptr) chosen.assign(moe_layers * (end - start) * top_k, -1);
    forward_->Run({.rows = rows_,
                   .pages = {&pages, 1},
                   .states = {&states, 1},
                   .routing = routing != nullptr ? chosen.data() : nullptr},
                  logits.data());
    for (int64_t l = 0; routing != nullptr && l < moe_layers; ++l) {
      std::copy_n(chosen.data() + l * (end - start) * top_k, (end - start) * top_k,
                  routing->data() + (l * n + start) * top_k);
    }
    int64_t row = 0;
    for (const BatchRow& r : rows_) {
      if (!r.wants_logits) continue;
      RETURN_IF_ERROR(sink({logits.data() + row++ * vocab, static_cast<size_t>(vocab)}));
    }
  }
  return OkStatus();
}

const char* FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone:
      return "none";
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kError:
      return "error";
  }
  return "none";
}

}  // namespace frugal
