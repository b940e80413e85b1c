// ParseSafetensors on any bytes: no crash, and what it accepts keeps its promises.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string name = "fuzz.safetensors";
  const std::span<const uint8_t> file(data, size);
  const auto header = frugal::ParseSafetensors(file, name);
  if (!header.ok()) {
    CHECK(header.status().message().starts_with(name + ": "));
    return 0;
  }
  // The tensors lie one after the other and fill the file's end.
  int64_t total = 0;
  for (const frugal::NamedTensor& tensor : header->tensors) {
    const frugal::TensorView& view = tensor.view;
    CHECK(frugal::TensorBytes(view.dtype, view.rows(), view.cols()) == view.bytes);
    total += view.bytes;
  }
  CHECK(total >= 0 && static_cast<size_t>(total) <= size);
  const uint8_t* next = data + size - total;
  for (const frugal::NamedTensor& tensor : header->tensors) {
    CHECK(tensor.view.data == next);
    next += tensor.view.bytes;
  }
  return 0;
}
