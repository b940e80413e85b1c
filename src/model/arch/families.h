// The families, each defined in its own file; registry.cc lists them.
#pragma once

#include "model/arch/family.h"

namespace frugal {

extern const Family kApertus;
extern const Family kBailing2;
extern const Family kBailing;
extern const Family kDeepSeek;
extern const Family kErnie;
extern const Family kGlm4;
extern const Family kGlm4Moe;
extern const Family kGptOss;
extern const Family kGrok1;
extern const Family kGrok2;
extern const Family kHunyuan;
extern const Family kLlama;
extern const Family kMiniMax;
extern const Family kMiniMaxM2;
extern const Family kMistral;
extern const Family kQwen2;
extern const Family kQwen3;
extern const Family kQwen3Next;
extern const Family kSeedOss;

}  // namespace frugal
