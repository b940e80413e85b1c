// The tensor table of a spec, for looking things up by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/model/model_test_util.h"

namespace frugal {

struct TableRow {
  const TensorDesc* desc = nullptr;
  const StoredName* stored = nullptr;
};

// Rows by "<name>[begin]": the name in `container`, and where a fused tensor's rows begin.
class TensorNames {
 public:
  explicit TensorNames(const ModelSpec& spec, Container container = Container::kHuggingFace);

  bool Has(const std::string& name) const { return rows_.contains(name); }
  const TableRow& At(const std::string& name) const;
  const Shape& ShapeOf(const std::string& name) const { return At(name).desc->shape; }
  Role RoleOf(const std::string& name) const { return At(name).desc->role; }
  size_t size() const { return rows_.size(); }

 private:
  std::vector<TensorDesc> table_;
  std::map<std::string, TableRow> rows_;
};

int64_t Parameters(const ModelSpec& spec);

}  // namespace frugal
