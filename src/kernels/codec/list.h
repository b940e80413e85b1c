// Every quantised format. FRUGAL_FOR_EACH_QUANT_CODEC(X) expands X(CodecName) once for each, so
// that matmul and the scalar decode are instantiated without naming a format; the scaled floats
// (f8_blocks.h) have a list of their own. The including file defines FRUGAL_ISA_NS (see codec.h).
#pragma once

#ifndef FRUGAL_ISA_NS
#error "codec/list.h needs FRUGAL_ISA_NS"
#endif

#include "kernels/codec/f8_blocks.h"
#include "kernels/codec/i4_groups.h"
#include "kernels/codec/i8_groups.h"
#include "kernels/codec/iq1_m.h"
#include "kernels/codec/iq1_s.h"
#include "kernels/codec/iq2_s.h"
#include "kernels/codec/iq2_xs.h"
#include "kernels/codec/iq2_xxs.h"
#include "kernels/codec/iq3_s.h"
#include "kernels/codec/iq3_xxs.h"
#include "kernels/codec/iq4_nl.h"
#include "kernels/codec/iq4_xs.h"
#include "kernels/codec/mxfp4.h"
#include "kernels/codec/q2_k.h"
#include "kernels/codec/q3_k.h"
#include "kernels/codec/q4_0.h"
#include "kernels/codec/q4_1.h"
#include "kernels/codec/q4_k.h"
#include "kernels/codec/q5_0.h"
#include "kernels/codec/q5_1.h"
#include "kernels/codec/q5_k.h"
#include "kernels/codec/q6_k.h"
#include "kernels/codec/q8_0.h"
#include "kernels/codec/tq1_0.h"
#include "kernels/codec/tq2_0.h"

#define FRUGAL_FOR_EACH_QUANT_CODEC(X) \
  X(CodecQ4_0)                         \
  X(CodecQ4_1)                         \
  X(CodecQ5_0)                         \
  X(CodecQ5_1)                         \
  X(CodecQ8_0)                         \
  X(CodecQ2_K)                         \
  X(CodecQ3_K)                         \
  X(CodecQ4_K)                         \
  X(CodecQ5_K)                         \
  X(CodecQ6_K)                         \
  X(CodecIQ1_S)                        \
  X(CodecIQ1_M)                        \
  X(CodecIQ2_XXS)                      \
  X(CodecIQ2_XS)                       \
  X(CodecIQ2_S)                        \
  X(CodecIQ3_XXS)                      \
  X(CodecIQ3_S)                        \
  X(CodecIQ4_NL)                       \
  X(CodecIQ4_XS)                       \
  X(CodecTQ1_0)                        \
  X(CodecTQ2_0)                        \
  X(CodecMXFP4)                        \
  X(CodecI4_G128)                      \
  X(CodecI4_G32)                       \
  X(CodecI4_BF16)                      \
  X(CodecI8_G128)                      \
  X(CodecI8_G32)

#define FRUGAL_FOR_EACH_F8_CODEC(X) \
  X(CodecF8_G128)                   \
  X(CodecF8_G32)
