#include "kernels/isa.h"

namespace frugal::FRUGAL_ISA_NS {

#if defined(FRUGAL_ISA_avx512bf16)
constexpr Isa kIsa = Isa::kAvx512Bf16;
#elif defined(FRUGAL_ISA_avx512)
constexpr Isa kIsa = Isa::kAvx512;
#elif defined(FRUGAL_ISA_avx2)
constexpr Isa kIsa = Isa::kAvx2;
#else
constexpr Isa kIsa = Isa::kScalar;
#endif

extern const Kernels kTable;
const Kernels kTable = {
    .isa = kIsa,
    .quantize = Quantize,
    .matmul = Matmul,
    .rms_norm = RmsNorm,
    .glu = Glu,
    .xielu = Xielu,
    .silu = Silu,
    .sigmoid_gate = SigmoidGate,
    .rope = Rope,
    .axpy = Axpy,
    .store_kv = StoreKv,
    .attention = Attention,
    .recurrent_step = RecurrentStep,
    .argmax = Argmax,
    .dot_probe = ProbeDots,
};

}  // namespace frugal::FRUGAL_ISA_NS
