// What this machine has.
#pragma once

#include <cstdint>
#include <string>

#include "base/thread_team.h"

namespace frugal {

struct MachineInfo {
  std::string cpu;           // marketing name, "unknown" when the system does not tell
  int cores = 1;             // processors this process may run on
  int64_t memory_bytes = 0;  // physical, or the control group's limit when that is lower; 0 unknown
};

MachineInfo ProbeMachine();

// Bytes per second the team reads from memory: the best of a few passes over more data than the
// caches hold (256 MB). Takes about a tenth of a second.
double MeasureReadBandwidth(ThreadTeam& team);

// Memory limit written in a control group's file ("max" or a number); 0 when there is none.
int64_t ParseMemoryLimit(const std::string& text);

}  // namespace frugal
