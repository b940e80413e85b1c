#include "base/check.h"
#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) || defined(__riscv)
#include <sys/auxv.h>
#endif

namespace frugal {

// isa.cmake defines FRUGAL_BUILT_ISAS as FRUGAL_ISA(enumerator, name) for every set built here.
#define FRUGAL_ISA(isa, name)    \
  namespace isa_##name {         \
    extern const Kernels kTable; \
  }
FRUGAL_BUILT_ISAS
#undef FRUGAL_ISA

namespace {

const Kernels* BuiltTable(Isa isa) {
  switch (isa) {
#define FRUGAL_ISA(isa, name) \
  case Isa::isa:              \
    return &isa_##name::kTable;
    FRUGAL_BUILT_ISAS
#undef FRUGAL_ISA
    default:
      return nullptr;
  }
}

#if defined(__x86_64__)
// __builtin_cpu_supports also asks whether the operating system saves the wide registers.
bool MachineHas(Isa isa) {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  switch (isa) {
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvxVnni:  // bit 4 of leaf 7.1; not every supported compiler knows its name
      return avx2 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
    case Isa::kAvx512:
      return avx512;
    case Isa::kAvx512Bf16:
      return avx512 && __builtin_cpu_supports("avx512bf16");
    default:
      return false;
  }
}
#elif defined(__aarch64__)
bool MachineHas(Isa isa) {
  // The kernel's numbers (Documentation/arch/arm64/elf_hwcaps.rst), which older headers lack.
  const bool dot = (getauxval(AT_HWCAP) >> 20 & 1) != 0;
  const bool i8mm = (getauxval(AT_HWCAP2) >> 13 & 1) != 0;
  const bool bf16 = (getauxval(AT_HWCAP2) >> 14 & 1) != 0;
  switch (isa) {
    case Isa::kNeon:
      return true;  // part of every 64-bit Arm
    case Isa::kDotProd:
      return dot;
    case Isa::kI8mm:
      return dot && i8mm;
    case Isa::kArmBf16:
      return dot && i8mm && bf16;
    default:
      return false;
  }
}
#elif defined(__riscv)
bool MachineHas(Isa isa) {
  // A bit for each single-letter extension. Linux sets it for version 1.0 alone.
  return isa == Isa::kRvv && (getauxval(AT_HWCAP) >> ('V' - 'A') & 1) != 0;
}
#else
bool MachineHas(Isa) { return false; }
#endif

}  // namespace

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvxVnni:
      return "avxvnni";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Bf16:
      return "avx512bf16";
    case Isa::kNeon:
      return "neon";
    case Isa::kDotProd:
      return "dotprod";
    case Isa::kI8mm:
      return "i8mm";
    case Isa::kArmBf16:
      return "armbf16";
    case Isa::kRvv:
      return "rvv";
  }
  return "?";
}

bool IsaSupported(Isa isa) {
  if (isa == Isa::kScalar) return true;
  return BuiltTable(isa) != nullptr && MachineHas(isa);
}

Isa BestIsa() {
  for (int i = kNumIsas; --i > 0;) {
    if (IsaSupported(static_cast<Isa>(i))) return static_cast<Isa>(i);
  }
  return Isa::kScalar;
}

const Kernels& KernelsFor(Isa isa) {
  CHECK(IsaSupported(isa));
  return *BuiltTable(isa);
}

}  // namespace frugal
