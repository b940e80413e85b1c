#include "base/check.h"
#include "kernels/kernels.h"

namespace frugal {

namespace isa_scalar {
extern const Kernels kTable;
}
#ifdef FRUGAL_X86
namespace isa_avx2 {
extern const Kernels kTable;
}
namespace isa_avx512 {
extern const Kernels kTable;
}
namespace isa_avx512bf16 {
extern const Kernels kTable;
}
#endif

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Bf16:
      return "avx512bf16";
  }
  return "?";
}

// __builtin_cpu_supports also asks whether the operating system saves the wide registers.
bool IsaSupported(Isa isa) {
  if (isa == Isa::kScalar) return true;
#ifdef FRUGAL_X86
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  switch (isa) {
    case Isa::kScalar:
      return true;
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvx512:
      return avx512;
    case Isa::kAvx512Bf16:
      return avx512 && __builtin_cpu_supports("avx512bf16");
  }
#endif
  return false;
}

Isa BestIsa() {
  for (const Isa isa : {Isa::kAvx512Bf16, Isa::kAvx512, Isa::kAvx2}) {
    if (IsaSupported(isa)) return isa;
  }
  return Isa::kScalar;
}

const Kernels& KernelsFor(Isa isa) {
  CHECK(IsaSupported(isa));
#ifdef FRUGAL_X86
  switch (isa) {
    case Isa::kScalar:
      return isa_scalar::kTable;
    case Isa::kAvx2:
      return isa_avx2::kTable;
    case Isa::kAvx512:
      return isa_avx512::kTable;
    case Isa::kAvx512Bf16:
      return isa_avx512bf16::kTable;
  }
#endif
  return isa_scalar::kTable;
}

}  // namespace frugal
