// What the families with experts share when their metadata is read.
#pragma once

#include <string_view>

#include "model/config_reader.h"
#include "model/spec.h"

namespace frugal {

// The names that config.json gives to counts and width; GGUF has one set for all families.
struct ExpertKeys {
  std::string_view n_experts = "n_routed_experts";
  std::string_view top_k = "num_experts_per_tok";
  std::string_view d_ff = "moe_intermediate_size";
};

// Experts without shared ones. In GGUF files the keys of the router replace what `router` says of
// score, scale and renormalisation.
MoeSpec ReadExperts(ConfigReader& config, const RouterSpec& router, const ExpertKeys& keys = {});

// Shared experts: `count` times the experts' width, or the width that GGUF names; none at 0.
void ReadSharedExperts(ConfigReader& config, std::string_view count_key, MoeSpec* moe);

// n_group and topk_group (GGUF expert_group_count and expert_group_used_count).
void ReadGroups(ConfigReader& config, RouterSpec* router);

}  // namespace frugal
