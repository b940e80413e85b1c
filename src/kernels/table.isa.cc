#include "kernels/isa.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

extern const Kernels kTable;
const Kernels kTable = {
    .isa = Isa::FRUGAL_ISA_ENUM,
    .bf16_dot = kHasBf16Dot,
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
