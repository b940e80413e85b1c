#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/format.h"
#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

// Jinja's soft_str: what is a string stays as it is, markup or not.
Value SoftStr(Runtime& rt, const Value& v) { return v.is_str() ? v : rt.Text(Str(rt, v)); }

Value Like(Runtime& rt, const Value& s, std::string text) {
  return rt.Text(std::move(text), s.as<TextObject>().markup);
}

int64_t IntArg(const char* filter, const Value& v, int64_t if_absent) {
  if (v.is_missing()) return if_absent;
  Int i = 0;
  if (!GetInt(v, &i)) {
    Fail("{}: '{}' object cannot be interpreted as an integer", filter, TypeName(v));
  }
  constexpr Int kLimit = INT64_MAX / 2;
  return static_cast<int64_t>(std::clamp<Int>(i, -kLimit, kLimit));
}

template <std::string (*kMap)(std::string_view)>
Value Map(Runtime& rt, const Value& v, const Args& args) {
  Bind("filter", args, {}, 0);
  const Value s = SoftStr(rt, v);
  return Like(rt, s, kMap(s.text()));
}

// The filter, unlike str.title, starts words only behind white space and -({[<.
Value TitleFilter(Runtime& rt, const Value& v, const Args& args) {
  Bind("title", args, {}, 0);
  const Value s = SoftStr(rt, v);
  const std::string& text = s.text();
  rt.ChargeBytes(text.size());
  const auto splits = [](char32_t c) {
    return IsSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  };
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    const size_t begin = pos;
    size_t after_first = pos;
    const bool between = splits(NextCodePoint(text, &after_first));
    while (pos < text.size()) {
      size_t next = pos;
      if (splits(NextCodePoint(text, &next)) != between) break;
      pos = next;
    }
    out += Upper(std::string_view(text).substr(begin, after_first - begin));
    out += Lower(std::string_view(text).substr(after_first, pos - after_first));
  }
  return rt.Text(std::move(out));  // Jinja joins the words to a plain str
}

Value Center(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("center", args, {"width"}, 0);
  const Value s = SoftStr(rt, v);
  return Like(rt, s, Justified(rt, s.text(), IntArg("center", bound[0], 80), " ", '^'));
}

Value FormatFilter(Runtime& rt, const Value& v, const Args& args) {
  if (!args.named.empty() && !args.positional.empty()) {
    Fail("can't handle positional and keyword arguments at the same time");
  }
  if (args.named.empty()) return PercentFormat(rt, SoftStr(rt, v), rt.Tuple(args.positional));
  Dict named;
  for (const auto& [name, value] : args.named) named.Set(rt.Text(name), value);
  return PercentFormat(rt, SoftStr(rt, v), rt.Dictionary(std::move(named)));
}

Value Indent(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("indent", args, {"width", "first", "blank"}, 0);
  const std::string indent = [&]() -> std::string {
    if (bound[0].is_str()) return bound[0].text();
    const int64_t width = IntArg("indent", bound[0], 4);
    rt.CheckSize(width);
    return std::string(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  }();
  const bool first = !bound[1].is_missing() && Truthy(bound[1]);
  const bool blank = !bound[2].is_missing() && Truthy(bound[2]);
  // Adding a line break both checks the type and makes splitlines keep a last empty line.
  const Value s = Binary(rt, BinaryOp::kAdd, v, Value::Text("\n"));
  if (!s.is_str()) Fail("indent: expected str, not {}", TypeName(v));
  std::string out;
  bool at_first = true;
  for (const std::string_view line : SplitLines(s.text(), false)) {
    if (!at_first) out += '\n';
    if (at_first ? first : blank || !line.empty()) out += indent;
    at_first = false;
    out += line;
    rt.ChargeBytes(indent.size() + line.size());
    rt.CheckSize(static_cast<int64_t>(out.size()));
  }
  return rt.Text(std::move(out), s.as<TextObject>().markup);
}

Value ReplaceFilter(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("replace", args, {"old", "new", "count"}, 2);
  const int64_t count = bound[2].is_none() ? -1 : IntArg("replace", bound[2], -1);
  return rt.Text(Replace(rt, Str(rt, v), Str(rt, bound[0]), Str(rt, bound[1]), count));
}

Value Trim(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("trim", args, {"chars"}, 0);
  const Value s = SoftStr(rt, v);
  rt.ChargeBytes(s.text().size());
  if (bound[0].is_missing() || bound[0].is_none()) {
    return Like(rt, s, std::string(Strip(s.text(), nullptr, true, true)));
  }
  if (!bound[0].is_str()) Fail("strip arg must be None or str, not {}", TypeName(bound[0]));
  const std::string_view chars = bound[0].text();
  rt.Charge(static_cast<int64_t>(s.text().size() / 64 * chars.size()));
  return Like(rt, s, std::string(Strip(s.text(), &chars, true, true)));
}

Value Truncate(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("truncate", args, {"length", "killwords", "end", "leeway"}, 0);
  const int64_t length = IntArg("truncate", bound[0], 255);
  const bool kill = !bound[1].is_missing() && Truthy(bound[1]);
  const Value end = bound[2].is_missing() ? Value::Text("...") : bound[2];
  const int64_t leeway = bound[3].is_none() ? 5 : IntArg("truncate", bound[3], 5);
  const int64_t end_length = Length(end);
  if (length < end_length) Fail("expected length >= {}, got {}", end_length, length);
  if (leeway < 0) Fail("expected leeway >= 0, got {}", leeway);
  if (Length(v) <= length + leeway) return v;
  if (!v.is_str()) Fail("truncate: expected str, not {}", TypeName(v));
  const std::string& text = v.text();
  std::string cut = text.substr(0, ByteOffset(text, length - end_length));
  if (!kill) cut = cut.substr(0, cut.rfind(' '));
  return Binary(rt, BinaryOp::kAdd, Like(rt, v, std::move(cut)), end);
}

Value WordCount(Runtime& rt, const Value& v, const Args& args) {
  Bind("wordcount", args, {}, 0);
  const Value s = SoftStr(rt, v);
  rt.ChargeBytes(s.text().size());
  int64_t n = 0;
  bool in_word = false;
  for (size_t pos = 0; pos < s.text().size();) {
    const bool word = IsWord(NextCodePoint(s.text(), &pos));
    if (word && !in_word) ++n;
    in_word = word;
  }
  return Value::Integer(n);
}

Value Join(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("join", args, {"d", "attribute"}, 0);
  const AttributeGetter get(bound[1], false);
  const std::string separator = bound[0].is_missing() ? "" : Str(rt, bound[0]);
  std::string out;
  bool first = true;
  Iterator it(rt, v);
  for (Value item; it.Next(&item);) {
    if (!first) out += separator;
    first = false;
    out += Str(rt, get(rt, item));
    rt.CheckSize(static_cast<int64_t>(out.size()));
  }
  return rt.Text(std::move(out));
}

}  // namespace

std::span<const FilterEntry> TextFilters() {
  static constexpr FilterEntry kFilters[] = {
      {"capitalize", Map<Capitalize>},
      {"center", Center},
      {"format", FormatFilter},
      {"indent", Indent},
      {"join", Join},
      {"lower", Map<Lower>},
      {"replace", ReplaceFilter},
      {"title", TitleFilter},
      {"trim", Trim},
      {"truncate", Truncate},
      {"upper", Map<Upper>},
      {"wordcount", WordCount},
  };
  return kFilters;
}

}  // namespace frugal::jinja
