#include "tests/model/arch/table_test_util.h"

#include <fmt/format.h>

namespace frugal {

TensorNames::TensorNames(const ModelSpec& spec, Container container) : table_(ModelTensors(spec)) {
  for (const TensorDesc& desc : table_) {
    const StoredName& stored = container == Container::kGguf ? desc.gguf : desc.hf;
    if (stored.name.empty()) continue;
    const std::string key =
        stored.rows.whole() ? stored.name : fmt::format("{}[{}]", stored.name, stored.rows.begin);
    EXPECT_TRUE(rows_.emplace(key, TableRow{&desc, &stored}).second) << key << " twice";
  }
}

const TableRow& TensorNames::At(const std::string& name) const {
  static const TensorDesc kNone{.role = Role::kEmbedding};
  static const TableRow kMissing{&kNone, &kNone.hf};
  const auto it = rows_.find(name);
  EXPECT_NE(it, rows_.end()) << name;
  return it == rows_.end() ? kMissing : it->second;
}

int64_t Parameters(const ModelSpec& spec) { return CountParameters(spec, ModelTensors(spec)); }

}  // namespace frugal
