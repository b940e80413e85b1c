// What this machine can do at best: the rates that measured speeds are held against.
#pragma once

#include <vector>

#include "base/thread_team.h"
#include "kernels/kernels.h"
#include "model/cost.h"

namespace frugal {

struct Roofs {
  int threads = 0;
  double read_bytes_per_s = 0.0;
  Operations operations_per_s = {};  // multiplications and additions, by Arithmetic
};

// The team's roofs with this instruction set. Takes about half a second.
Roofs MeasureRoofs(const Kernels& kernels, ThreadTeam& team);

// Seconds that the cost takes at least: reading and arithmetic may go on at the same time.
double ReadSeconds(const PassCost& cost, const Roofs& roofs);
double ComputeSeconds(const PassCost& cost, const Roofs& roofs);

}  // namespace frugal
