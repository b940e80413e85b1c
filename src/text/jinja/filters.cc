#include "text/jinja/filters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "text/jinja/access.h"
#include "text/jinja/json_text.h"
#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

bool Flag(const Value& v, bool if_absent) { return v.is_missing() ? if_absent : Truthy(v); }

[[noreturn]] void FailUndefined(const Value& v) { Fail("{}", v.as<UndefinedObject>().Message()); }

Value Abs(Runtime&, const Value& v, const Args& args) {
  Bind("abs", args, {}, 0);
  if (v.is(Type::kFloat)) return Value::Float(std::abs(v.real()));
  Int i = 0;
  if (GetInt(v, &i)) return i < 0 ? Negate(v) : Value::Integer(i);
  Fail("bad operand type for abs(): '{}'", TypeName(v));
}

Value Attr(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("attr", args, {"name"}, 1);
  return GetAttrOnly(rt, v, Str(rt, bound[0]));
}

Value Default(Runtime&, const Value& v, const Args& args) {
  const auto bound = Bind("default", args, {"default_value", "boolean"}, 0);
  if (v.is_undefined() || (Flag(bound[1], false) && !Truthy(v))) {
    return bound[0].is_missing() ? Value::Text("") : bound[0];
  }
  return v;
}

Value Count(Runtime&, const Value& v, const Args& args) {
  Bind("length", args, {}, 0);
  return Value::Integer(Length(v));
}

Value String(Runtime& rt, const Value& v, const Args& args) {
  Bind("string", args, {}, 0);
  return v.is_str() ? v : rt.Text(Str(rt, v));
}

Value Safe(Runtime& rt, const Value& v, const Args& args) {
  Bind("safe", args, {}, 0);
  return rt.Text(Str(rt, v), /*markup=*/true);
}

Value Escape(Runtime& rt, const Value& v, const Args& args) {
  Bind("escape", args, {}, 0);
  return rt.Text(EscapedStr(rt, v), /*markup=*/true);
}

Value ForceEscape(Runtime& rt, const Value& v, const Args& args) {
  Bind("forceescape", args, {}, 0);
  return rt.Text(EscapeHtml(rt, Str(rt, v)), /*markup=*/true);
}

// int(v), or nothing where Python raises TypeError or ValueError.
bool ToInt(const Value& v, int base, Int* out) {
  if (v.is_undefined()) FailUndefined(v);
  if (GetInt(v, out)) return true;
  if (v.is(Type::kFloat)) {
    if (std::isnan(v.real())) return false;
    *out = FloatToInt(v.real());
    return true;
  }
  return v.is_str() && ParseInt(v.text(), base, out);
}

bool ToFloat(const Value& v, double* out) {
  if (v.is_undefined()) FailUndefined(v);
  if (GetNumber(v, out)) return true;
  return v.is_str() && ParseFloat(v.text(), out);
}

Value IntFilter(Runtime&, const Value& v, const Args& args) {
  const auto bound = Bind("int", args, {"default", "base"}, 0);
  Int base = 10;
  if (!bound[1].is_missing() && !GetInt(bound[1], &base) && v.is_str()) base = -1;
  Int i = 0;
  const bool base_ok = base == 0 || (base >= 2 && base <= 36);
  if ((base_ok || !v.is_str()) && ToInt(v, static_cast<int>(base_ok ? base : 10), &i)) {
    return Value::Integer(i);
  }
  double d = 0;
  if (ToFloat(v, &d) && !std::isnan(d)) return Value::Integer(FloatToInt(d));
  return bound[0].is_missing() ? Value::Integer(0) : bound[0];
}

Value FloatFilter(Runtime&, const Value& v, const Args& args) {
  const auto bound = Bind("float", args, {"default"}, 0);
  double d = 0;
  if (ToFloat(v, &d)) return Value::Float(d);
  return bound[0].is_missing() ? Value::Float(0) : bound[0];
}

// round(d, digits) as Python does it: the exact decimal value is rounded, half to even.
double RoundFloat(double d, int64_t digits) {
  if (!std::isfinite(d) || digits > 323) return d;
  if (digits < -308) return std::copysign(0.0, d);
  if (digits >= 0) {
    char buffer[800];
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::fixed,
                                   static_cast<int>(digits));
    double rounded = 0;
    std::from_chars(buffer, end.ptr, rounded);
    return rounded;
  }
  const double unit = std::pow(10.0, static_cast<double>(-digits));
  const double rest = std::fmod(std::abs(d), unit);
  double below = std::abs(d) - rest;
  const bool odd = std::fmod(below / unit, 2) != 0;
  if (rest > unit / 2 || (rest == unit / 2 && odd)) below += unit;
  return std::copysign(below, d);
}

// round(i, digits) for an integer: half to even for negative digits.
Int RoundInt(Int i, int64_t digits) {
  if (digits >= 0) return i;
  if (digits < -38) return 0;
  Int unit = 1;
  for (int64_t n = 0; n > digits; --n) unit *= 10;
  const Int rest = ((i % unit) + unit) % unit;
  const Int below = i - rest;
  const bool up = rest > unit - rest || (rest == unit - rest && (below / unit) % 2 != 0);
  return up ? below + unit : below;
}

Value Round(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("round", args, {"precision", "method"}, 0);
  const std::string method = bound[1].is_missing() ? "common" : Str(rt, bound[1]);
  if (method != "common" && method != "ceil" && method != "floor") {
    Fail("method must be common, ceil or floor");
  }
  if (v.is_undefined()) FailUndefined(v);
  Int i = 0;
  const bool is_int = GetInt(v, &i);
  if (!is_int && !v.is(Type::kFloat)) Fail("type {} doesn't define __round__ method", TypeName(v));
  Int digits = 0;
  if (method == "common") {
    if (bound[0].is_none()) {
      return Value::Integer(is_int ? i : FloatToInt(RoundFloat(v.real(), 0)));
    }
    if (!bound[0].is_missing() && !GetInt(bound[0], &digits)) {
      Fail("'{}' object cannot be interpreted as an integer", TypeName(bound[0]));
    }
    const auto clamped = static_cast<int64_t>(std::clamp<Int>(digits, -1000, 1000));
    if (is_int) return Value::Integer(RoundInt(i, clamped));
    const double rounded = RoundFloat(v.real(), clamped);
    if (std::isinf(rounded) && std::isfinite(v.real()))
      Fail("rounded value too large to represent");
    return Value::Float(rounded);
  }
  const Value precision = bound[0].is_missing() ? Value::Integer(0) : bound[0];
  const Value scale = Binary(rt, BinaryOp::kPow, Value::Integer(10), precision);
  const Value scaled = Binary(rt, BinaryOp::kMul, v, scale);
  Value whole = scaled;
  if (scaled.is(Type::kFloat)) {
    const double d = method == "ceil" ? std::ceil(scaled.real()) : std::floor(scaled.real());
    whole = Value::Integer(FloatToInt(d));
  }
  return Binary(rt, BinaryOp::kDiv, whole, scale);
}

Value FileSizeFormat(Runtime&, const Value& v, const Args& args) {
  const auto bound = Bind("filesizeformat", args, {"binary"}, 0);
  const bool binary = Flag(bound[0], false);
  double bytes = 0;
  if (!ToFloat(v, &bytes)) Fail("could not convert {} to float", TypeName(v));
  const double base = binary ? 1024 : 1000;
  if (bytes == 1) return Value::Text("1 Byte");
  if (bytes < base) return Value::Text(IntText(FloatToInt(bytes)) + " Bytes");
  constexpr std::string_view kPrefixes = "kMGTPEZY";
  double unit = base;
  for (const char prefix : kPrefixes) {
    unit *= base;
    if (bytes < unit || prefix == 'Y') {
      return Value::Text(fmt::format("{:.1f} {}{}", base * bytes / unit,
                                     binary && prefix == 'k' ? 'K' : prefix, binary ? "iB" : "B"));
    }
  }
  return Value();
}

Value ToJsonFilter(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("tojson", args, {"ensure_ascii", "indent", "separators", "sort_keys"}, 0);
  JsonStyle style;
  style.ensure_ascii = Flag(bound[0], false);
  style.sort_keys = Flag(bound[3], false);
  Int width = 0;
  if (GetInt(bound[1], &width)) {
    style.pretty = true;
    const Int spaces = std::max<Int>(width, 0);
    if (spaces > rt.max_bytes()) FailLimit("an indent of {} is too wide", IntText(spaces));
    style.indent = std::string(static_cast<size_t>(spaces), ' ');
  } else if (bound[1].is_str()) {
    style.pretty = true;
    style.indent = bound[1].text();
  } else if (!bound[1].is_missing() && !bound[1].is_none()) {
    Fail("indent must be an integer or a string, not {}", TypeName(bound[1]));
  }
  style.item_separator = style.pretty ? "," : ", ";
  if (!bound[2].is_missing() && !bound[2].is_none()) {
    const std::vector<Value> pair = ToVector(rt, bound[2]);
    if (pair.size() != 2 || !pair[0].is_str() || !pair[1].is_str()) {
      Fail("separators must be two strings");
    }
    style.item_separator = pair[0].text();
    style.key_separator = pair[1].text();
  }
  return rt.Text(ToJson(rt, v, style));
}

std::string UrlQuote(Runtime& rt, const Value& v, bool for_query) {
  std::string out;
  for (const char c : Str(rt, v)) {
    const bool alnum = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    if (alnum || c == '_' || c == '.' || c == '-' || c == '~' || (c == '/' && !for_query)) {
      out += c;
    } else if (c == ' ' && for_query) {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<uint8_t>(c)));
    }
  }
  rt.ChargeBytes(out.size());
  rt.CheckSize(static_cast<int64_t>(out.size()));
  return out;
}

Value UrlEncode(Runtime& rt, const Value& v, const Args& args) {
  Bind("urlencode", args, {}, 0);
  switch (v.type()) {
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kView:
    case Type::kGenerator:
    case Type::kRange:
    case Type::kUndefined:
      break;
    default:
      return rt.Text(UrlQuote(rt, v, false));
  }
  std::string out;
  const auto add = [&](const Value& key, const Value& value) {
    if (!out.empty()) out += '&';
    out += UrlQuote(rt, key, true) + "=" + UrlQuote(rt, value, true);
    rt.CheckSize(static_cast<int64_t>(out.size()));
  };
  if (v.is(Type::kDict)) {
    for (const auto& [key, value] : v.as<DictObject>().dict.entries()) add(key, value);
    return rt.Text(std::move(out));
  }
  for (const Value& item : ToVector(rt, v)) {
    const std::vector<Value> pair = ToVector(rt, item);
    if (pair.size() != 2) Fail("urlencode expects pairs, found {} values", pair.size());
    add(pair[0], pair[1]);
  }
  return rt.Text(std::move(out));
}

Value LeftOut(Runtime&, const Value&, const Args&) {
  Fail("this filter of Jinja's is not supported in chat templates");
}

constexpr FilterEntry kFilters[] = {
    {"abs", Abs},
    {"attr", Attr},
    {"count", Count},
    {"d", Default},
    {"default", Default},
    {"e", Escape},
    {"escape", Escape},
    {"filesizeformat", FileSizeFormat},
    {"float", FloatFilter},
    {"forceescape", ForceEscape},
    {"int", IntFilter},
    {"length", Count},
    {"pprint", LeftOut},
    {"random", LeftOut},
    {"round", Round},
    {"safe", Safe},
    {"string", String},
    {"striptags", LeftOut},
    {"tojson", ToJsonFilter},
    {"urlencode", UrlEncode},
    {"urlize", LeftOut},
    {"wordwrap", LeftOut},
    {"xmlattr", LeftOut},
};

}  // namespace

Filter FindFilter(std::string_view name) {
  static const std::unordered_map<std::string_view, Filter> index = [] {
    std::unordered_map<std::string_view, Filter> all;
    for (const FilterEntry& entry : kFilters) all.emplace(entry.name, entry.function);
    for (const auto group : {TextFilters(), SequenceFilters(), SelectFilters()}) {
      for (const FilterEntry& entry : group) all.emplace(entry.name, entry.function);
    }
    return all;
  }();
  const auto it = index.find(name);
  return it == index.end() ? nullptr : it->second;
}

AttributeGetter::AttributeGetter(const Value& attribute, bool ignore_case, Value fallback)
    : ignore_case_(ignore_case), fallback_(std::move(fallback)) {
  if (attribute.is_missing() || attribute.is_none()) return;
  if (!attribute.is_str()) {
    parts_.push_back(attribute);
    return;
  }
  std::string_view rest = attribute.text();
  while (true) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    Int i = 0;
    const bool digits = !part.empty() && std::all_of(part.begin(), part.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
    parts_.push_back(digits && ParseInt(part, 10, &i) ? Value::Integer(i)
                                                      : Value::Text(std::string(part)));
    if (dot == std::string_view::npos) return;
    rest.remove_prefix(dot + 1);
  }
}

Value AttributeGetter::operator()(Runtime& rt, Value item) const {
  for (const Value& part : parts_) {
    item = GetItem(rt, item, part);
    if (item.is_undefined() && !fallback_.is_missing() && !fallback_.is_none()) item = fallback_;
  }
  if (ignore_case_ && item.is_str()) {
    return rt.Text(Lower(item.text()), item.as<TextObject>().markup);
  }
  return item;
}

}  // namespace frugal::jinja
