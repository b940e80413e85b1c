#include "text/jinja/strftime.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace frugal::jinja {
namespace {

constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                 "Thursday", "Friday", "Saturday"};
constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};

constexpr int kMaxWidth = 1024;  // of one padded field: a format may ask for any

struct Fields {
  int64_t year;
  int month;  // 1 … 12
  int day;
  int hour, minute, second;
  int weekday;  // 0: Sunday
  int yearday;  // 1 … 366
  int64_t days;  // since 1970-01-01
};

Fields FieldsOf(const std::tm& t) {
  namespace chrono = std::chrono;
  Fields f{};
  f.year = int64_t{t.tm_year} + 1900;
  f.month = std::clamp(t.tm_mon, 0, 11) + 1;
  f.day = t.tm_mday;
  f.hour = t.tm_hour;
  f.minute = t.tm_min;
  f.second = t.tm_sec;
  const auto year = chrono::year(static_cast<int>(std::clamp<int64_t>(f.year, -32767, 32767)));
  const chrono::sys_days first = year / chrono::January / 1;
  const chrono::sys_days date =
      chrono::sys_days(year / chrono::month(static_cast<unsigned>(f.month)) / 1) +
      chrono::days(f.day - 1);
  f.weekday = static_cast<int>(chrono::weekday(date).c_encoding());
  f.yearday = static_cast<int>((date - first).count()) + 1;
  f.days = date.time_since_epoch().count();
  return f;
}

bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// ISO 8601: the week that holds the year's first Thursday is week 1.
void IsoWeek(const Fields& f, int64_t* year, int* week) {
  const int monday_based = (f.weekday + 6) % 7;
  *year = f.year;
  *week = (f.yearday - 1 - monday_based + 10) / 7;
  const auto weeks_in = [](int64_t y, int jan1_monday_based) {
    return jan1_monday_based == 3 || (jan1_monday_based == 2 && IsLeap(y)) ? 53 : 52;
  };
  const int jan1 = ((monday_based - (f.yearday - 1)) % 7 + 7) % 7;
  if (*week < 1) {
    --*year;
    const int length = IsLeap(*year) ? 366 : 365;
    *week = weeks_in(*year, ((jan1 - length) % 7 + 7) % 7);
  } else if (*week > weeks_in(f.year, jan1)) {
    ++*year;
    *week = 1;
  }
}

struct Flags {
  char pad = 0;  // '-', '_' or '0'
  bool upper = false;
  bool swap = false;  // '#'
  int width = -1;
};

std::string Number(int64_t n, int digits, char pad, const Flags& flags) {
  if (flags.pad != 0) pad = flags.pad;
  const std::string text = fmt::format("{}", n < 0 ? -n : n);
  const std::string sign = n < 0 ? "-" : "";
  if (pad == '-') {  // not to the usual number of digits; but a width is kept
    digits = 0;
    pad = '_';
  }
  const int width = flags.width >= 0 ? flags.width : digits;
  const int missing = std::max(width - static_cast<int>(text.size() + sign.size()), 0);
  const std::string fill(static_cast<size_t>(missing), pad == '_' ? ' ' : '0');
  return pad == '_' ? fill + sign + text : sign + fill + text;
}

// What the flag '#' does to a word.
enum class Swap { kNothing, kUpper, kLower };

std::string Word(std::string text, const Flags& flags, Swap swap) {
  if (flags.swap && swap == Swap::kLower) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  } else if (flags.upper || (flags.swap && swap == Swap::kUpper)) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  }
  const int missing = std::max(flags.width - static_cast<int>(text.size()), 0);
  return std::string(static_cast<size_t>(missing), flags.pad == '0' ? '0' : ' ') + text;
}

std::string Expand(std::string_view format, const Fields& f);

// One directive, or nothing when there is no such.
bool Directive(char c, const Flags& flags, const Fields& f, std::string* out) {
  const int hour12 = f.hour % 12 == 0 ? 12 : f.hour % 12;
  const auto number = [&](int64_t n, int digits, char pad = '0') {
    *out += Number(n, digits, pad, flags);
    return true;
  };
  const auto word = [&](std::string text, Swap swap = Swap::kNothing) {
    *out += Word(std::move(text), flags, swap);
    return true;
  };
  const std::string day = kDays[f.weekday];
  const std::string month = kMonths[f.month - 1];
  int64_t iso_year = 0;
  int iso_week = 0;
  IsoWeek(f, &iso_year, &iso_week);
  switch (c) {
    case 'a': return word(day.substr(0, 3), Swap::kUpper);
    case 'A': return word(day, Swap::kUpper);
    case 'b':
    case 'h': return word(month.substr(0, 3), Swap::kUpper);
    case 'B': return word(month, Swap::kUpper);
    case 'c': return word(Expand("%a %b %e %H:%M:%S %Y", f));
    case 'C': return number(f.year / 100, 2);
    case 'd': return number(f.day, 2);
    case 'D':
    case 'x': return word(Expand("%m/%d/%y", f));
    case 'e': return number(f.day, 2, '_');
    case 'f': return word("000000");  // Python's own; the clock has no microseconds
    case 'F': return word(Expand("%Y-%m-%d", f));
    case 'g': return number((iso_year % 100 + 100) % 100, 2);
    case 'G': return number(iso_year, 1);
    case 'H': return number(f.hour, 2);
    case 'I': return number(hour12, 2);
    case 'j': return number(f.yearday, 3);
    case 'k': return number(f.hour, 2, '_');
    case 'l': return number(hour12, 2, '_');
    case 'm': return number(f.month, 2);
    case 'M': return number(f.minute, 2);
    case 'n': return word("\n");
    case 'p': return word(f.hour < 12 ? "AM" : "PM", Swap::kLower);
    case 'P': return word(f.hour < 12 ? "am" : "pm");
    case 'r': return word(Expand("%I:%M:%S %p", f));
    case 'R': return word(Expand("%H:%M", f));
    case 's':  // the fields are taken as UTC: a zone would come from the environment
      return number(f.days * 86400 + f.hour * 3600 + f.minute * 60 + f.second, 1);
    case 'S': return number(f.second, 2);
    case 't': return word("\t");
    case 'T':
    case 'X': return word(Expand("%H:%M:%S", f));
    case 'u': return number(f.weekday == 0 ? 7 : f.weekday, 1);
    case 'U': return number((f.yearday - 1 - f.weekday + 7) / 7, 2);
    case 'V': return number(iso_week, 2);
    case 'w': return number(f.weekday, 1);
    case 'W': return number((f.yearday - 1 - (f.weekday + 6) % 7 + 7) / 7, 2);
    case 'y': return number((f.year % 100 + 100) % 100, 2);
    case 'Y': return number(f.year, 1);
    case 'z':
    case 'Z': return true;  // no zone: nothing
    case '%': return word("%");
    default: return false;
  }
}

std::string Expand(std::string_view format, const Fields& f) {
  std::string out;
  for (size_t pos = 0; pos < format.size();) {
    if (format[pos] != '%') {
      out += format[pos++];
      continue;
    }
    const size_t start = pos++;
    Flags flags;
    for (bool more = true; more && pos < format.size();) {
      const char c = format[pos];
      if (c == '-' || c == '_' || c == '0') {
        flags.pad = c;
      } else if (c == '^') {
        flags.upper = true;
      } else if (c == '#') {
        flags.swap = true;
      } else {
        more = false;
        continue;
      }
      ++pos;
    }
    for (; pos < format.size() && format[pos] >= '0' && format[pos] <= '9'; ++pos) {
      flags.width = std::min(std::max(flags.width, 0) * 10 + (format[pos] - '0'), kMaxWidth);
    }
    if (pos < format.size() && (format[pos] == 'E' || format[pos] == 'O')) ++pos;
    if (pos >= format.size() || !Directive(format[pos], flags, f, &out)) {
      out += format.substr(start, std::min(pos + 1, format.size()) - start);
    }
    ++pos;
  }
  return out;
}

}  // namespace

std::string Strftime(std::string_view format, const std::tm& t) {
  return Expand(format, FieldsOf(t));
}

}  // namespace frugal::jinja
