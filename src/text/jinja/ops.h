// Python's operators over values.
#pragma once

#include <string>
#include <vector>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

enum class BinaryOp { kAdd, kSub, kMul, kDiv, kFloorDiv, kMod, kPow };
enum class CompareOp { kEq, kNe, kLt, kLe, kGt, kGe, kIn, kNotIn };

bool Truthy(const Value& v);
bool Equal(Runtime& rt, const Value& a, const Value& b);
// <, <=, > or >=; fails for types that have no order.
bool Ordered(Runtime& rt, CompareOp op, const Value& a, const Value& b);
bool Compare(Runtime& rt, CompareOp op, const Value& a, const Value& b);
bool Contains(Runtime& rt, const Value& container, const Value& item);

Value Binary(Runtime& rt, BinaryOp op, const Value& a, const Value& b);
Value Negate(const Value& v);
Value Plus(const Value& v);

int64_t Length(const Value& v);  // len(v)

// `v` as a float; fails for what float arithmetic does not take.
bool GetNumber(const Value& v, double* out);  // bool, int, float
// A result of float arithmetic that cannot be an int128.
Int FloatToInt(double d);

// Walks what `for` can walk. Fails on construction when v is not iterable.
class Iterator {
 public:
  Iterator(Runtime& rt, Value v);
  bool Next(Value* out);

 private:
  Runtime& rt_;
  Value source_;
  size_t position_ = 0;
};

std::vector<Value> ToVector(Runtime& rt, const Value& v);

// Stable, by `<` alone as Python sorts; keys[i] belongs to items[i].
std::vector<Value> SortedBy(Runtime& rt, const std::vector<Value>& items,
                            const std::vector<Value>& keys, bool reverse);

}  // namespace frugal::jinja
