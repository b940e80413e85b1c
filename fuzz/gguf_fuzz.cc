// ParseGguf on any bytes: no crash, and what it accepts keeps its promises.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "formats/gguf.h"

namespace {

// Every view lies inside the file and has the size its dtype and shape ask for.
void CheckHeader(const frugal::GgufHeader& header, std::span<const uint8_t> file) {
  uint64_t sum = 0;
  for (const frugal::NamedTensor& tensor : header.tensors) {
    const frugal::TensorView& view = tensor.view;
    CHECK(frugal::TensorBytes(view.dtype, view.rows(), view.cols()) == view.bytes);
    if (view.bytes == 0) continue;
    CHECK(view.data >= file.data());
    CHECK(view.data + view.bytes <= file.data() + file.size());
    sum += view.data[0] + view.data[view.bytes - 1];
  }
  volatile uint64_t sink = sum;  // the reads must happen
  (void)sink;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string name = "fuzz.gguf";
  const std::span<const uint8_t> file(data, size);
  const auto header = frugal::ParseGguf(file, name);
  if (header.ok()) {
    CheckHeader(*header, file);
  } else {
    CHECK(header.status().message().starts_with(name + ": "));
  }
  // What is valid with its data is valid without it.
  const auto metadata = frugal::ParseGguf(file, name, /*metadata_only=*/true);
  CHECK(metadata.ok() || !header.ok());
  return 0;
}
