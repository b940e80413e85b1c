// The packed weights under tests/data/stored (tools/reference/stored_goldens.py).
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/stored_matrix.h"
#include "tests/model/model_test_util.h"

namespace frugal {

std::vector<std::string> StoredCases();

Checkpoint OpenStored(const std::string& name);

// Of a configuration that must be sound.
QuantScheme SchemeOf(const Checkpoint& checkpoint);

}  // namespace frugal
