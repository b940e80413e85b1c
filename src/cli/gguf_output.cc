#include "cli/gguf_output.h"

#include <fmt/core.h>

#include <cctype>

#include "base/check.h"
#include "cli/terminal.h"
#include "cli/units.h"

namespace frugal {

Option QuantOption(std::string* quant, const std::string& more) {
  std::vector<std::string> types;
  std::string list;
  for (const DType type : GgufExportTypes()) {
    types.push_back(GetDType(type).name);
    list += (list.empty() ? "" : ", ") + types.back();
  }
  return {.names = "-q,--quant",
          .value = quant,
          .help = "element type of the matrices: " + list + more,
          .choices = types,
          .ignore_case = true,
          .value_name = "TYPE"};
}

DType QuantType(const std::string& quant) {
  std::string name = quant;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const DTypeInfo* type = FindDType(name);
  CHECK(type != nullptr);  // the option takes the names of types alone
  return type->dtype;
}

void PrintGgufSummary(const std::string& path, const GgufExportSummary& summary) {
  std::string types;
  for (const auto& [type, count] : summary.types) {
    types += fmt::format("{}{} {}", types.empty() ? "" : ", ", count, type);
  }
  WriteErr(fmt::format("{}: {} {}, {} tensors ({})\n", path, FormatBytes(summary.bytes),
                       summary.arch, summary.tensors, types));
  for (const auto& [fallback, count] : summary.fallbacks) {
    WriteErr(fmt::format("  {} {}: rows are no multiple of the block\n", count, fallback));
  }
}

}  // namespace frugal
