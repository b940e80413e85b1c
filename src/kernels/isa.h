// What the *.isa.cc files of one instruction set show each other: the entries of its table.
#pragma once

#include "kernels/kernels.h"

namespace frugal::FRUGAL_ISA_NS {

void Quantize(ActKind kind, const float* x, int64_t k, uint8_t* row);
void Matmul(const PackedMatrix& w, const Activations& x, const float* bias, int64_t panel_begin,
            int64_t panel_end, float* y, int64_t y_stride);
void RmsNorm(const float* x, const float* weight, int64_t n, float eps, float* y);
void Glu(Activation act, const float* gate, const float* up, int64_t n, float* y);
void Xielu(const XieluParams& params, const float* x, int64_t n, float* y);
void Silu(const float* x, int64_t n, float* y);
void SigmoidGate(const float* gate, int64_t n, float* y);
void Rope(float* head, const float* cos, const float* sin, int64_t half, bool interleaved);
void Axpy(float alpha, const float* x, int64_t n, float* y);
void StoreKv(KvType type, const float* x, int64_t n, uint8_t* dst);
void Attention(const AttentionArgs& args);
void RecurrentStep(const RecurrentArgs& args);
int64_t Argmax(const float* x, int64_t n);
DotProbe ProbeDots(Arithmetic arithmetic, int64_t passes, const uint8_t* data);

}  // namespace frugal::FRUGAL_ISA_NS
