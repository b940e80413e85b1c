// The compute kernels: one table of functions per instruction set, chosen at run time.
//
// Letters: m rows of activations (tokens), n rows of a weight (outputs), k columns (inputs).
// Batch invariance: the order in which one output's products are summed depends on k and on
// nothing else, never on m or on which rows share the call. Attention visits the context in
// blocks of kAttentionBlock positions aligned to absolute position 0, so its order depends on
// the query's position (and window) alone.
//
// All functions are re-entrant, allocate nothing and touch only what they are given; the caller
// splits work over threads by panels, rows or heads.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace frugal {

// Within an architecture, the later the better.
enum class Isa {
  kScalar,      // plain C++, everywhere
  kAvx2,        // x86-64: AVX2, FMA, F16C
  kAvxVnni,     // and AVX-VNNI
  kAvx512,      // AVX-512 F, BW, DQ, VL, VNNI
  kAvx512Bf16,  // and BF16
  kNeon,        // arm64: every one
  kDotProd,     // and its 8-bit dot product
  kI8mm,        // and 8-bit matrix products
  kArmBf16,     // and the bfloat16 dot product
  kRvv,         // riscv64: vector extension 1.0, registers of any length
};
constexpr int kNumIsas = 10;

const char* IsaName(Isa isa);  // "avx512bf16" for kAvx512Bf16, and so on: also --isa's values
bool IsaSupported(Isa isa);    // compiled in, and this machine has it
Isa BestIsa();

// ---- Weights ----------------------------------------------------------------------------------

// 16 output rows are interleaved into a panel, so that one panel is read as one stream
// (panel_layout.h has the bytes). Rows beyond n in the last panel and, for plain float types,
// columns up to the next multiple of 32 are zero. Non-owning. All sets of x86 share this layout.
constexpr int kPanelRows = 16;

struct PackedMatrix {
  DType dtype = DType::kF32;
  int64_t n = 0;            // rows (outputs)
  int64_t k = 0;            // columns (inputs)
  int64_t panel_bytes = 0;  // bytes of one panel
  const uint8_t* data = nullptr;

  int64_t panels() const { return (n + kPanelRows - 1) / kPanelRows; }
};

// Bytes of one panel; HasCodec(dtype) (codec/codec.h) must hold. Where the format's block does not
// divide k, the last one is partly used; its other elements must be finite.
int64_t PackedPanelBytes(DType dtype, int64_t k);

// Packs one panel from 16 rows in the format's row-major form; a null row is zero. Different
// panels may be packed by different threads.
void PackPanel(DType dtype, int64_t k, const uint8_t* const rows[kPanelRows], uint8_t* dst);

// The rows of panel `panel` where row r of n stands at src + r·row_bytes; null beyond n.
struct PanelRows {
  const uint8_t* rows[kPanelRows];

  PanelRows(const uint8_t* src, int64_t row_bytes, int64_t n, int64_t panel) {
    for (int64_t r = panel * kPanelRows, i = 0; i < kPanelRows; ++i, ++r) {
      rows[i] = r < n ? src + r * row_bytes : nullptr;
    }
  }
};

// One weight row back as float32 (an embedding look-up from a packed table).
void UnpackRow(const PackedMatrix& w, int64_t row, float* dst);

// ---- Activations ------------------------------------------------------------------------------

// How the activations of a matmul are held: float32; bfloat16, rounded to nearest even; or int8
// codes, in Q8Groups of 32 or in Q8Blocks of 256.
enum class ActKind { kF32, kBf16, kQ8, kQ8Block };

// 32 activations x ≈ scale·code, with scale = max|x| / 127, and the sums that a weight's code
// offset or bias is multiplied with. A group that holds a NaN or an infinity gets the scale NaN
// and codes 0, so that its outputs are NaN; one whose largest |x| is below 127·2^−126 is zero.
struct Q8Group {
  int8_t codes[32];  // in [−127, 127]
  float scale;
  int32_t shift;       // −128·Σcodes
  int32_t shift16[2];  // of each half
  float sum;           // scale·Σcodes
  float sum16[2];      // of each half
  float unused;        // 0
};
static_assert(sizeof(Q8Group) == 64);

// 256 activations under one scale, otherwise as a Q8Group; the sums are multiplied with the minima
// that K-quants have for every 16 or 32 columns.
struct Q8Block {
  int8_t codes[256];
  int16_t sums16[16];  // Σ of 16 codes
  int16_t sums32[8];   // Σ of 32
  float scale;
  float unused[3];  // 0
};
static_assert(sizeof(Q8Block) == 320);

// What `weight` wants: kF32 always under exact = true (--compute f32) and for F32/F16 weights;
// kBf16 for BF16 and FP8 weights; kQ8Block for Q2_K to Q6_K, as llama.cpp has it; kQ8 for every
// other quantised format.
ActKind ActivationKind(DType weight, bool exact);

// Bytes of one row of k activations: k padded to whole groups or blocks (32 or 256); the rest is
// kept zero.
// Rows start at multiples of 64 bytes.
int64_t ActivationRowBytes(ActKind kind, int64_t k);

struct Activations {
  ActKind kind = ActKind::kF32;
  int64_t m = 0;
  int64_t k = 0;
  int64_t row_bytes = 0;
  const uint8_t* data = nullptr;  // 64-byte aligned
};

// ---- Attention --------------------------------------------------------------------------------

constexpr int kAttentionBlock = 64;  // positions; also the size of a KV page

enum class KvType { kF32, kBf16 };
int64_t KvElementBytes(KvType type);

// Some neighbouring query tokens of one sequence, the query heads of one KV head.
// KV of one layer in pages of kAttentionBlock positions: position p of KV head h has its key at
//   pages[p / 64] + k_offset + ((h · 64 + p % 64) · head_dim) · element bytes,
// the value likewise. With bfloat16 keys and values, sets that have bf16_dot round queries and
// softmax weights to bfloat16 too.
struct AttentionArgs {
  KvType type = KvType::kF32;
  int head_dim = 0;    // of keys and queries
  int v_head_dim = 0;  // of values and outputs
  int v_stride = 0;    // elements from one position's value to the next; 0: v_head_dim
  int group = 1;       // query heads per KV head
  int kv_head = 0;
  const uint8_t* const* pages = nullptr;  // of the sequence
  int64_t k_offset = 0;                   // of this layer's keys within a page, bytes
  int64_t v_offset = 0;
  int queries = 1;                 // query i stands at position + i, and attends nothing behind it
  int64_t position = 0;            // of the first
  int64_t window = 0;              // positions attended, the query's own among them; 0: all
  float scale = 1.0f;              // multiplies q·k
  float logit_cap = 0.0f;          // cap·tanh(x/cap) when > 0
  const float* factors = nullptr;  // (queries) multiply the logits then, or null
  const float* sinks = nullptr;    // (group) extra logits in the denominator, or null
  const float* q = nullptr;        // (group, head_dim) of each query
  int64_t q_stride = 0;            // floats from one query's to the next's
  float* out = nullptr;            // (group, v_head_dim) of each query
  int64_t out_stride = 0;
  float* scratch = nullptr;  // AttentionScratchFloats(…) floats, 64-byte aligned
};
// Enough queries of `group` heads for one call to be worth bringing a block into order.
int AttentionQueries(int group);
// For up to AttentionQueries(group) queries.
int64_t AttentionScratchFloats(int group, int head_dim, int v_head_dim);

// ---- Linear attention -------------------------------------------------------------------------

struct RecurrentArgs {
  int k_dim = 0;
  int v_dim = 0;
  const float* q = nullptr;  // (k_dim)
  const float* k = nullptr;  // (k_dim)
  const float* v = nullptr;  // (v_dim)
  float decay = 1.0f;
  bool delta_rule = false;
  float beta = 1.0f;       // with the delta rule
  float* state = nullptr;  // (k_dim, v_dim)
  float* out = nullptr;    // (v_dim)
};

// ---- The roof of the dot products -------------------------------------------------------------

// What a matmul's products are computed in.
enum class Arithmetic { kF32, kBf16, kInt8 };
constexpr int kNumArithmetics = 3;
Arithmetic ArithmeticOf(ActKind kind);

constexpr int64_t kDotProbeBytes = 4096;
struct DotProbe {
  int64_t operations = 0;  // multiplications and additions
  float sum = 0.0f;        // of all products: keeps them from being optimised away
};

// ---- The table --------------------------------------------------------------------------------

enum class Activation {
  kSilu,
  kGeluTanh,
  kSwigluClamped,  // g = min(gate, 7), u = clamp(up, ±7): g·σ(1.702·g)·(u + 1) (gpt-oss)
  kXielu,          // has no gate: see XieluParams
};

// x > 0: alpha_p·x² + beta·x; else (e^min(x, eps) − 1 − x)·alpha_n + beta·x (arXiv:2411.13010).
struct XieluParams {
  float alpha_p = 0.0f;
  float alpha_n = 0.0f;
  float beta = 0.0f;
  float eps = 0.0f;
};

struct Kernels {
  Isa isa;
  // Products of bfloat16 are added by an instruction that rounds in its own way. All else gives the
  // same bits on every set.
  bool bf16_dot;

  // x (k) float32 → one activation row of `kind`.
  void (*quantize)(ActKind kind, const float* x, int64_t k, uint8_t* row);

  // y[i·y_stride + j] = Σ_c x[i][c]·w[j][c] for all m rows i and the output rows j of panels
  // [panel_begin, panel_end); bias (n) is added when not null. x.kind must be one that
  // ActivationKind gives for w.dtype.
  void (*matmul)(const PackedMatrix& w, const Activations& x, const float* bias,
                 int64_t panel_begin, int64_t panel_end, float* y, int64_t y_stride);

  // y = x · rsqrt(mean(x²) + eps) · weight; the mean is taken in the reference's float32.
  void (*rms_norm)(const float* x, const float* weight, int64_t n, float eps, float* y);

  // y = act(gate) · up, of the activations that have a gate.
  void (*glu)(Activation act, const float* gate, const float* up, int64_t n, float* y);

  void (*xielu)(const XieluParams& params, const float* x, int64_t n, float* y);

  // y = x·σ(x)
  void (*silu)(const float* x, int64_t n, float* y);

  // y *= σ(gate)
  void (*sigmoid_gate)(const float* gate, int64_t n, float* y);

  // Rotates the first 2·half elements of one head: pairs (i, i+half), or (2i, 2i+1) when
  // interleaved; cos and sin hold `half` values.
  void (*rope)(float* head, const float* cos, const float* sin, int64_t half, bool interleaved);

  // y += alpha · x
  void (*axpy)(float alpha, const float* x, int64_t n, float* y);

  // x (n) float32 → KV elements.
  void (*store_kv)(KvType type, const float* x, int64_t n, uint8_t* dst);

  void (*attention)(const AttentionArgs& args);

  // One position of one head of linear attention. state (k_dim, v_dim) is decayed, then gains
  // k ⊗ u, and out (v_dim) = stateᵀ·q; u is v, or with the delta rule beta·(v − stateᵀ·k).
  void (*recurrent_step)(const RecurrentArgs& args);

  // Index of the largest value; the lowest index among equals. NaN never wins.
  int64_t (*argmax)(const float* x, int64_t n);

  // What a matmul does at best: `passes` times the products of the weights in `data`
  // (kDotProbeBytes, in the first cache) with activations that stay in registers, and nothing else.
  // The bytes are codes from 0 to 3 with kInt8; float32 numbers else, but with kBf16 and bf16_dot
  // bfloat16 ones.
  DotProbe (*dot_probe)(Arithmetic arithmetic, int64_t passes, const uint8_t* data);
};

const Kernels& KernelsFor(Isa isa);  // IsaSupported(isa) must hold

}  // namespace frugal
