// The tensor table of a spec, for looking things up by name.
#pragma once

#include <map>
#include <string>

#include "tests/model/model_test_util.h"

namespace frugal {

struct TableRow {
  const TensorDesc* desc = nullptr;
  const StoredName* stored = nullptr;
};

// Rows by "<name>[begin]": the name in `container`, and where a fused tensor's rows begin.
class TensorNames {
 public:
  explicit TensorNames(const ModelSpec& spec, Container container = Container::kHuggingFace)
      : table_(ModelTensors(spec)) {
    for (const TensorDesc& desc : table_) {
      const StoredName& stored = container == Container::kGguf ? desc.gguf : desc.hf;
      if (stored.name.empty()) continue;
      const std::string key =
          stored.rows.whole() ? stored.name : fmt::format("{}[{}]", stored.name, stored.rows.begin);
      EXPECT_TRUE(rows_.emplace(key, TableRow{&desc, &stored}).second) << key << " twice";
    }
  }

  bool Has(const std::string& name) const { return rows_.contains(name); }
  const TableRow& At(const std::string& name) const {
    static const TensorDesc kNone{.role = Role::kEmbedding};
    static const TableRow kMissing{&kNone, &kNone.hf};
    const auto it = rows_.find(name);
    EXPECT_NE(it, rows_.end()) << name;
    return it == rows_.end() ? kMissing : it->second;
  }
  const Shape& ShapeOf(const std::string& name) const { return At(name).desc->shape; }
  Role RoleOf(const std::string& name) const { return At(name).desc->role; }
  size_t size() const { return rows_.size(); }

 private:
  std::vector<TensorDesc> table_;
  std::map<std::string, TableRow> rows_;
};

inline int64_t Parameters(const ModelSpec& spec) {
  return CountParameters(spec, ModelTensors(spec));
}

}  // namespace frugal
