#include "text/jinja/repr.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/ast.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

void AppendRepr(Runtime& rt, const Value& v, std::string* out);

void AppendItems(Runtime& rt, const std::vector<Value>& items, std::string* out) {
  bool first = true;
  for (const Value& item : items) {
    if (!first) *out += ", ";
    first = false;
    AppendRepr(rt, item, out);
  }
}

void AppendDict(Runtime& rt, const Dict& dict, std::string* out) {
  *out += '{';
  bool first = true;
  for (const auto& [key, value] : dict.entries()) {
    if (!first) *out += ", ";
    first = false;
    AppendRepr(rt, key, out);
    *out += ": ";
    AppendRepr(rt, value, out);
  }
  *out += '}';
}

void AppendView(Runtime& rt, const ViewObject& view, std::string* out) {
  const auto& entries = view.of.as<DictObject>().dict.entries();
  *out += view.kind == ViewObject::Kind::kKeys     ? "dict_keys(["
          : view.kind == ViewObject::Kind::kValues ? "dict_values(["
                                                   : "dict_items([";
  bool first = true;
  for (const auto& [key, value] : entries) {
    if (!first) *out += ", ";
    first = false;
    if (view.kind == ViewObject::Kind::kItems) *out += '(';
    if (view.kind != ViewObject::Kind::kValues) AppendRepr(rt, key, out);
    if (view.kind == ViewObject::Kind::kItems) *out += ", ";
    if (view.kind != ViewObject::Kind::kKeys) AppendRepr(rt, value, out);
    if (view.kind == ViewObject::Kind::kItems) *out += ')';
  }
  *out += "])";
}

void AppendObject(Runtime& rt, const Value& v, std::string* out) {
  switch (v.type()) {
    case Type::kUndefined:
      *out += "Undefined";
      return;
    case Type::kStr: {
      const auto& text = v.as<TextObject>();
      *out += text.markup ? "Markup(" + StrRepr(text.text) + ")" : StrRepr(text.text);
      return;
    }
    case Type::kList:
      *out += '[';
      AppendItems(rt, v.as<SequenceObject>().items, out);
      *out += ']';
      return;
    case Type::kTuple: {
      const auto& items = v.as<SequenceObject>().items;
      *out += '(';
      AppendItems(rt, items, out);
      *out += items.size() == 1 ? ",)" : ")";
      return;
    }
    case Type::kDict:
      return AppendDict(rt, v.as<DictObject>().dict, out);
    case Type::kRange: {
      const auto& r = v.as<RangeObject>();
      *out += "range(" + IntText(r.start) + ", " + IntText(r.stop);
      *out += r.step == 1 ? ")" : ", " + IntText(r.step) + ")";
      return;
    }
    case Type::kView:
      return AppendView(rt, v.as<ViewObject>(), out);
    case Type::kNamespace: {
      // A namespace may hold itself; the nesting limit ends that, as Python's recursion limit does.
      *out += "<Namespace ";
      AppendDict(rt, v.as<NamespaceObject>().attributes, out);
      *out += '>';
      return;
    }
    case Type::kLoop: {
      auto& loop = v.as<LoopObject>();
      *out += fmt::format("<LoopContext {}/{}>", loop.index0 + 1, loop.Length());
      return;
    }
    case Type::kMacro: {
      const auto& name = v.as<MacroObject>().macro->name;
      *out += "<Macro " + (name.empty() ? "anonymous" : StrRepr(name)) + ">";
      return;
    }
    case Type::kFunction:
      *out += fmt::format("<function {}>", v.as<FunctionObject>().name);
      return;
    default:
      *out += fmt::format("<{} object>", TypeName(v));
      return;
  }
}

void AppendRepr(Runtime& rt, const Value& v, std::string* out) {
  const size_t before = out->size();
  switch (v.type()) {
    case Type::kMissing:
    case Type::kNone:
      *out += "None";
      break;
    case Type::kBool:
      *out += v.boolean() ? "True" : "False";
      break;
    case Type::kInt:
      *out += IntText(v.integer());
      break;
    case Type::kFloat:
      *out += FloatRepr(v.real());
      break;
    default: {
      Runtime::Nesting nesting(rt);
      AppendObject(rt, v, out);
    }
  }
  rt.ChargeBytes(out->size() - before);
  rt.CheckSize(static_cast<int64_t>(out->size()));
}

}  // namespace

std::string IntText(Int i) {
  auto u = static_cast<unsigned __int128>(i);
  if (i < 0) u = -u;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(u % 10));
    u /= 10;
  } while (u != 0);
  if (i < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string FloatRepr(double d) {
  if (std::isnan(d)) return "nan";
  if (std::isinf(d)) return d < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<size_t>(end.ptr - buffer));
  const size_t e = text.find('e');
  int exponent = 0;
  const char* from = text.data() + e + 1;
  if (*from == '+') ++from;
  std::from_chars(from, text.data() + text.size(), exponent);
  std::string out;
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c == '-') {
      out += '-';
    } else if (c != '.') {
      digits += c;
    }
  }
  const int n = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (n > 1) out.append(1, '.').append(digits, 1);
    return out + fmt::format("e{}{:02d}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) {
    return out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
  }
  if (n <= exponent + 1) {
    return out.append(digits).append(static_cast<size_t>(exponent + 1 - n), '0').append(".0");
  }
  const auto point = static_cast<size_t>(exponent) + 1;
  return out.append(digits, 0, point).append(1, '.').append(digits, point);
}

std::string StrRepr(std::string_view text) {
  const char quote =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"'
                                                                                            : '\'';
  std::string out(1, quote);
  for (size_t pos = 0; pos < text.size();) {
    const size_t at = pos;
    const char32_t c = NextCodePoint(text, &pos);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsPrintable(c)) {
      out += text.substr(at, pos - at);
    } else if (c < 0x100) {
      out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
    } else if (c < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    } else {
      out += fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
    }
  }
  out += quote;
  return out;
}

std::string Str(Runtime& rt, const Value& v) {
  if (v.is_str()) return v.text();
  if (v.is_undefined()) return "";
  return Repr(rt, v);
}

std::string Repr(Runtime& rt, const Value& v) {
  std::string out;
  AppendRepr(rt, v, &out);
  return out;
}

std::string EscapeHtml(Runtime& rt, std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  rt.ChargeBytes(out.size());
  rt.CheckSize(static_cast<int64_t>(out.size()));
  return out;
}

std::string EscapedStr(Runtime& rt, const Value& v) {
  if (v.is_str() && v.as<TextObject>().markup) return v.text();
  return EscapeHtml(rt, Str(rt, v));
}

}  // namespace frugal::jinja
