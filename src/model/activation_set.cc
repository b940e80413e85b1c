#include "model/activation_set.h"

#include <algorithm>

#include "base/check.h"

namespace frugal {

void ActivationSet::Want(int layer, ActKind kind, const int32_t* order) {
  const int owner = order == nullptr ? -1 : layer;
  std::vector<bool> taken(buffer_kinds.size());
  for (const Form& form : forms) {
    if (form.kind == kind && form.order == order && form.layer == owner) return;
    if (form.layer == -1 || form.layer == layer) taken[form.buffer] = true;
  }
  // A buffer of this kind that only other layers' ordered forms use.
  int buffer = 0;
  const int count = static_cast<int>(buffer_kinds.size());
  while (buffer < count && (owner == -1 || taken[buffer] || buffer_kinds[buffer] != kind)) ++buffer;
  if (buffer == count) buffer_kinds.push_back(kind);
  forms.push_back({kind, order, owner, buffer});
}

void ActivationSet::Want(int layer, std::initializer_list<const Linear*> consumers, bool exact) {
  for (const Linear* linear : consumers) {
    if (linear->exists()) Want(layer, ActivationKind(linear->w.dtype, exact), linear->order);
  }
}

void ActivationSet::Reserve(int64_t rows, int64_t max_k) {
  buffers.clear();
  for (ActKind kind : buffer_kinds) buffers.emplace_back(rows * ActivationRowBytes(kind, max_k));
}

void ActivationSet::Store(const Kernels& kernels, int layer, const float* x, int64_t k, int64_t row,
                          float* scratch) {
  for (const Form& form : forms) {
    if (form.layer != -1 && form.layer != layer) continue;
    const float* source = x;
    if (form.order != nullptr) {
      for (int64_t c = 0; c < k; ++c) scratch[c] = x[form.order[c]];
      source = scratch;
    }
    kernels.quantize(form.kind, source, k, Row(form, k, row));
  }
}

void ActivationSet::StorePart(const Kernels& kernels, int layer, const float* x, int64_t k,
                              int64_t row, int64_t begin, int64_t end) {
  CHECK(begin % kActivationPart == 0 && !Ordered(layer));
  for (const Form& form : forms) {
    if (form.layer != -1 && form.layer != layer) continue;
    kernels.quantize(form.kind, x + begin, end - begin,
                     Row(form, k, row) + ActivationRowBytes(form.kind, begin));
  }
}

bool ActivationSet::Ordered(int layer) const {
  return std::ranges::any_of(
      forms, [&](const Form& form) { return form.order != nullptr && form.layer == layer; });
}

uint8_t* ActivationSet::Row(const Form& form, int64_t k, int64_t row) {
  return buffers[form.buffer].data() + row * ActivationRowBytes(form.kind, k);
}

const ActivationSet::Form& ActivationSet::Find(int layer, ActKind kind,
                                               const int32_t* order) const {
  for (const Form& form : forms) {
    if (form.kind != kind || form.order != order) continue;
    if (form.layer == -1 || form.layer == layer) return form;
  }
  CHECK(false);
}

Activations ActivationSet::View(int layer, const Linear& linear, bool exact, int64_t first,
                                int64_t m) const {
  const ActKind kind = ActivationKind(linear.w.dtype, exact);
  const int64_t row_bytes = ActivationRowBytes(kind, linear.w.k);
  const Form& form = Find(layer, kind, linear.order);
  return {.kind = kind,
          .m = m,
          .k = linear.w.k,
          .row_bytes = row_bytes,
          .data = buffers[form.buffer].data() + first * row_bytes};
}

}  // namespace frugal
