// Attributes, items and slices, by the rules of Jinja's sandbox: x.a is Python's attribute first
// and the item second, x['a'] the other way round, and what is absent is undefined. Names that
// start with an underscore and methods that would change their object are undefined too; calling
// one is an error.
#pragma once

#include <optional>
#include <string_view>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

Value GetAttr(Runtime& rt, const Value& object, std::string_view name);
Value GetItem(Runtime& rt, const Value& object, const Value& key);
// The |attr filter: Python's attribute only.
Value GetAttrOnly(Runtime& rt, const Value& object, std::string_view name);
// object[start:stop:step]; absent bounds are Missing or None.
Value GetSlice(Runtime& rt, const Value& object, const Value& start, const Value& stop,
               const Value& step);

}  // namespace frugal::jinja
