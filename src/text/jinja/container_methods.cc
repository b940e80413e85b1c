#include <algorithm>
#include <bit>
#include <cmath>

#include "text/jinja/methods.h"
#include "text/jinja/ops.h"

namespace frugal::jinja {
namespace {

const Dict& DictOf(const Value& v) { return v.as<DictObject>().dict; }

Value Get(Runtime&, const Value& self, const Args& args) {
  const auto bound = Bind("get", args, {"/key", "/default"}, 1);
  if (!IsHashable(bound[0])) Fail("unhashable type: '{}'", TypeName(bound[0]));
  const Value* found = DictOf(self).Find(bound[0]);
  if (found != nullptr) return *found;
  return bound[1].is_missing() ? Value() : bound[1];
}

template <ViewObject::Kind kKind>
Value View(Runtime& rt, const Value& self, const Args& args) {
  Bind("dict view", args, {}, 0);
  rt.Charge(1);
  rt.DepthOver(self);
  return Value(std::make_shared<ViewObject>(self, kKind));
}

Value Copy(Runtime&, const Value& self, const Args& args) {
  Bind("copy", args, {}, 0);
  return self;  // what never changes is its own copy
}

Value CountItems(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("count", args, {"/value"}, 1);
  int64_t n = 0;
  Iterator it(rt, self);
  for (Value v; it.Next(&v);) n += Equal(rt, v, bound[0]) ? 1 : 0;
  return Value::Integer(n);
}

Value IndexOf(Runtime& rt, const Value& self, const Args& args) {
  const auto bound = Bind("index", args, {"/value", "/start", "/stop"}, 1);
  const int64_t length = Length(self);
  const int64_t start = ClampIndex(bound[1], length, 0);
  const int64_t stop = std::min(ClampIndex(bound[2], length, length), length);
  Iterator it(rt, self);
  int64_t i = 0;
  for (Value v; it.Next(&v); ++i) {
    if (i >= start && i < stop && Equal(rt, v, bound[0])) return Value::Integer(i);
  }
  Fail("the value is not in the {}", TypeName(self));
}

Value BitLength(Runtime&, const Value& self, const Args& args) {
  Bind("bit_length", args, {}, 0);
  Int i = 0;
  GetInt(self, &i);
  auto u = static_cast<unsigned __int128>(i);
  if (i < 0) u = -u;
  const int high = std::bit_width(static_cast<uint64_t>(u >> 64));
  return Value::Integer(high > 0 ? 64 + high : std::bit_width(static_cast<uint64_t>(u)));
}

Value Conjugate(Runtime&, const Value& self, const Args& args) {
  Bind("conjugate", args, {}, 0);
  return Plus(self);
}

Value IsInteger(Runtime&, const Value& self, const Args& args) {
  Bind("is_integer", args, {}, 0);
  const double d = self.real();
  return Value::Bool(std::isfinite(d) && std::floor(d) == d);
}

Value LoopCycle(Runtime&, const Value& self, const Args& args) {
  if (!args.named.empty()) Fail("cycle() takes no keyword arguments");
  if (args.positional.empty()) Fail("no items for cycling given");
  const int64_t n = static_cast<int64_t>(args.positional.size());
  return args.positional[static_cast<size_t>((self.as<LoopObject>().index0 % n + n) % n)];
}

Value LoopChanged(Runtime& rt, const Value& self, const Args& args) {
  if (!args.named.empty()) Fail("changed() takes no keyword arguments");
  auto& loop = self.as<LoopObject>();
  const Value now = rt.Tuple(args.positional);
  if (!loop.last_changed.is_missing() && Equal(rt, loop.last_changed, now)) {
    return Value::Bool(false);
  }
  if (loop.last_changed.is_missing()) rt.Track(self);
  loop.last_changed = now;
  return Value::Bool(true);
}

Value CyclerNext(Runtime&, const Value& self, const Args& args) {
  Bind("next", args, {}, 0);
  auto& cycler = self.as<CyclerObject>();
  const Value current = cycler.items[cycler.position];
  cycler.position = (cycler.position + 1) % cycler.items.size();
  return current;
}

Value CyclerReset(Runtime&, const Value& self, const Args& args) {
  Bind("reset", args, {}, 0);
  self.as<CyclerObject>().position = 0;
  return Value();
}

}  // namespace

int64_t ClampIndex(const Value& v, int64_t length, int64_t if_absent) {
  if (v.is_missing() || v.is_none()) return if_absent;
  Int i = 0;
  if (!GetInt(v, &i)) Fail("slice indices must be integers or None, not {}", TypeName(v));
  if (i < 0) i = std::max<Int>(i + length, 0);
  return static_cast<int64_t>(std::min<Int>(i, INT64_MAX));
}

std::span<const Method> ContainerMethods(Type type) {
  static constexpr Method kDict[] = {
      {"get", Get},
      {"items", View<ViewObject::Kind::kItems>},
      {"keys", View<ViewObject::Kind::kKeys>},
      {"values", View<ViewObject::Kind::kValues>},
      {"copy", Copy},
  };
  static constexpr Method kList[] = {{"index", IndexOf}, {"count", CountItems}, {"copy", Copy}};
  switch (type) {
    case Type::kDict:
      return kDict;
    case Type::kList:
      return kList;
    case Type::kTuple:
    case Type::kRange:
      return std::span(kList).first(2);
    default:
      return {};
  }
}

std::span<const Method> NumberMethods(Type type) {
  static constexpr Method kInt[] = {{"bit_length", BitLength}, {"conjugate", Conjugate}};
  static constexpr Method kFloat[] = {{"is_integer", IsInteger}, {"conjugate", Conjugate}};
  if (type == Type::kFloat) return kFloat;
  return kInt;
}

std::span<const Method> HelperMethods(Type type) {
  static constexpr Method kLoop[] = {{"cycle", LoopCycle}, {"changed", LoopChanged}};
  static constexpr Method kCycler[] = {{"next", CyclerNext}, {"reset", CyclerReset}};
  if (type == Type::kLoop) return kLoop;
  if (type == Type::kCycler) return kCycler;
  return {};
}

}  // namespace frugal::jinja
