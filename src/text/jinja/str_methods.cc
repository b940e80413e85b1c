#include <algorithm>

#include "text/jinja/format.h"
#include "text/jinja/methods.h"
#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/text_ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

const TextObject& Self(const Value& v) { return v.as<TextObject>(); }

// A piece or transformation of `self`, which stays markup if it was.
Value Like(Runtime& rt, const Value& self, std::string text) {
  return rt.Text(std::move(text), Self(self).markup);
}
Value Like(Runtime& rt, const Value& self, std::string_view text) {
  return Like(rt, self, std::string(text));
}

const std::string& NeedStr(const char* method, const Value& v) {
  if (!v.is_str()) Fail("{}() argument must be str, not {}", method, TypeName(v));
  return v.text();
}

int64_t NeedInt(const char* method, const Value& v) {
  Int i = 0;
  if (!GetInt(v, &i)) {
    Fail("{}(): '{}' object cannot be interpreted as an integer", method, TypeName(v));
  }
  constexpr Int kLimit = INT64_MAX;
  return static_cast<int64_t>(std::clamp<Int>(i, -kLimit, kLimit));
}

template <std::string (*kMap)(std::string_view)>
Value Map(Runtime& rt, const Value& self, const Args& args) {
  Bind("str method", args, {}, 0);
  rt.ChargeBytes(self.text().size() * 8);
  return Like(rt, self, kMap(self.text()));
}

template <bool kLeft, bool kRight>
Value StripMethod(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("strip", args, {"/chars"}, 0);
  const std::string& text = self.text();
  rt.ChargeBytes(text.size());
  if (bound[0].is_missing() || bound[0].is_none()) {
    return Like(rt, self, Strip(text, nullptr, kLeft, kRight));
  }
  const std::string_view chars = NeedStr("strip", bound[0]);
  rt.Charge(static_cast<int64_t>(text.size() / 64 * chars.size()));
  return Like(rt, self, Strip(text, &chars, kLeft, kRight));
}

// The part of a string between two code-point bounds, as find, count and startswith take it.
struct Part {
  bool valid = false;
  size_t begin = 0;  // bytes
  size_t end = 0;
};

Part TakePart(Runtime& rt, const TextObject& self, const Value& from, const Value& to) {
  const int64_t start = ClampIndex(from, self.length, 0);
  const int64_t stop = std::min(ClampIndex(to, self.length, self.length), self.length);
  if (start > stop) return {};
  rt.ChargeBytes(self.text.size());
  if (self.length == static_cast<int64_t>(self.text.size())) {
    return {true, static_cast<size_t>(start), static_cast<size_t>(stop)};
  }
  const size_t begin = ByteOffset(self.text, start);
  return {true, begin, begin + ByteOffset(std::string_view(self.text).substr(begin), stop - start)};
}

// Searching backward is not linear in the worst case.
void ChargeBackward(Runtime& rt, std::string_view text, std::string_view needle) {
  rt.Charge(1 + static_cast<int64_t>(text.size() / 64 * (needle.size() / 16)));
}

template <bool kLast>
int64_t Locate(Runtime& rt, const Value& self, const Args& args, const char* name) {
  const auto bound = Bind(name, args, {"/sub", "/start", "/end"}, 1);
  const std::string& needle = NeedStr(name, bound[0]);
  const Part part = TakePart(rt, Self(self), bound[1], bound[2]);
  if (!part.valid) return -1;
  const std::string_view text = std::string_view(self.text()).substr(0, part.end);
  size_t at = 0;
  if (kLast) {
    ChargeBackward(rt, text, needle);
    at = FindLastText(text, needle, part.end);
    if (at != std::string_view::npos && at < part.begin) at = std::string_view::npos;
  } else {
    at = FindText(text, needle, part.begin);
  }
  return at == std::string_view::npos ? -1 : CountCodePoints(text.substr(0, at));
}

Value Find(Runtime& rt, const Value& self, const Args& args) {
  return Value::Integer(Locate<false>(rt, self, args, "find"));
}
Value RFind(Runtime& rt, const Value& self, const Args& args) {
  return Value::Integer(Locate<true>(rt, self, args, "rfind"));
}
Value Index(Runtime& rt, const Value& self, const Args& args) {
  const int64_t at = Locate<false>(rt, self, args, "index");
  if (at < 0) Fail("substring not found");
  return Value::Integer(at);
}
Value RIndex(Runtime& rt, const Value& self, const Args& args) {
  const int64_t at = Locate<true>(rt, self, args, "rindex");
  if (at < 0) Fail("substring not found");
  return Value::Integer(at);
}

Value Count(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("count", args, {"/sub", "/start", "/end"}, 1);
  const std::string& needle = NeedStr("count", bound[0]);
  const Part part = TakePart(rt, Self(self), bound[1], bound[2]);
  if (!part.valid) return Value::Integer(0);
  const std::string_view text =
      std::string_view(self.text()).substr(part.begin, part.end - part.begin);
  if (needle.empty()) return Value::Integer(CountCodePoints(text) + 1);
  int64_t n = 0;
  for (size_t at = FindText(text, needle, 0); at != std::string_view::npos;
       at = FindText(text, needle, at + needle.size())) {
    ++n;
  }
  return Value::Integer(n);
}

template <bool kEnd>
Value Affix(Runtime& rt, const Value& self, const Args& args) {
  const char* name = kEnd ? "endswith" : "startswith";
  const auto bound = Bind(name, args, {"/affix", "/start", "/end"}, 1);
  const Part part = TakePart(rt, Self(self), bound[1], bound[2]);
  const std::string_view text =
      part.valid ? std::string_view(self.text()).substr(part.begin, part.end - part.begin)
                 : std::string_view();
  const auto matches = [&](const Value& v) {
    if (!v.is_str()) {
      Fail("{} first arg must be str or a tuple of str, not {}", name, TypeName(v));
    }
    return part.valid && (kEnd ? text.ends_with(v.text()) : text.starts_with(v.text()));
  };
  if (bound[0].is(Type::kTuple)) {
    for (const Value& v : bound[0].as<SequenceObject>().items) {
      rt.Charge(1);
      if (matches(v)) return Value::Bool(true);
    }
    return Value::Bool(false);
  }
  return Value::Bool(matches(bound[0]));
}

std::vector<std::string_view> SplitSpace(std::string_view text, int64_t limit, bool from_right) {
  std::vector<std::string_view> parts;
  text = Strip(text, nullptr, !from_right, from_right);
  while (!text.empty()) {
    if (limit-- == 0) {
      parts.push_back(text);
      break;
    }
    size_t begin = 0;
    size_t end = text.size();
    for (size_t pos = text.size(); from_right && pos > 0;) {
      const size_t after = pos;
      if (IsSpace(PrevCodePoint(text, &pos))) {
        begin = after;
        break;
      }
    }
    for (size_t pos = 0; !from_right && pos < text.size();) {
      const size_t at = pos;
      if (IsSpace(NextCodePoint(text, &pos))) {
        end = at;
        break;
      }
    }
    parts.push_back(text.substr(begin, end - begin));
    text = from_right ? text.substr(0, begin) : text.substr(end);
    text = Strip(text, nullptr, !from_right, from_right);
  }
  if (from_right) std::reverse(parts.begin(), parts.end());
  return parts;
}

template <bool kRight>
Value Split(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind(kRight ? "rsplit" : "split", args, {"sep", "maxsplit"}, 0);
  int64_t limit = bound[1].is_missing() ? -1 : NeedInt("split", bound[1]);
  const std::string_view text = self.text();
  rt.ChargeBytes(text.size());
  std::vector<std::string_view> parts;
  if (bound[0].is_missing() || bound[0].is_none()) {
    parts = SplitSpace(text, limit, kRight);
  } else {
    const std::string& sep = NeedStr("split", bound[0]);
    if (sep.empty()) Fail("empty separator");
    if (kRight && limit >= 0) {
      ChargeBackward(rt, text, sep);
      size_t end = text.size();
      for (size_t at; limit-- != 0 && (at = FindLastText(text, sep, end)) != text.npos; end = at) {
        parts.push_back(text.substr(at + sep.size(), end - at - sep.size()));
      }
      parts.push_back(text.substr(0, end));
      std::reverse(parts.begin(), parts.end());
    } else {
      size_t begin = 0;
      for (size_t at; limit-- != 0 && (at = FindText(text, sep, begin)) != text.npos;
           begin = at + sep.size()) {
        parts.push_back(text.substr(begin, at - begin));
      }
      parts.push_back(text.substr(begin));
    }
  }
  std::vector<Value> items;
  for (const std::string_view part : parts) items.push_back(Like(rt, self, part));
  return rt.List(std::move(items));
}

Value SplitLinesMethod(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("splitlines", args, {"keepends"}, 0);
  const bool keep = !bound[0].is_missing() && Truthy(bound[0]);
  std::vector<Value> items;
  for (const std::string_view line : SplitLines(self.text(), keep)) {
    items.push_back(Like(rt, self, line));
  }
  return rt.List(std::move(items));
}

template <bool kLast>
Value Partition(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("partition", args, {"/sep"}, 1);
  const std::string& sep = NeedStr("partition", bound[0]);
  if (sep.empty()) Fail("empty separator");
  const std::string_view text = self.text();
  rt.ChargeBytes(text.size());
  if (kLast) ChargeBackward(rt, text, sep);
  const size_t at = kLast ? FindLastText(text, sep, text.size()) : FindText(text, sep, 0);
  if (at == std::string_view::npos) {
    const Value empty = Like(rt, self, std::string());
    const Value whole = Like(rt, self, text);
    return kLast ? rt.Tuple({empty, empty, whole}) : rt.Tuple({whole, empty, empty});
  }
  return rt.Tuple({Like(rt, self, text.substr(0, at)), Like(rt, self, std::string_view(sep)),
                   Like(rt, self, text.substr(at + sep.size()))});
}

template <bool kSuffix>
Value RemoveAffix(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("removeprefix", args, {"/affix"}, 1);
  const std::string& affix = NeedStr(kSuffix ? "removesuffix" : "removeprefix", bound[0]);
  std::string_view text = self.text();
  if (kSuffix && text.ends_with(affix)) {
    text.remove_suffix(affix.size());
  } else if (!kSuffix && text.starts_with(affix)) {
    text.remove_prefix(affix.size());
  }
  return Like(rt, self, text);
}

Value ReplaceMethod(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("replace", args, {"/old", "/new", "/count"}, 2);
  const std::string& old = NeedStr("replace", bound[0]);
  std::string with = NeedStr("replace", bound[1]);
  if (Self(self).markup) with = EscapedStr(rt, bound[1]);
  const int64_t count = bound[2].is_missing() ? -1 : NeedInt("replace", bound[2]);
  return Like(rt, self, Replace(rt, self.text(), old, with, count));
}

template <char kAlign>
Value Justify(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("justify", args, {"/width", "/fillchar"}, 1);
  const int64_t width = NeedInt("justify", bound[0]);
  std::string fill = " ";
  if (!bound[1].is_missing()) {
    fill = NeedStr("justify", bound[1]);
    if (Self(self).markup) fill = EscapedStr(rt, bound[1]);
    if (CountCodePoints(fill) != 1) Fail("the fill character must be exactly one character long");
  }
  return Like(rt, self, Justified(rt, self.text(), width, fill, kAlign));
}

Value ZFill(Runtime& rt, const Value& self, const Args& args) {
  const int64_t width = NeedInt("zfill", Bind("zfill", args, {"/width"}, 1)[0]);
  std::string text = self.text();
  if (width <= Self(self).length) return Like(rt, self, text);
  rt.CheckSize(width);
  const bool sign = text.starts_with('-') || text.starts_with('+');
  text.insert(sign ? 1 : 0, static_cast<size_t>(width - Self(self).length), '0');
  return Like(rt, self, text);
}

Value ExpandTabs(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("expandtabs", args, {"tabsize"}, 0);
  const int64_t size = bound[0].is_missing() ? 8 : NeedInt("expandtabs", bound[0]);
  std::string out;
  int64_t column = 0;
  for (const char c : self.text()) {
    if (c == '\t') {
      const int64_t spaces = size > 0 ? size - column % size : 0;
      rt.CheckSize(static_cast<int64_t>(out.size()) + spaces);
      rt.ChargeBytes(static_cast<size_t>(spaces));
      out.append(static_cast<size_t>(spaces), ' ');
      column += spaces;
    } else {
      out += c;
      if ((static_cast<uint8_t>(c) & 0xC0) != 0x80) ++column;
      if (c == '\n' || c == '\r') column = 0;
    }
  }
  return Like(rt, self, out);
}

Value JoinMethod(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("join", args, {"/iterable"}, 1);
  const bool markup = Self(self).markup;
  std::string out;
  int64_t n = 0;
  Iterator it(rt, bound[0]);
  for (Value v; it.Next(&v); ++n) {
    if (!markup && !v.is_str()) {
      Fail("sequence item {}: expected str instance, {} found", n, TypeName(v));
    }
    if (n > 0) out += self.text();
    out += markup ? EscapedStr(rt, v) : v.text();
    rt.CheckSize(static_cast<int64_t>(out.size()));
  }
  return Like(rt, self, out);
}

using CharTest = bool (*)(char32_t);

// True when there is a character and all of them pass.
template <CharTest kTest>
Value All(Runtime& rt, const Value& self, const Args& args) {
  Bind("str method", args, {}, 0);
  const std::string& text = self.text();
  rt.ChargeBytes(text.size());
  for (size_t pos = 0; pos < text.size();) {
    if (!kTest(NextCodePoint(text, &pos))) return Value::Bool(false);
  }
  return Value::Bool(!text.empty());
}

Value IsAscii(Runtime&, const Value& self, const Args& args) {
  Bind("isascii", args, {}, 0);
  return Value::Bool(std::all_of(self.text().begin(), self.text().end(),
                                 [](char c) { return static_cast<uint8_t>(c) < 0x80; }));
}

Value IsPrintableMethod(Runtime& rt, const Value& self, const Args& args) {
  if (self.text().empty()) return Value::Bool(true);
  return All<IsPrintable>(rt, self, args);
}

Value IsLowerMethod(Runtime& rt, const Value& self, const Args& args) {
  Bind("islower", args, {}, 0);
  return Value::Bool(IsLowerText(rt, self.text()));
}

Value IsUpperMethod(Runtime& rt, const Value& self, const Args& args) {
  Bind("isupper", args, {}, 0);
  return Value::Bool(IsUpperText(rt, self.text()));
}

Value IsTitleMethod(Runtime& rt, const Value& self, const Args& args) {
  Bind("istitle", args, {}, 0);
  rt.ChargeBytes(self.text().size());
  bool any = false;
  bool after_cased = false;
  for (size_t pos = 0; pos < self.text().size();) {
    const char32_t c = NextCodePoint(self.text(), &pos);
    const bool start = IsUpper(c) || IsTitle(c);
    if (start ? after_cased : IsLower(c) && !after_cased) return Value::Bool(false);
    after_cased = start || IsLower(c);
    any = any || after_cased;
  }
  return Value::Bool(any);
}

Value IsIdentifier(Runtime&, const Value& self, const Args& args) {
  Bind("isidentifier", args, {}, 0);
  const std::string& text = self.text();
  for (size_t pos = 0; pos < text.size();) {
    const bool first = pos == 0;
    const char32_t c = NextCodePoint(text, &pos);
    if (first ? !IsIdentifierStart(c) : !IsIdentifierPart(c)) return Value::Bool(false);
  }
  return Value::Bool(!text.empty());
}

Value FormatMethod(Runtime& rt, const Value& self, const Args& args) {
  return StrFormat(rt, self, args);
}

}  // namespace

std::span<const Method> StrMethods() {
  static constexpr Method kMethods[] = {
      {"capitalize", Map<Capitalize>},
      {"casefold", Map<Casefold>},
      {"center", Justify<'^'>},
      {"count", Count},
      {"endswith", Affix<true>},
      {"expandtabs", ExpandTabs},
      {"find", Find},
      {"format", FormatMethod},
      {"index", Index},
      {"isalnum", All<IsAlnum>},
      {"isalpha", All<IsAlpha>},
      {"isascii", IsAscii},
      {"isdecimal", All<IsDecimal>},
      {"isdigit", All<IsDigit>},
      {"isidentifier", IsIdentifier},
      {"islower", IsLowerMethod},
      {"isnumeric", All<IsNumeric>},
      {"isprintable", IsPrintableMethod},
      {"isspace", All<IsSpace>},
      {"istitle", IsTitleMethod},
      {"isupper", IsUpperMethod},
      {"join", JoinMethod},
      {"ljust", Justify<'<'>},
      {"lower", Map<Lower>},
      {"lstrip", StripMethod<true, false>},
      {"partition", Partition<false>},
      {"removeprefix", RemoveAffix<false>},
      {"removesuffix", RemoveAffix<true>},
      {"replace", ReplaceMethod},
      {"rfind", RFind},
      {"rindex", RIndex},
      {"rjust", Justify<'>'>},
      {"rpartition", Partition<true>},
      {"rsplit", Split<true>},
      {"rstrip", StripMethod<false, true>},
      {"split", Split<false>},
      {"splitlines", SplitLinesMethod},
      {"startswith", Affix<false>},
      {"strip", StripMethod<true, true>},
      {"swapcase", Map<Swapcase>},
      {"title", Map<Title>},
      {"upper", Map<Upper>},
      {"zfill", ZFill},
  };
  return kMethods;
}

}  // namespace frugal::jinja
