// Whether two specs describe the same computation: what a conversion between containers must keep.
#pragma once

#include <string>

#include "model/spec.h"

namespace frugal {

// The first setting that differs, with both values ("layer 3: window: 128, not 0"); empty where
// both compute the same. Ropes are compared by the angles they make. Not compared: names (family,
// naming), how weights are stored (split_kv_b, norm_plus_one, norm_head), token ids, and the
// context the model was published for.
std::string SpecDifference(const ModelSpec& a, const ModelSpec& b);

}  // namespace frugal
