// datetime.strftime as Python gives it on Linux in the C locale, for a datetime without a zone.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace frugal::jinja {

// Uses the fields of `t` as they are; weekday and day of the year are worked out from the date.
// Directives the C library does not know are passed through as they stand.
std::string Strftime(std::string_view format, const std::tm& t);

}  // namespace frugal::jinja
