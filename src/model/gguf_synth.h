// GGUF files of random weights in the shape of a real model, for measurements: what a token costs
// depends on sizes and types alone, so engines can be compared on files that anyone can make.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"
#include "base/thread_team.h"
#include "formats/checkpoint.h"
#include "model/gguf_plan.h"
#include "model/gguf_quant.h"
#include "model/spec.h"

namespace frugal {

struct SynthModel {
  ModelSpec spec;  // with the layers that are kept
  GgufPlan plan;   // its parts name no source
  GgufTypes types;
  int64_t file_bytes = 0;
};

// The file for a configuration without tensors (shapes.h), with the first `layers` of its layers;
// 0: all. Layers of multi-token prediction are left out, as most published GGUF files have it.
// `metadata` joins the keys: name and vocabulary. Types: gguf_quant.h.
// kInvalidArgument for a number of layers that the model has not or that leaves out what makes it
// one of its family (its experts); kUnsupported for models that GGUF cannot express.
Result<SynthModel> PlanSynth(const Checkpoint& shape, DType type, int layers,
                             const Metadata& metadata);

// Writes it. Matrices are nearly normal with variance 1 over their columns and norms near 1, so
// that activations keep their size through any number of layers. The same seed gives the same
// bytes, on any number of threads. Memory: some megabytes per distinct number of columns.
// `progress` is called before each tensor. On failure `path` keeps what it had; errors are
// GgufWriter's.
Status WriteSynth(const SynthModel& model, const std::string& path, uint64_t seed,
                  const std::function<void(int64_t tensor, int64_t tensors)>& progress,
                  ThreadTeam& team);

}  // namespace frugal
