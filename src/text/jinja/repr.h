// How Python prints values.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

std::string IntText(Int i);
std::string FloatRepr(double d);  // the shortest digits that read back as d: "1.0", "1e+16", "nan"
std::string StrRepr(std::string_view text);  // quoted and escaped

// str(v): what {{ v }} prints.
std::string Str(Runtime& rt, const Value& v);
// repr(v): what v looks like inside a printed list.
std::string Repr(Runtime& rt, const Value& v);

// markupsafe.escape of plain text.
std::string EscapeHtml(Runtime& rt, std::string_view text);
// The text of escape(v): v's own where it is markup, else that of str(v) escaped.
std::string EscapedStr(Runtime& rt, const Value& v);

}  // namespace frugal::jinja
