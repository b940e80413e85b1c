// Which tensors a GGUF file has, and where their rows come from: for gguf_export.cc.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"
#include "model/spec.h"
#include "model/tensor_reader.h"

namespace frugal {

// Rope's pairs stand in other places of a head than in the source: within every `head` rows the
// `rotary` from `offset` on go from halves to neighbours, or back.
struct RopeOrder {
  int64_t head = 0;  // 0: as they are
  int64_t offset = 0;
  int64_t rotary = 0;
  bool to_neighbours = false;

  int64_t SourceRow(int64_t row) const;
};

// Rows of one tensor of the source that become rows of one in the file.
struct PlanPart {
  const SourceTensor* source = nullptr;
  RowSelect rows = {};  // which of the file's
  RopeOrder order = {};
  // Per head its block of rows becomes columns: (h·n, k) to (h, k, n).
  bool transposed_heads = false;
};

struct PlanTensor {
  std::string name;
  Shape shape;
  Role role = Role::kEmbedding;
  int layer = -1;
  bool vector = false;  // or one per expert
  std::vector<PlanPart> parts = {};
  std::vector<float> values = {};         // set instead of parts: computed
  std::vector<float> column_scales = {};  // set: what each column is multiplied with
};

struct GgufPlan {
  std::string arch;
  Metadata metadata;
  std::vector<PlanTensor> tensors;
};

// `extra` joins the keys. The reader must outlive the plan. kUnsupported where GGUF's architecture
// cannot express the model.
Result<GgufPlan> PlanGguf(const Checkpoint& source, const ModelSpec& spec,
                          const TensorReader& reader, const Metadata& extra);

}  // namespace frugal
