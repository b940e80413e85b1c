// The oracles: what each kernel computes, as plainly as it can be written, in float or double.
// Tests hold the kernels against them, training is built on them. Matrices are row-major.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace frugal::ref {

// y[i][j] = Σ_c x[i][c]·w[j][c] + bias[j].   x (m, k), w (n, k), bias (n) or null, y (m, n)
template <typename T>
void Matmul(const T* x, const T* w, const T* bias, int64_t m, int64_t n, int64_t k, T* y) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      T sum = 0;
      for (int64_t c = 0; c < k; ++c) sum += x[i * k + c] * w[j * k + c];
      y[i * n + j] = sum + (bias == nullptr ? T(0) : bias[j]);
    }
  }
}

// y = x / √(mean(x²) + eps) · weight
template <typename T>
void RmsNorm(const T* x, const T* weight, int64_t n, T eps, T* y) {
  T squares = 0;
  for (int64_t i = 0; i < n; ++i) squares += x[i] * x[i];
  const T scale = 1 / std::sqrt(squares / static_cast<T>(n) + eps);
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * scale * weight[i];
}

template <typename T>
T Silu(T x) {
  return x / (1 + std::exp(-x));
}

template <typename T>
T GeluTanh(T x) {
  const T u = std::sqrt(T(2) / T(3.14159265358979323846)) * (x + T(0.044715) * x * x * x);
  return x / 2 * (1 + std::tanh(u));
}

// gpt-oss' gate: both inputs clamped, the sigmoid sharpened, 1 added to `up`.
template <typename T>
T SwigluClamped(T gate, T up) {
  gate = std::min(gate, T(7));
  up = std::clamp(up, T(-7), T(7));
  return gate / (1 + std::exp(T(-1.702) * gate)) * (up + 1);
}

// arXiv:2411.13010, with the published implementation's eps.
template <typename T>
T Xielu(T x, T alpha_p, T alpha_n, T beta, T eps) {
  if (x > 0) return alpha_p * x * x + beta * x;
  return (std::expm1(std::min(x, eps)) - x) * alpha_n + beta * x;
}

// One head turned by `half` angles: pairs (i, i + half), or (2i, 2i + 1) when interleaved.
template <typename T>
void Rope(T* head, const T* cos, const T* sin, int64_t half, bool interleaved) {
  for (int64_t i = 0; i < half; ++i) {
    T& a = head[interleaved ? 2 * i : i];
    T& b = head[interleaved ? 2 * i + 1 : half + i];
    const T turned = a * cos[i] - b * sin[i];
    b = b * cos[i] + a * sin[i];
    a = turned;
  }
}

// One query over `length` positions.   q (head_dim), k (length, head_dim), v (length, v_head_dim),
// out (v_head_dim). logit_cap 0: none. sink: null, or one more logit whose value is zero.
template <typename T>
void Attention(const T* q, const T* k, const T* v, int64_t length, int64_t head_dim,
               int64_t v_head_dim, T scale, T logit_cap, const T* sink, T* out) {
  std::vector<T> logits(static_cast<size_t>(length));
  T largest = sink == nullptr ? -std::numeric_limits<T>::infinity() : *sink;
  for (int64_t p = 0; p < length; ++p) {
    T dot = 0;
    for (int64_t d = 0; d < head_dim; ++d) dot += q[d] * k[p * head_dim + d];
    T& logit = logits[static_cast<size_t>(p)];
    logit = dot * scale;
    if (logit_cap > 0) logit = logit_cap * std::tanh(logit / logit_cap);
    largest = std::max(largest, logit);
  }
  T sum = sink == nullptr ? T(0) : std::exp(*sink - largest);
  for (int64_t d = 0; d < v_head_dim; ++d) out[d] = 0;
  for (int64_t p = 0; p < length; ++p) {
    const T weight = std::exp(logits[static_cast<size_t>(p)] - largest);
    sum += weight;
    for (int64_t d = 0; d < v_head_dim; ++d) out[d] += weight * v[p * v_head_dim + d];
  }
  for (int64_t d = 0; d < v_head_dim; ++d) out[d] /= sum;
}

// One position of linear attention: state = decay·state + k ⊗ u, out = stateᵀ·q, where u is v or,
// with the delta rule, beta·(v − (decay·state)ᵀ·k).   q, k (k_dim), v, out (v_dim), state (k_dim,
// v_dim)
template <typename T>
void RecurrentStep(const T* q, const T* k, const T* v, int64_t k_dim, int64_t v_dim, T decay,
                   bool delta_rule, T beta, T* state, T* out) {
  for (int64_t i = 0; i < k_dim * v_dim; ++i) state[i] *= decay;
  for (int64_t j = 0; j < v_dim; ++j) {
    T known = 0;
    for (int64_t i = 0; i < k_dim; ++i) known += state[i * v_dim + j] * k[i];
    const T update = delta_rule ? beta * (v[j] - known) : v[j];
    out[j] = 0;
    for (int64_t i = 0; i < k_dim; ++i) {
      state[i * v_dim + j] += k[i] * update;
      out[j] += state[i * v_dim + j] * q[i];
    }
  }
}

}  // namespace frugal::ref
