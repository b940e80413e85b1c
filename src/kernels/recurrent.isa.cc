// One step of linear attention with a state per head: lightning attention (arXiv:2401.04658), and
// the gated delta rule (arXiv:2412.06464, equation 10). 16 columns of the state at a time.
#include "kernels/isa.h"
#include "kernels/simd/simd.h"

namespace frugal::FRUGAL_ISA_NS {

void RecurrentStep(const RecurrentArgs& a) {
  const F32 decay = Set(a.decay);
  for (int64_t c = 0; c < a.v_dim; c += 16) {
    const int64_t count = a.v_dim - c < 16 ? a.v_dim - c : 16;
    F32 update = LoadN(a.v + c, count);
    if (a.delta_rule) {
      F32 known = Zero();
      for (int64_t i = 0; i < a.k_dim; ++i) {
        const F32 s = Mul(LoadN(a.state + i * a.v_dim + c, count), decay);
        known = Fma(Set(a.k[i]), s, known);
      }
      update = Mul(Sub(update, known), Set(a.beta));
    }
    F32 out = Zero();
    for (int64_t i = 0; i < a.k_dim; ++i) {
      float* state = a.state + i * a.v_dim + c;
      const F32 s = Fma(Set(a.k[i]), update, Mul(LoadN(state, count), decay));
      StoreN(state, s, count);
      out = Fma(Set(a.q[i]), s, out);
    }
    StoreN(a.out + c, out, count);
  }
}

}  // namespace frugal::FRUGAL_ISA_NS
