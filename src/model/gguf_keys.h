// A model's architecture in GGUF's terms: the name llama.cpp knows it by, and its keys.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "formats/metadata.h"
#include "model/spec.h"

namespace frugal {

// GGUF's general.architecture for a model of this spec. kUnsupported for families that GGUF does
// not name.
Result<std::string> GgufArch(const ModelSpec& spec);

// The keys under that architecture, and general.architecture itself. What the keys cannot say is
// not noticed here (gguf_export.h reads them back).
Metadata MakeGgufKeys(const ModelSpec& spec, const std::string& arch);

// GGUF has no key for Llama 3's stretched rope: a tensor holds what each frequency is divided by.
// Empty where `rope` needs none.
std::vector<float> GgufRopeFactors(const RopeSpec& rope);

}  // namespace frugal
