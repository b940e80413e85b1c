// The functions that every template may call: Jinja's own, and those of Hugging Face's
// apply_chat_template.
#pragma once

#include <string_view>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

// range, dict, namespace, cycler, joiner, lipsum (which always fails), raise_exception,
// strftime_now. Missing when there is no such global.
Value FindGlobal(Runtime& rt, std::string_view name);

}  // namespace frugal::jinja
