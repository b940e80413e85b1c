// One matmul input in every form that some weight reading it wants, so that activations are
// quantised once and shared.
#pragma once

#include <initializer_list>
#include <vector>

#include "base/arena.h"
#include "kernels/kernels.h"
#include "model/weights.h"

namespace frugal {

// What every kind of activations divides: parts of a row may be stored apart.
constexpr int64_t kActivationPart = 256;

struct ActivationSet {
  struct Form {
    ActKind kind;
    const int32_t* order;  // as Linear::order
    int layer;             // that has weights of this order; forms without an order serve all
    int buffer;            // index into buffers: layers take turns with those of ordered forms
  };
  std::vector<Form> forms;
  std::vector<ActKind> buffer_kinds;
  std::vector<AlignedBuffer<uint8_t>> buffers;

  // Adds the forms that these weights of `layer` read; weights that do not exist are passed over.
  void Want(int layer, std::initializer_list<const Linear*> consumers, bool exact);
  void Want(int layer, ActKind kind, const int32_t* order);
  // Once all is wanted: room for `rows` rows of up to `max_k`.
  void Reserve(int64_t rows, int64_t max_k);

  // Stores row x (k) in all forms that weights of `layer` read; those with an order need
  // `scratch` (k).
  void Store(const Kernels& kernels, int layer, const float* x, int64_t k, int64_t row,
             float* scratch);
  // Elements [begin, end) of row x alone; begin is a multiple of kActivationPart, and no form that
  // weights of `layer` read has an order.
  void StorePart(const Kernels& kernels, int layer, const float* x, int64_t k, int64_t row,
                 int64_t begin, int64_t end);
  bool Ordered(int layer) const;
  uint8_t* Row(const Form& form, int64_t k, int64_t row);
  const Form& Find(int layer, ActKind kind, const int32_t* order) const;
  // Rows [first, first + m) as `linear` of `layer` wants them.
  Activations View(int layer, const Linear& linear, bool exact, int64_t first, int64_t m) const;
};

}  // namespace frugal
