// Configurations of published models, by name: what decides their tensors' shapes and how many of
// them a token needs. For files of random weights (gguf_synth.h) and for sums over a model.
#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "formats/checkpoint.h"

namespace frugal {

// Members of a config.json, without the braces: those of all models (shapes.cc), then of the
// model's relatives, then its own; what comes later replaces what came before. What changes neither
// sizes nor work is left out: token ids, how rope is stretched beyond the first context.
struct ModelShape {
  std::string_view name;  // "llama-3.1-8b"
  std::string_view relatives;
  std::string_view own;
};

std::span<const ModelShape> AllShapes();

// The configuration as a checkpoint without tensors, whose path is the shape's name.
Checkpoint ShapeCheckpoint(const ModelShape& shape);

// `shape` is a name of the table (in any case), a config.json or a directory that has one.
// kNotFound lists the names; and what OpenCheckpoint gives.
Result<Checkpoint> OpenShape(const std::string& shape);

}  // namespace frugal
