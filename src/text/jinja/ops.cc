#include "text/jinja/ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "text/jinja/format.h"
#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

constexpr Int kMaxInt = static_cast<Int>(~static_cast<unsigned __int128>(0) >> 1);
constexpr Int kMinInt = -kMaxInt - 1;

[[noreturn]] void IntTooBig() {
  FailLimit("an integer of more than 127 bits is not supported");
}

Int AddInt(Int a, Int b) {
  if (b > 0 ? a > kMaxInt - b : a < kMinInt - b) IntTooBig();
  return a + b;
}

Int SubInt(Int a, Int b) {
  if (b < 0 ? a > kMaxInt + b : a < kMinInt + b) IntTooBig();
  return a - b;
}

// Without the compiler's 128-bit overflow checks: they need a run-time library that GCC lacks.
Int MulInt(Int a, Int b) {
  if (a == 0 || b == 0) return 0;
  if (a == kMinInt || b == kMinInt) {
    if (a == 1) return b;
    if (b == 1) return a;
    IntTooBig();
  }
  const auto x = static_cast<unsigned __int128>(a < 0 ? -a : a);
  const auto y = static_cast<unsigned __int128>(b < 0 ? -b : b);
  if (x > static_cast<unsigned __int128>(kMaxInt) / y) IntTooBig();
  const auto product = static_cast<Int>(x * y);
  return (a < 0) != (b < 0) ? -product : product;
}

Int FloorDivInt(Int a, Int b) {
  if (b == 0) Fail("integer division or modulo by zero");
  if (a == kMinInt && b == -1) IntTooBig();
  const Int q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

Int ModInt(Int a, Int b) {
  if (b == 0) Fail("integer division or modulo by zero");
  if (b == -1) return 0;
  const Int r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

double FloatMod(double a, double b) {
  if (b == 0) Fail("float modulo by zero");
  double r = std::fmod(a, b);
  if (r == 0) return std::copysign(0.0, b);
  if ((r < 0) != (b < 0)) r += b;
  return r;
}

double FloatFloorDiv(double a, double b) {
  if (b == 0) Fail("float floor division by zero");
  double r = std::fmod(a, b);
  double q = (a - r) / b;
  if (r != 0 && (r < 0) != (b < 0)) q -= 1;
  if (q == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(q);
  return q - floor > 0.5 ? floor + 1 : floor;
}

Value PowFloat(double a, double b) {
  if (a == 0 && b < 0) Fail("0.0 cannot be raised to a negative power");
  if (a < 0 && std::isfinite(a) && std::isfinite(b) && std::floor(b) != b) {
    Fail("a negative number to a fractional power is complex, which is not supported");
  }
  const double r = std::pow(a, b);
  if (std::isinf(r) && std::isfinite(a) && std::isfinite(b)) Fail("the power is too large for a float");
  return Value::Float(r);
}

Value Pow(Int a, Int b) {
  if (b < 0) return PowFloat(static_cast<double>(a), static_cast<double>(b));
  if (a == 0 || a == 1) return Value::Integer(b == 0 ? 1 : a);
  if (a == -1) return Value::Integer(b % 2 == 0 ? 1 : -1);
  if (b > 127) IntTooBig();
  Int result = 1;
  for (Int i = 0; i < b; ++i) result = MulInt(result, a);
  return Value::Integer(result);
}

Value DivInt(Int a, Int b) {
  if (b == 0) Fail("division by zero");
  constexpr Int kExact = static_cast<Int>(1) << 53;
  if (-kExact <= a && a <= kExact && -kExact <= b && b <= kExact) {
    return Value::Float(static_cast<double>(a) / static_cast<double>(b));
  }
  return Value::Float(static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b)));
}

const char* Symbol(BinaryOp op) {
  constexpr const char* kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return kSymbols[static_cast<int>(op)];
}

[[noreturn]] void Unsupported(BinaryOp op, const Value& a, const Value& b) {
  for (const Value* v : {&a, &b}) {
    if (v->is_undefined()) Fail("{}", v->as<UndefinedObject>().Message());
  }
  if (op == BinaryOp::kAdd && a.is_str()) {
    Fail("can only concatenate str (not \"{}\") to str", TypeName(b));
  }
  Fail("unsupported operand type(s) for {}: '{}' and '{}'", Symbol(op), TypeName(a), TypeName(b));
}

Value AddText(Runtime& rt, const Value& a, const Value& b) {
  const auto& x = a.as<TextObject>();
  const auto& y = b.as<TextObject>();
  rt.CheckSize(static_cast<int64_t>(x.text.size() + y.text.size()));
  if (!x.markup && !y.markup) return rt.Text(x.text + y.text);
  return rt.Text(EscapedStr(rt, a) + EscapedStr(rt, b), /*markup=*/true);
}

Value Repeat(Runtime& rt, const Value& sequence, Int times) {
  times = std::max<Int>(times, 0);
  if (sequence.is_str()) {
    const auto& text = sequence.as<TextObject>();
    if (text.text.empty() || times == 0) return rt.Text("", text.markup);
    if (times > rt.max_bytes()) FailLimit("a text repeated {} times is too long", IntText(times));
    rt.CheckSize(static_cast<int64_t>(text.text.size()) * static_cast<int64_t>(times));
    std::string out;
    out.reserve(text.text.size() * static_cast<size_t>(times));
    for (Int i = 0; i < times; ++i) out += text.text;
    return rt.Text(std::move(out), text.markup);
  }
  const auto& items = sequence.as<SequenceObject>().items;
  std::vector<Value> out;
  if (!items.empty() && times > 0) {
    if (times > rt.max_bytes()) FailLimit("a list repeated {} times is too long", IntText(times));
    rt.CheckSize(static_cast<int64_t>(items.size() * sizeof(Value)) * static_cast<int64_t>(times));
    rt.ChargeBytes(items.size() * sizeof(Value) * static_cast<size_t>(times));
    out.reserve(items.size() * static_cast<size_t>(times));
    for (Int i = 0; i < times; ++i) out.insert(out.end(), items.begin(), items.end());
  }
  return sequence.is(Type::kList) ? rt.List(std::move(out)) : rt.Tuple(std::move(out));
}

Value Join(Runtime& rt, const Value& a, const Value& b) {
  const auto& x = a.as<SequenceObject>().items;
  const auto& y = b.as<SequenceObject>().items;
  rt.CheckSize(static_cast<int64_t>((x.size() + y.size()) * sizeof(Value)));
  std::vector<Value> out = x;
  out.insert(out.end(), y.begin(), y.end());
  return a.is(Type::kList) ? rt.List(std::move(out)) : rt.Tuple(std::move(out));
}

bool IsSequence(const Value& v) { return v.is(Type::kList) || v.is(Type::kTuple); }

Value IntArithmetic(BinaryOp op, Int x, Int y) {
  switch (op) {
    case BinaryOp::kAdd: return Value::Integer(AddInt(x, y));
    case BinaryOp::kSub: return Value::Integer(SubInt(x, y));
    case BinaryOp::kMul: return Value::Integer(MulInt(x, y));
    case BinaryOp::kDiv: return DivInt(x, y);
    case BinaryOp::kFloorDiv: return Value::Integer(FloorDivInt(x, y));
    case BinaryOp::kMod: return Value::Integer(ModInt(x, y));
    default: return Pow(x, y);
  }
}

Value FloatArithmetic(BinaryOp op, double x, double y) {
  switch (op) {
    case BinaryOp::kAdd: return Value::Float(x + y);
    case BinaryOp::kSub: return Value::Float(x - y);
    case BinaryOp::kMul: return Value::Float(x * y);
    case BinaryOp::kDiv:
      if (y == 0) Fail("float division by zero");
      return Value::Float(x / y);
    case BinaryOp::kFloorDiv: return Value::Float(FloatFloorDiv(x, y));
    case BinaryOp::kMod: return Value::Float(FloatMod(x, y));
    default: return PowFloat(x, y);
  }
}

// The items of two views as sets are compared by membership.
bool EqualViews(Runtime& rt, const ViewObject& a, const ViewObject& b) {
  if (&a == &b) return true;
  if (a.kind == ViewObject::Kind::kValues || b.kind != a.kind) return false;
  const Dict& x = a.of.as<DictObject>().dict;
  const Dict& y = b.of.as<DictObject>().dict;
  if (x.size() != y.size()) return false;
  for (const auto& [key, value] : x.entries()) {
    const Value* other = y.Find(key);
    if (other == nullptr) return false;
    if (a.kind == ViewObject::Kind::kItems && !Equal(rt, value, *other)) return false;
  }
  return true;
}

bool EqualObjects(Runtime& rt, const Value& a, const Value& b) {
  if (a.object() == b.object()) return true;
  switch (a.type()) {
    case Type::kUndefined: return true;
    case Type::kStr: {
      const std::string& x = a.text();
      rt.ChargeBytes(x.size());
      return x == b.text();
    }
    case Type::kList:
    case Type::kTuple: {
      const auto& x = a.as<SequenceObject>().items;
      const auto& y = b.as<SequenceObject>().items;
      if (x.size() != y.size()) return false;
      for (size_t i = 0; i < x.size(); ++i) {
        if (!Equal(rt, x[i], y[i])) return false;
      }
      return true;
    }
    case Type::kDict: {
      const Dict& x = a.as<DictObject>().dict;
      const Dict& y = b.as<DictObject>().dict;
      if (x.size() != y.size()) return false;
      for (const auto& [key, value] : x.entries()) {
        const Value* other = y.Find(key);
        if (other == nullptr || !Equal(rt, value, *other)) return false;
      }
      return true;
    }
    case Type::kRange: {
      const auto& x = a.as<RangeObject>();
      const auto& y = b.as<RangeObject>();
      if (x.length != y.length) return false;
      if (x.length == 0) return true;
      return x.start == y.start && (x.length == 1 || x.step == y.step);
    }
    case Type::kView: return EqualViews(rt, a.as<ViewObject>(), b.as<ViewObject>());
    case Type::kFunction: {
      const auto& x = a.as<FunctionObject>();
      const auto& y = b.as<FunctionObject>();
      return x.function == y.function && x.self.is_object() && y.self.is_object() &&
             x.self.object() == y.self.object();
    }
    default: return false;
  }
}

bool OrderedNumbers(CompareOp op, auto x, auto y) {
  switch (op) {
    case CompareOp::kLt: return x < y;
    case CompareOp::kLe: return x <= y;
    case CompareOp::kGt: return x > y;
    default: return x >= y;
  }
}

}  // namespace

bool GetNumber(const Value& v, double* out) {
  Int i = 0;
  if (GetInt(v, &i)) {
    *out = static_cast<double>(i);
  } else if (v.is(Type::kFloat)) {
    *out = v.real();
  } else {
    return false;
  }
  return true;
}

Int FloatToInt(double d) {
  if (std::isnan(d)) Fail("cannot convert float NaN to integer");
  if (std::isinf(d)) Fail("cannot convert float infinity to integer");
  if (std::abs(d) >= 1.7e38) IntTooBig();
  return static_cast<Int>(d);
}

bool Truthy(const Value& v) {
  switch (v.type()) {
    case Type::kMissing:
    case Type::kUndefined:
    case Type::kNone: return false;
    case Type::kBool: return v.boolean();
    case Type::kInt: return v.integer() != 0;
    case Type::kFloat: return v.real() != 0;
    case Type::kStr: return !v.text().empty();
    case Type::kList:
    case Type::kTuple: return !v.as<SequenceObject>().items.empty();
    case Type::kDict: return v.as<DictObject>().dict.size() != 0;
    case Type::kRange: return v.as<RangeObject>().length != 0;
    case Type::kView: return v.as<ViewObject>().of.as<DictObject>().dict.size() != 0;
    case Type::kLoop: return v.as<LoopObject>().Length() != 0;
    default: return true;
  }
}

bool Equal(Runtime& rt, const Value& a, const Value& b) {
  rt.Charge(1);
  Int x = 0;
  Int y = 0;
  const bool a_int = GetInt(a, &x);
  const bool b_int = GetInt(b, &y);
  if (a_int && b_int) return x == y;
  if ((a_int || a.is(Type::kFloat)) && (b_int || b.is(Type::kFloat))) {
    const auto p = a_int ? static_cast<long double>(x) : static_cast<long double>(a.real());
    const auto q = b_int ? static_cast<long double>(y) : static_cast<long double>(b.real());
    return p == q;
  }
  if (a.type() != b.type()) return false;
  if (!a.is_object()) return true;  // None
  return EqualObjects(rt, a, b);
}

bool Ordered(Runtime& rt, CompareOp op, const Value& a, const Value& b) {
  rt.Charge(1);
  Int x = 0;
  Int y = 0;
  const bool a_int = GetInt(a, &x);
  const bool b_int = GetInt(b, &y);
  if (a_int && b_int) return OrderedNumbers(op, x, y);
  if ((a_int || a.is(Type::kFloat)) && (b_int || b.is(Type::kFloat))) {
    const auto p = a_int ? static_cast<long double>(x) : static_cast<long double>(a.real());
    const auto q = b_int ? static_cast<long double>(y) : static_cast<long double>(b.real());
    return OrderedNumbers(op, p, q);
  }
  if (a.is_str() && b.is_str()) {
    rt.ChargeBytes(std::min(a.text().size(), b.text().size()));
    return OrderedNumbers(op, a.text().compare(b.text()), 0);  // UTF-8 sorts as its code points
  }
  if (IsSequence(a) && a.type() == b.type()) {
    const auto& p = a.as<SequenceObject>().items;
    const auto& q = b.as<SequenceObject>().items;
    for (size_t i = 0; i < std::min(p.size(), q.size()); ++i) {
      if (!Equal(rt, p[i], q[i])) return Ordered(rt, op, p[i], q[i]);
    }
    return OrderedNumbers(op, p.size(), q.size());
  }
  for (const Value* v : {&a, &b}) {
    if (v->is_undefined()) Fail("{}", v->as<UndefinedObject>().Message());
  }
  constexpr const char* kSymbols[] = {"==", "!=", "<", "<=", ">", ">="};
  Fail("'{}' not supported between instances of '{}' and '{}'", kSymbols[static_cast<int>(op)],
       TypeName(a), TypeName(b));
}

bool Compare(Runtime& rt, CompareOp op, const Value& a, const Value& b) {
  switch (op) {
    case CompareOp::kEq: return Equal(rt, a, b);
    case CompareOp::kNe: return !Equal(rt, a, b);
    case CompareOp::kIn: return Contains(rt, b, a);
    case CompareOp::kNotIn: return !Contains(rt, b, a);
    default: return Ordered(rt, op, a, b);
  }
}

bool Contains(Runtime& rt, const Value& container, const Value& item) {
  switch (container.type()) {
    case Type::kStr:
      if (!item.is_str()) {
        Fail("'in <string>' requires string as left operand, not {}", TypeName(item));
      }
      rt.ChargeBytes(container.text().size());
      return FindText(container.text(), item.text(), 0) != std::string::npos;
    case Type::kDict:
      if (!IsHashable(item)) Fail("unhashable type: '{}'", TypeName(item));
      return container.as<DictObject>().dict.Find(item) != nullptr;
    case Type::kView: {
      const auto& view = container.as<ViewObject>();
      if (view.kind == ViewObject::Kind::kKeys) return Contains(rt, view.of, item);
      break;
    }
    case Type::kRange: {
      Int i = 0;
      if (!GetInt(item, &i)) break;
      const auto& r = container.as<RangeObject>();
      if (r.length == 0 || (r.step > 0 ? i < r.start || i >= r.stop : i > r.start || i <= r.stop)) {
        return false;
      }
      return (i - r.start) % r.step == 0;
    }
    case Type::kList:
    case Type::kTuple:
    case Type::kGenerator:
    case Type::kUndefined:
    case Type::kLoop: break;
    default: Fail("argument of type '{}' is not iterable", TypeName(container));
  }
  Iterator it(rt, container);
  for (Value v; it.Next(&v);) {
    if (Equal(rt, v, item)) return true;
  }
  return false;
}

Value Binary(Runtime& rt, BinaryOp op, const Value& a, const Value& b) {
  Int x = 0;
  Int y = 0;
  const bool a_int = GetInt(a, &x);
  const bool b_int = GetInt(b, &y);
  if (a_int && b_int) return IntArithmetic(op, x, y);
  double p = 0;
  double q = 0;
  if (GetNumber(a, &p) && GetNumber(b, &q)) return FloatArithmetic(op, p, q);
  switch (op) {
    case BinaryOp::kAdd:
      if (a.is_str() && b.is_str()) return AddText(rt, a, b);
      if (IsSequence(a) && a.type() == b.type()) return Join(rt, a, b);
      break;
    case BinaryOp::kMul:
      if (b_int && (a.is_str() || IsSequence(a))) return Repeat(rt, a, y);
      if (a_int && (b.is_str() || IsSequence(b))) return Repeat(rt, b, x);
      break;
    case BinaryOp::kMod:
      if (a.is_str()) return PercentFormat(rt, a, b);
      break;
    default: break;
  }
  Unsupported(op, a, b);
}

Value Negate(const Value& v) {
  Int i = 0;
  if (GetInt(v, &i)) return Value::Integer(SubInt(0, i));
  if (v.is(Type::kFloat)) return Value::Float(-v.real());
  if (v.is_undefined()) Fail("{}", v.as<UndefinedObject>().Message());
  Fail("bad operand type for unary -: '{}'", TypeName(v));
}

Value Plus(const Value& v) {
  Int i = 0;
  if (GetInt(v, &i)) return Value::Integer(i);
  if (v.is(Type::kFloat)) return v;
  if (v.is_undefined()) Fail("{}", v.as<UndefinedObject>().Message());
  Fail("bad operand type for unary +: '{}'", TypeName(v));
}

int64_t Length(const Value& v) {
  switch (v.type()) {
    case Type::kUndefined: return 0;
    case Type::kStr: return v.as<TextObject>().length;
    case Type::kList:
    case Type::kTuple: return static_cast<int64_t>(v.as<SequenceObject>().items.size());
    case Type::kDict: return static_cast<int64_t>(v.as<DictObject>().dict.size());
    case Type::kRange: return v.as<RangeObject>().length;
    case Type::kView: return Length(v.as<ViewObject>().of);
    case Type::kLoop: return v.as<LoopObject>().Length();
    default: Fail("object of type '{}' has no len()", TypeName(v));
  }
}

Iterator::Iterator(Runtime& rt, Value v) : rt_(rt), source_(std::move(v)) {
  switch (source_.type()) {
    case Type::kUndefined:
    case Type::kStr:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kRange:
    case Type::kView:
    case Type::kGenerator:
    case Type::kLoop: return;
    default: Fail("'{}' object is not iterable", TypeName(source_));
  }
}

bool Iterator::Next(Value* out) {
  rt_.Charge(1);
  switch (source_.type()) {
    case Type::kStr: {
      const std::string& text = source_.text();
      if (position_ >= text.size()) return false;
      const size_t at = position_;
      NextCodePoint(text, &position_);
      *out = Value::Text(text.substr(at, position_ - at));  // plain even where the text is markup
      return true;
    }
    case Type::kList:
    case Type::kTuple: {
      const auto& items = source_.as<SequenceObject>().items;
      if (position_ >= items.size()) return false;
      *out = items[position_++];
      return true;
    }
    case Type::kDict: {
      const auto& entries = source_.as<DictObject>().dict.entries();
      if (position_ >= entries.size()) return false;
      *out = entries[position_++].first;
      return true;
    }
    case Type::kView: {
      const auto& view = source_.as<ViewObject>();
      const auto& entries = view.of.as<DictObject>().dict.entries();
      if (position_ >= entries.size()) return false;
      const auto& [key, value] = entries[position_++];
      *out = view.kind == ViewObject::Kind::kKeys     ? key
             : view.kind == ViewObject::Kind::kValues ? value
                                                      : rt_.Tuple({key, value});
      return true;
    }
    case Type::kRange: {
      const auto& r = source_.as<RangeObject>();
      if (static_cast<int64_t>(position_) >= r.length) return false;
      *out = Value::Integer(r.start + r.step * static_cast<Int>(position_++));
      return true;
    }
    case Type::kGenerator: {
      auto& generator = source_.as<GeneratorObject>();
      if (generator.next < generator.items.size()) {
        *out = generator.items[generator.next++];
        return true;
      }
      if (generator.failure) {
        const Failure failure = *std::exchange(generator.failure, std::nullopt);
        throw failure;
      }
      return false;
    }
    case Type::kLoop: {
      Value item;
      if (!source_.as<LoopObject>().Next(&item)) return false;
      *out = rt_.Tuple({item, source_});
      return true;
    }
    default: return false;
  }
}

std::vector<Value> ToVector(Runtime& rt, const Value& v) {
  std::vector<Value> out;
  Iterator it(rt, v);
  for (Value item; it.Next(&item);) out.push_back(std::move(item));
  return out;
}

std::vector<Value> SortedBy(Runtime& rt, const std::vector<Value>& items,
                            const std::vector<Value>& keys, bool reverse) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  // Python reverses before and after, which keeps equal items in their order.
  if (reverse) std::reverse(order.begin(), order.end());
  std::vector<size_t> merged(order.size());
  for (size_t width = 1; width < order.size(); width *= 2) {
    for (size_t low = 0; low < order.size(); low += 2 * width) {
      const size_t middle = std::min(low + width, order.size());
      const size_t high = std::min(low + 2 * width, order.size());
      size_t a = low;
      size_t b = middle;
      for (size_t i = low; i < high; ++i) {
        const bool take_b =
            b < high && (a >= middle ||
                         Ordered(rt, CompareOp::kLt, keys[order[b]], keys[order[a]]));
        merged[i] = take_b ? order[b++] : order[a++];
      }
    }
    std::swap(order, merged);
  }
  if (reverse) std::reverse(order.begin(), order.end());
  std::vector<Value> out;
  out.reserve(items.size());
  for (const size_t i : order) out.push_back(items[i]);
  return out;
}

}  // namespace frugal::jinja
