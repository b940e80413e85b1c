// Python's three ways to format: format specs, str.format and the % operator.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

// [[fill]align][sign][z][#][0][width][grouping][.precision][type]
struct FormatSpec {
  std::string fill = " ";
  char align = 0;  // '<', '>', '^', '='; 0 for the type's own
  char sign = '-';
  bool negative_zero = false;  // z
  bool alternate = false;
  int64_t width = 0;
  char grouping = 0;  // ',' or '_'
  int64_t precision = -1;
  char type = 0;
};
FormatSpec ParseFormatSpec(std::string_view text);

// format(v, spec).
std::string FormatValue(Runtime& rt, const Value& v, std::string_view spec);

// The digits of |d| as %e, %f and %g ('e', 'f', 'g' and their capitals) write them. dot_zero makes
// 'g' of the kind that float's own format uses: at least one digit behind the point.
std::string FloatDigits(Runtime& rt, double d, char type, int64_t precision, bool alternate,
                        bool dot_zero);
// The digits of |i| in base 2, 8, 10 or 16.
std::string IntDigits(Int i, int base, bool upper);

// format % args
Value PercentFormat(Runtime& rt, const Value& format, const Value& args);
// format.format(*args, **kwargs) as the sandbox does it: fields reach attributes by Jinja's rules.
Value StrFormat(Runtime& rt, const Value& format, const Args& args);

// ascii(v): repr with everything beyond ASCII escaped.
std::string AsciiRepr(Runtime& rt, const Value& v);

}  // namespace frugal::jinja
