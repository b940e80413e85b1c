// The families, each defined in its own file; registry.cc lists them.
#pragma once

#include "model/arch/family.h"

namespace frugal {

extern const Family kLlama;
extern const Family kMistral;
extern const Family kQwen2;
extern const Family kQwen3;

}  // namespace frugal
