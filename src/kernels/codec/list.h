// Every quantised format. FRUGAL_FOR_EACH_QUANT_CODEC(X) expands X(CodecName) once for each, so
// that matmul and the scalar decode are instantiated without naming a format. The including file
// defines FRUGAL_ISA_NS (see codec.h).
#pragma once

#ifndef FRUGAL_ISA_NS
#error "codec/list.h needs FRUGAL_ISA_NS"
#endif

#include "kernels/codec/q4_0.h"
#include "kernels/codec/q4_k.h"
#include "kernels/codec/q6_k.h"
#include "kernels/codec/q8_0.h"

#define FRUGAL_FOR_EACH_QUANT_CODEC(X) \
  X(CodecQ4_0)                         \
  X(CodecQ8_0)                         \
  X(CodecQ4_K)                         \
  X(CodecQ6_K)
