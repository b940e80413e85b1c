#include "text/jinja/access.h"

#include <algorithm>

#include "text/jinja/ast.h"
#include "text/jinja/methods.h"
#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

bool OneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Methods that change their object; Jinja 3.1.2 itself forgot pop and clear of a list.
bool IsMutator(Type type, std::string_view name) {
  if (type == Type::kList) {
    return OneOf(name, {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"});
  }
  return type == Type::kDict && OneOf(name, {"clear", "pop", "popitem", "setdefault", "update"});
}

// Attributes that Python has and this engine does not: using one must not look as if it were
// undefined.
bool IsUnsupported(Type type, std::string_view name) {
  switch (type) {
    case Type::kStr:
      return OneOf(name, {"encode", "format_map", "maketrans", "translate", "escape", "unescape",
                          "striptags"});
    case Type::kDict:
      return name == "fromkeys";
    case Type::kBool:
    case Type::kInt:
      return OneOf(name, {"as_integer_ratio", "bit_count", "from_bytes", "to_bytes"});
    case Type::kFloat:
      return OneOf(name, {"as_integer_ratio", "fromhex", "hex"});
    case Type::kView:
      return OneOf(name, {"isdisjoint", "mapping"});
    case Type::kGenerator:
      return OneOf(name, {"close", "send", "throw"});
    default:
      return false;
  }
}

Value UndefinedIn(const Value& object, std::string_view name) {
  auto u = std::make_shared<UndefinedObject>();
  u->owner = TypeRepr(object);
  u->name = name;
  return Value(std::move(u));
}

Value Unsafe(const Value& object, std::string_view name) {
  return UndefinedHint(
      fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, TypeName(object)));
}

std::optional<Value> FindMethod(Runtime& rt, std::span<const Method> methods, const Value& object,
                                std::string_view name) {
  for (const Method& m : methods) {
    if (name == m.name) return rt.Method(m.name, m.function, object);
  }
  return std::nullopt;
}

std::optional<Value> LoopAttribute(Runtime& rt, const Value& object, std::string_view name) {
  auto& loop = object.as<LoopObject>();
  const auto number = [](int64_t i) { return Value::Integer(i); };
  if (name == "index") return number(loop.index0 + 1);
  if (name == "index0") return number(loop.index0);
  if (name == "first") return Value::Bool(loop.index0 == 0);
  if (name == "last") return Value::Bool(loop.Peek() == nullptr);
  if (name == "length") return number(loop.Length());
  if (name == "revindex") return number(loop.Length() - loop.index0);
  if (name == "revindex0") return number(loop.Length() - loop.index0 - 1);
  if (name == "depth") return number(loop.depth0 + 1);
  if (name == "depth0") return number(loop.depth0);
  if (name == "previtem") {
    return loop.index0 == 0 ? UndefinedHint("there is no previous item") : loop.before;
  }
  if (name == "nextitem") {
    const Value* next = loop.Peek();
    return next == nullptr ? UndefinedHint("there is no next item") : *next;
  }
  return FindMethod(rt, HelperMethods(Type::kLoop), object, name);
}

std::optional<Value> MacroAttribute(Runtime& rt, const Value& object, std::string_view name) {
  const Macro& macro = *object.as<MacroObject>().macro;
  if (name == "name") return macro.name.empty() ? Value() : rt.Text(macro.name);
  if (name == "arguments") {
    std::vector<Value> names;
    for (const Macro::Parameter& p : macro.parameters) names.push_back(rt.Text(p.name));
    return rt.Tuple(std::move(names));
  }
  if (name == "catch_kwargs") return Value::Bool(macro.kwargs.used());
  if (name == "catch_varargs") return Value::Bool(macro.varargs.used());
  if (name == "caller") return Value::Bool(macro.caller.used());
  return std::nullopt;
}

std::optional<Value> NumberAttribute(Runtime& rt, const Value& object, std::string_view name) {
  const bool is_float = object.is(Type::kFloat);
  if (name == "real") return Plus(object);
  if (name == "imag") return is_float ? Value::Float(0) : Value::Integer(0);
  if (!is_float && name == "numerator") return Plus(object);
  if (!is_float && name == "denominator") return Value::Integer(1);
  return FindMethod(rt, NumberMethods(object.type()), object, name);
}

// Python's getattr, without what the sandbox forbids; nothing when there is no such attribute.
std::optional<Value> Attribute(Runtime& rt, const Value& object, std::string_view name) {
  const Type type = object.type();
  if (type == Type::kUndefined) Fail("{}", object.as<UndefinedObject>().Message());
  if (name.starts_with("__")) return Unsafe(object, name);
  if (IsMutator(type, name)) return Unsafe(object, name);
  if (IsUnsupported(type, name)) {
    Fail("attribute '{}' of '{}' is not supported by this engine", name, TypeName(object));
  }
  switch (type) {
    case Type::kStr:
      return FindMethod(rt, StrMethods(), object, name);
    case Type::kTuple:
      if (object.as<SequenceObject>().group) {
        if (name == "grouper") return object.as<SequenceObject>().items[0];
        if (name == "list") return object.as<SequenceObject>().items[1];
      }
      return FindMethod(rt, ContainerMethods(type), object, name);
    case Type::kRange: {
      const auto& range = object.as<RangeObject>();
      if (name == "start") return Value::Integer(range.start);
      if (name == "stop") return Value::Integer(range.stop);
      if (name == "step") return Value::Integer(range.step);
      return FindMethod(rt, ContainerMethods(type), object, name);
    }
    case Type::kList:
    case Type::kDict:
      return FindMethod(rt, ContainerMethods(type), object, name);
    case Type::kBool:
    case Type::kInt:
    case Type::kFloat:
      return NumberAttribute(rt, object, name);
    case Type::kLoop:
      return LoopAttribute(rt, object, name);
    case Type::kMacro:
      return MacroAttribute(rt, object, name);
    case Type::kNamespace: {
      const Value* found = object.as<NamespaceObject>().attributes.Find(name);
      if (found == nullptr) return std::nullopt;
      return name.starts_with('_') ? Unsafe(object, name) : *found;
    }
    case Type::kCycler: {
      const auto& cycler = object.as<CyclerObject>();
      if (name == "current") return cycler.items[cycler.position];
      if (name == "pos") return Value::Integer(static_cast<int64_t>(cycler.position));
      if (name == "items") return rt.Tuple(cycler.items);
      return FindMethod(rt, HelperMethods(type), object, name);
    }
    case Type::kJoiner:
      if (name == "sep") return object.as<JoinerObject>().separator;
      if (name == "used") return Value::Bool(object.as<JoinerObject>().used);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Python's object[key]; nothing when that raises TypeError or LookupError.
std::optional<Value> Item(Runtime& rt, const Value& object, const Value& key) {
  Int i = 0;
  switch (object.type()) {
    case Type::kUndefined:
      Fail("{}", object.as<UndefinedObject>().Message());
    case Type::kDict: {
      if (!IsHashable(key)) return std::nullopt;
      const Value* found = object.as<DictObject>().dict.Find(key);
      return found == nullptr ? std::nullopt : std::optional(*found);
    }
    case Type::kStr: {
      if (!GetInt(key, &i)) return std::nullopt;
      const auto& self = object.as<TextObject>();
      if (i < 0) i += self.length;
      if (i < 0 || i >= self.length) return std::nullopt;
      auto at = static_cast<size_t>(i);
      if (self.length != static_cast<int64_t>(self.text.size())) {
        rt.ChargeBytes(at);
        at = ByteOffset(self.text, static_cast<int64_t>(i));
      }
      size_t end = at;
      NextCodePoint(self.text, &end);
      return rt.Text(self.text.substr(at, end - at), self.markup);
    }
    case Type::kList:
    case Type::kTuple: {
      if (!GetInt(key, &i)) return std::nullopt;
      const auto& items = object.as<SequenceObject>().items;
      const auto length = static_cast<Int>(items.size());
      if (i < 0) i += length;
      if (i < 0 || i >= length) return std::nullopt;
      return items[static_cast<size_t>(i)];
    }
    case Type::kRange: {
      if (!GetInt(key, &i)) return std::nullopt;
      const auto& range = object.as<RangeObject>();
      if (i < 0) i += range.length;
      if (i < 0 || i >= range.length) return std::nullopt;
      return Value::Integer(range.start + range.step * i);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

Value GetAttr(Runtime& rt, const Value& object, std::string_view name) {
  rt.Charge(1);
  // A mapping's keys are what templates ask for most.
  if (object.is(Type::kDict) && !name.starts_with("__")) {
    bool is_method = IsMutator(Type::kDict, name) || name == "fromkeys";
    for (const Method& m : ContainerMethods(Type::kDict)) is_method = is_method || name == m.name;
    if (!is_method) {
      const Value* found = object.as<DictObject>().dict.Find(name);
      return found == nullptr ? UndefinedIn(object, name) : *found;
    }
  }
  if (std::optional<Value> found = Attribute(rt, object, name)) return *std::move(found);
  return UndefinedIn(object, name);
}

Value GetAttrOnly(Runtime& rt, const Value& object, std::string_view name) {
  rt.Charge(1);
  if (std::optional<Value> found = Attribute(rt, object, name)) return *std::move(found);
  return UndefinedIn(object, name);
}

Value GetItem(Runtime& rt, const Value& object, const Value& key) {
  rt.Charge(1);
  if (std::optional<Value> found = Item(rt, object, key)) return *std::move(found);
  if (key.is_str()) {
    if (std::optional<Value> found = Attribute(rt, object, key.text())) return *std::move(found);
    return UndefinedIn(object, key.text());
  }
  auto u = std::make_shared<UndefinedObject>();
  u->owner = TypeRepr(object);
  u->name = Repr(rt, key);
  u->name_is_text = false;
  return Value(std::move(u));
}

Value GetSlice(Runtime& rt, const Value& object, const Value& start, const Value& stop,
               const Value& step) {
  if (object.is_undefined()) Fail("{}", object.as<UndefinedObject>().Message());
  if (!object.is_str() && !object.is(Type::kList) && !object.is(Type::kTuple) &&
      !object.is(Type::kRange)) {
    Fail("'{}' object cannot be sliced", TypeName(object));
  }
  const int64_t length = Length(object);
  Int by = 1;
  if (!step.is_missing() && !step.is_none() && !GetInt(step, &by)) {
    Fail("slice indices must be integers or None, not {}", TypeName(step));
  }
  if (by == 0) Fail("slice step cannot be zero");
  by = std::clamp<Int>(by, -length - 1, length + 1);
  const auto bound = [&](const Value& v, int64_t if_absent) -> int64_t {
    if (v.is_missing() || v.is_none()) return if_absent;
    Int i = 0;
    if (!GetInt(v, &i)) Fail("slice indices must be integers or None, not {}", TypeName(v));
    if (i < 0) i += length;
    return static_cast<int64_t>(by > 0 ? std::clamp<Int>(i, 0, length)
                                       : std::clamp<Int>(i, -1, length - 1));
  };
  const int64_t from = bound(start, by > 0 ? 0 : length - 1);
  const int64_t to = bound(stop, by > 0 ? length : -1);
  const auto stride = static_cast<int64_t>(by);
  const auto more = [&](int64_t i) { return stride > 0 ? i < to : i > to; };

  if (object.is_str()) {
    const auto& self = object.as<TextObject>();
    rt.ChargeBytes(self.text.size());
    const std::string_view text = self.text;
    if (stride == 1) {
      const size_t begin = ByteOffset(text, from);
      return rt.Text(std::string(text.substr(
                         begin, ByteOffset(text.substr(begin), std::max<int64_t>(to - from, 0)))),
                     self.markup);
    }
    std::vector<size_t> offsets;
    for (size_t pos = 0; pos < text.size(); NextCodePoint(text, &pos)) offsets.push_back(pos);
    rt.ChargeBytes(offsets.size() * sizeof(size_t));
    offsets.push_back(text.size());
    std::string out;
    for (int64_t i = from; more(i); i += stride) {
      const auto at = static_cast<size_t>(i);
      out += text.substr(offsets[at], offsets[at + 1] - offsets[at]);
    }
    return rt.Text(std::move(out), self.markup);
  }
  if (object.is(Type::kRange)) {
    const auto& range = object.as<RangeObject>();
    const int64_t n = stride > 0 ? std::max<int64_t>((to - from + stride - 1) / stride, 0)
                                 : std::max<int64_t>((from - to - stride - 1) / -stride, 0);
    return Value(std::make_shared<RangeObject>(range.start + range.step * from,
                                               range.start + range.step * to, range.step * by, n));
  }
  const auto& items = object.as<SequenceObject>().items;
  std::vector<Value> out;
  for (int64_t i = from; more(i); i += stride) out.push_back(items[static_cast<size_t>(i)]);
  return object.is(Type::kList) ? rt.List(std::move(out)) : rt.Tuple(std::move(out));
}

}  // namespace frugal::jinja
