#include <algorithm>

#include "text/jinja/access.h"
#include "text/jinja/format.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"

namespace frugal::jinja {
namespace {

constexpr int kMaxSpecNesting = 3;  // a field, fields in its format spec, and their specs

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Formatter {
 public:
  Formatter(Runtime& rt, const Args& args, bool markup) : rt_(rt), args_(args), markup_(markup) {}

  std::string Run(std::string_view format, int nesting) {
    if (nesting > kMaxSpecNesting) Fail("Max string recursion exceeded");
    std::string out;
    for (size_t pos = 0; pos < format.size();) {
      const size_t brace = std::min(format.find_first_of("{}", pos), format.size());
      out += format.substr(pos, brace - pos);
      pos = brace;
      if (pos >= format.size()) break;
      const char c = format[pos++];
      if (pos < format.size() && format[pos] == c) {
        out += c;
        ++pos;
        continue;
      }
      if (c == '}') Fail("Single '}}' encountered in format string");
      if (pos >= format.size()) Fail("Single '{{' encountered in format string");
      out += Field(format, &pos, nesting);
      rt_.Charge(1);
      rt_.CheckSize(static_cast<int64_t>(out.size()));
    }
    return out;
  }

 private:
  // One replacement field; `*pos` is behind its '{' and moves behind its '}'.
  std::string Field(std::string_view format, size_t* pos, int nesting) {
    const size_t begin = *pos;
    bool bracket = false;
    char stop = 0;
    for (; *pos < format.size() && stop == 0; ++*pos) {
      const char c = format[*pos];
      if (c == '{') Fail("unexpected '{{' in field name");
      if (c == '[') bracket = true;
      if (c == ']') bracket = false;
      if (!bracket && (c == '}' || c == ':' || c == '!')) stop = c;
    }
    if (stop == 0) Fail("expected '}}' before end of string");
    const std::string_view name = format.substr(begin, *pos - 1 - begin);
    char conversion = 0;
    if (stop == '!') {
      if (*pos >= format.size()) Fail("end of string while looking for conversion specifier");
      conversion = format[(*pos)++];
      if (*pos >= format.size()) Fail("unmatched '{{' in format spec");
      stop = format[(*pos)++];
      if (stop != ':' && stop != '}') Fail("expected ':' after conversion specifier");
    }
    std::string_view spec;
    if (stop == ':') {
      const size_t spec_begin = *pos;
      int depth = 1;
      for (; *pos < format.size() && depth > 0; ++*pos) {
        if (format[*pos] == '{') ++depth;
        if (format[*pos] == '}') --depth;
      }
      if (depth > 0) Fail("unmatched '{{' in format spec");
      spec = format.substr(spec_begin, *pos - 1 - spec_begin);
    }
    Value v = Lookup(name);
    switch (conversion) {
      case 0: break;
      case 's': v = rt_.Text(Str(rt_, v)); break;
      case 'r': v = rt_.Text(Repr(rt_, v)); break;
      case 'a': v = rt_.Text(AsciiRepr(rt_, v)); break;
      default: Fail("Unknown conversion specifier {}", conversion);
    }
    const std::string expanded = Run(spec, nesting + 1);
    if (!markup_) return FormatValue(rt_, v, expanded);
    if (v.is_str() && v.as<TextObject>().markup) {
      if (!expanded.empty()) Fail("Unsupported format specification for Markup.");
      return v.text();
    }
    return EscapeHtml(rt_, FormatValue(rt_, v, expanded));
  }

  Value Lookup(std::string_view name) {
    const size_t first_end = std::min(name.find_first_of(".["), name.size());
    std::string_view first = name.substr(0, first_end);
    std::string numbered;
    if (first.empty()) {
      if (automatic_ < 0) Fail("cannot switch from manual field specification to automatic field numbering");
      numbered = std::to_string(automatic_++);
      first = numbered;
    } else if (AllDigits(first)) {
      if (automatic_ > 0) Fail("cannot switch from automatic field numbering to manual field specification");
      automatic_ = -1;
    }
    Value v = First(first);
    for (size_t pos = first_end; pos < name.size();) {
      if (name[pos] == '.') {
        const size_t end = std::min(name.find_first_of(".[", pos + 1), name.size());
        const std::string_view attribute = name.substr(pos + 1, end - pos - 1);
        if (attribute.empty()) Fail("Empty attribute in format string");
        v = GetAttr(rt_, v, attribute);
        pos = end;
        continue;
      }
      if (name[pos] != '[') Fail("Only '.' or '[' may follow ']' in format field specifier");
      const size_t end = name.find(']', pos);
      if (end == std::string_view::npos) Fail("Missing ']' in format string");
      const std::string_view key = name.substr(pos + 1, end - pos - 1);
      if (key.empty()) Fail("Empty attribute in format string");
      Int i = 0;
      v = GetItem(rt_, v,
                  AllDigits(key) && ParseInt(key, 10, &i) ? Value::Integer(i)
                                                          : rt_.Text(std::string(key)));
      pos = end + 1;
    }
    return v;
  }

  Value First(std::string_view name) {
    if (AllDigits(name)) {
      Int i = 0;
      if (!ParseInt(name, 10, &i) || i >= static_cast<Int>(args_.positional.size())) {
        Fail("Replacement index {} out of range for positional args tuple", name);
      }
      return args_.positional[static_cast<size_t>(i)];
    }
    for (const auto& [key, value] : args_.named) {
      if (key == name) return value;
    }
    Fail("the format string names '{}', which is not given", name);
  }

  Runtime& rt_;
  const Args& args_;
  const bool markup_;
  int64_t automatic_ = 0;  // the next {}'s number; negative once numbers are written out
};

}  // namespace

Value StrFormat(Runtime& rt, const Value& format, const Args& args) {
  const bool markup = format.as<TextObject>().markup;
  return rt.Text(Formatter(rt, args, markup).Run(format.text(), 1), markup);
}

}  // namespace frugal::jinja
