// One forward pass over a ragged batch of (token, sequence, position) rows.
//
// Rows of one sequence are neighbours in order of position and continue what its KV pages and its
// recurrent state hold. A prompt token and a decoded token are rows alike. What a row computes
// depends on its own sequence alone: logits are the same bits in any batch and any chunking (see
// kernels/kernels.h), as long as latent attention takes one form (ForwardOptions::expand_rows).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_team.h"
#include "kernels/kernels.h"
#include "model/model.h"

namespace frugal {

struct ForwardOptions {
  Isa isa = Isa::kScalar;
  bool exact = false;  // float32 activations throughout (--compute f32)
  KvType kv_type = KvType::kF32;
  int max_rows = 512;        // rows one Run may hold
  int max_logit_rows = 512;  // of these, rows that want logits
  // Latent attention expands keys and values of the whole context for a sequence that has at
  // least so many rows in a pass, and works on the latents themselves otherwise. The two differ by
  // rounding.
  int64_t expand_rows = 256;
};

// Where a page, which holds kAttentionBlock positions of all layers, keeps each layer's K and V,
// and where a sequence's recurrent state keeps each layer's.
struct CacheLayout {
  KvType type = KvType::kF32;
  int64_t page_bytes = 0;
  std::vector<int64_t> k_offset;  // per layer, bytes from the page's start; (g, 64, D)
  std::vector<int64_t> v_offset;
  int64_t state_floats = 0;
  std::vector<int64_t> state_offset;  // per layer, floats
};
CacheLayout MakeCacheLayout(const ModelSpec& spec, KvType type);

struct BatchRow {
  int32_t token = 0;     // must be inside the vocabulary
  int32_t sequence = 0;  // index into Batch::pages
  int64_t position = 0;
  bool wants_logits = false;
};

struct Batch {
  std::span<const BatchRow> rows;
  // Per sequence its page table: page p holds positions 64·p … 64·p + 63 in CacheLayout's form.
  std::span<uint8_t* const* const> pages;
  // Per sequence its recurrent state (state_floats), zeros before position 0; empty when the model
  // has none.
  std::span<float* const> states;
  // If not null, (MoeLayers, rows, MaxTopK) gets the experts chosen, ascending; a layer that
  // chooses fewer leaves the rest as it is.
  int32_t* routing = nullptr;
};

struct ForwardState;

// Owns the activations; one Run at a time. The model and the team must outlive it.
class Forward {
 public:
  Forward(const Model& model, ThreadTeam& team, const ForwardOptions& options);
  ~Forward();

  const CacheLayout& cache_layout() const;
  const ForwardOptions& options() const;

  // logits (rows that want them, vocab), in row order. Writes K and V of every row to its page,
  // and moves the recurrent states on.
  void Run(const Batch& batch, float* logits);

 private:
  std::unique_ptr<ForwardState> state_;
};

}  // namespace frugal
