// What a forward pass costs: the bytes it must read, and the multiplications and additions of its
// weights. With a machine's rates this gives the speed that it cannot exceed.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"
#include "kernels/kernels.h"
#include "model/spec.h"
#include "model/tensor_table.h"

namespace frugal {

// Parameters that a token passes through: of experts the chosen ones, of an embedding that is not
// the head too one row. `table` is the model's (arch/family.h).
int64_t TokenParameters(const ModelSpec& spec, const std::vector<TensorDesc>& table);

// By what they are computed in: index with int(Arithmetic).
using Operations = std::array<double, kNumArithmetics>;

// Of a model's weights, without those of multi-token prediction. Bytes are those of the tensors in
// the checkpoint's files.
struct WeightCost {
  int64_t layer_bytes = 0;      // whatever every pass reads: all but embedding, head and experts
  int64_t head_bytes = 0;       // the output head; where it is tied, the embedding
  int64_t embedding_bytes = 0;  // one row of the embedding; 0 where it is the head
  Operations layer_operations = {};  // per token: 2 for each weight it is multiplied with
  Operations head_operations = {};   // per row of logits
  struct Experts {
    int n_experts = 0;
    int top_k = 0;
    int64_t bytes = 0;  // of one
  };
  std::vector<Experts> experts;  // of each layer that has them
};

// `exact` as in ForwardOptions. The errors of OpenTensors (tensor_reader.h).
Result<WeightCost> CountWeights(const Checkpoint& checkpoint, const ModelSpec& spec, bool exact);

// Bytes of weights that one token alone reads.
int64_t TokenWeightBytes(const WeightCost& weights);

// One pass over `sequences` sequences that have `rows` tokens each in it.
struct Pass {
  int64_t sequences = 1;
  int64_t rows = 1;
  int64_t logit_rows = 1;  // of all rows
  double context = 0.0;    // positions that each sequence's keys and values are read of
};

struct PassCost {
  double bytes = 0.0;  // weights, keys, values and recurrent states
  Operations operations = {};
};

// An expert is read once for all rows that choose it; how many experts are chosen is what a router
// that likes all alike gives on average. Attention's own operations are not counted.
PassCost CostOfPass(const WeightCost& weights, const ModelSpec& spec, KvType kv_type,
                    const Pass& pass);

// Bytes of keys and values that one more token of a sequence reads when `context` positions are
// there, with what a layer reads of another's; and its recurrent states.
double KvReadBytes(const ModelSpec& spec, KvType type, double context);

}  // namespace frugal
