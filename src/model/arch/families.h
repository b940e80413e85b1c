// The families, each defined in its own file; registry.cc lists them.
#pragma once

#include "model/arch/family.h"

namespace frugal {

extern const Family kApertus;
extern const Family kDeepSeek;
extern const Family kGlm4;
extern const Family kGlm4Moe;
extern const Family kGptOss;
extern const Family kLlama;
extern const Family kMiniMaxM2;
extern const Family kMistral;
extern const Family kQwen2;
extern const Family kQwen3;
extern const Family kQwen3Next;
extern const Family kSeedOss;

}  // namespace frugal
