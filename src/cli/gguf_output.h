// What the commands that write GGUF files share.
#pragma once

#include <string>

#include "cli/options.h"
#include "model/gguf_quant.h"

namespace frugal {

// -q, --quant; `more` ends its line of help ("" or what happens without it).
Option QuantOption(std::string* quant, const std::string& more);

// The type that the option names.
DType QuantType(const std::string& quant);

// Says on stderr what was written.
void PrintGgufSummary(const std::string& path, const GgufExportSummary& summary);

}  // namespace frugal
