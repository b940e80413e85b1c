#include "text/jinja/value.h"

#include <cmath>
#include <functional>

#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

constexpr size_t kUnindexedEntries = 8;  // up to here a scan is as quick as hashing

size_t HashInt(Int i) {
  const auto u = static_cast<unsigned __int128>(i);
  return std::hash<uint64_t>()(static_cast<uint64_t>(u) ^
                               static_cast<uint64_t>(u >> 64) * 0x9E3779B97F4A7C15u);
}

}  // namespace

Value Value::Text(std::string text, bool markup) {
  return Value(std::make_shared<TextObject>(std::move(text), markup));
}

const std::string& Value::text() const { return as<TextObject>().text; }

TextObject::TextObject(std::string t, bool m)
    : Object(Type::kStr), text(std::move(t)), length(CountCodePoints(text)), markup(m) {}

std::string UndefinedObject::Message() const {
  if (!hint.empty()) return hint;
  if (owner == nullptr) return fmt::format("'{}' is undefined", name);
  if (!name_is_text) return fmt::format("{} has no element {}", owner, name);
  return fmt::format("'{}' has no attribute '{}'", owner, name);
}

bool GetInt(const Value& v, Int* out) {
  if (v.is(Type::kInt)) {
    *out = v.integer();
  } else if (v.is(Type::kBool)) {
    *out = v.boolean() ? 1 : 0;
  } else {
    return false;
  }
  return true;
}

bool IsHashable(const Value& v) {
  if (v.is(Type::kTuple)) {
    for (const Value& item : v.as<SequenceObject>().items) {
      if (!IsHashable(item)) return false;
    }
    return true;
  }
  return !v.is(Type::kList) && !v.is(Type::kDict) && !v.is(Type::kView);
}

size_t Hash(const Value& v) {
  switch (v.type()) {
    case Type::kBool:
      return HashInt(v.boolean() ? 1 : 0);
    case Type::kInt:
      return HashInt(v.integer());
    case Type::kFloat: {
      const double d = v.real();
      if (std::abs(d) < 1.7e38 && std::floor(d) == d) return HashInt(static_cast<Int>(d));
      return std::hash<double>()(d);
    }
    case Type::kStr:
      return std::hash<std::string_view>()(v.text());
    case Type::kTuple: {
      size_t h = 0x345678;
      for (const Value& item : v.as<SequenceObject>().items) h = h * 1000003 + Hash(item);
      return h;
    }
    case Type::kNone:
      return 1;
    case Type::kUndefined:
      return 2;
    case Type::kMissing:
      return 3;
    default:
      return std::hash<const void*>()(v.object());
  }
}

bool SameKey(const Value& a, const Value& b) {
  if (a.is_str() || b.is_str()) return a.is_str() && b.is_str() && a.text() == b.text();
  Int x = 0;
  Int y = 0;
  const bool a_int = GetInt(a, &x);
  const bool b_int = GetInt(b, &y);
  if (a_int && b_int) return x == y;
  if (a.is(Type::kFloat) || b.is(Type::kFloat)) {
    if (a_int) return static_cast<double>(x) == b.real();
    if (b_int) return static_cast<double>(y) == a.real();
    return a.is(Type::kFloat) && b.is(Type::kFloat) && a.real() == b.real();
  }
  if (a.type() != b.type()) return false;
  if (a.is(Type::kTuple)) {
    const auto& p = a.as<SequenceObject>().items;
    const auto& q = b.as<SequenceObject>().items;
    if (p.size() != q.size()) return false;
    for (size_t i = 0; i < p.size(); ++i) {
      if (!SameKey(p[i], q[i])) return false;
    }
    return true;
  }
  if (a.is_object() && !a.is_undefined()) return a.object() == b.object();
  return true;  // None, undefined
}

int Dict::Position(const Value& key) const {
  if (entries_.size() <= kUnindexedEntries) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (SameKey(entries_[i].first, key)) return static_cast<int>(i);
    }
    return -1;
  }
  const auto [begin, end] = index_.equal_range(Hash(key));
  for (auto it = begin; it != end; ++it) {
    if (SameKey(entries_[it->second].first, key)) return it->second;
  }
  return -1;
}

const Value* Dict::Find(const Value& key) const {
  const int at = Position(key);
  return at < 0 ? nullptr : &entries_[at].second;
}

const Value* Dict::Find(std::string_view key) const {
  if (entries_.size() <= kUnindexedEntries) {
    for (const auto& [k, v] : entries_) {
      if (k.is_str() && k.text() == key) return &v;
    }
    return nullptr;
  }
  const auto [begin, end] = index_.equal_range(std::hash<std::string_view>()(key));
  for (auto it = begin; it != end; ++it) {
    const auto& [k, v] = entries_[it->second];
    if (k.is_str() && k.text() == key) return &v;
  }
  return nullptr;
}

void Dict::Set(const Value& key, Value value) {
  if (const int at = Position(key); at >= 0) {
    entries_[at].second = std::move(value);
    return;
  }
  entries_.emplace_back(key, std::move(value));
  if (entries_.size() <= kUnindexedEntries) return;
  if (index_.empty()) {
    for (size_t i = 0; i + 1 < entries_.size(); ++i) {
      index_.emplace(Hash(entries_[i].first), static_cast<int>(i));
    }
  }
  index_.emplace(Hash(key), static_cast<int>(entries_.size() - 1));
}

void Dict::Clear() {
  entries_.clear();
  index_.clear();
}

const Value* LoopObject::Peek() {
  if (ahead_.empty()) {
    Value v;
    if (exhausted_ || !Pull(&v)) {
      exhausted_ = true;
      return nullptr;
    }
    ahead_.push_back(std::move(v));
  }
  return &ahead_.back();
}

bool LoopObject::Next(Value* out) {
  if (Peek() == nullptr) return false;
  *out = std::move(ahead_.back());
  ahead_.pop_back();
  ++index0;
  before = std::move(current);
  current = *out;
  return true;
}

int64_t LoopObject::Length() {
  if (length_) return *length_;
  length_ = SizedLength();
  if (!length_) {
    std::vector<Value> rest;
    for (Value v; !exhausted_ && Pull(&v);) rest.push_back(std::move(v));
    exhausted_ = true;
    length_ = index0 + 1 + static_cast<int64_t>(ahead_.size() + rest.size());
    std::vector<Value> all(rest.rbegin(), rest.rend());
    all.insert(all.end(), ahead_.begin(), ahead_.end());
    ahead_ = std::move(all);
  }
  return *length_;
}

const char* TypeName(const Value& v) {
  switch (v.type()) {
    case Type::kMissing:
      return "missing";
    case Type::kUndefined:
      return "Undefined";
    case Type::kNone:
      return "NoneType";
    case Type::kBool:
      return "bool";
    case Type::kInt:
      return "int";
    case Type::kFloat:
      return "float";
    case Type::kStr:
      return v.as<TextObject>().markup ? "Markup" : "str";
    case Type::kList:
      return "list";
    case Type::kTuple:
      return "tuple";
    case Type::kDict:
      return "dict";
    case Type::kRange:
      return "range";
    case Type::kView: {
      const auto kind = v.as<ViewObject>().kind;
      return kind == ViewObject::Kind::kKeys     ? "dict_keys"
             : kind == ViewObject::Kind::kValues ? "dict_values"
                                                 : "dict_items";
    }
    case Type::kGenerator:
      return v.as<GeneratorObject>().type_name;
    case Type::kNamespace:
      return "Namespace";
    case Type::kMacro:
      return "Macro";
    case Type::kFunction:
      return "builtin_function_or_method";
    case Type::kLoop:
      return "LoopContext";
    case Type::kCycler:
      return "Cycler";
    case Type::kJoiner:
      return "Joiner";
  }
  return "object";
}

const char* TypeRepr(const Value& v) {
  switch (v.type()) {
    case Type::kNone:
      return "None";
    case Type::kUndefined:
      return "jinja2.runtime.Undefined object";
    case Type::kBool:
      return "bool object";
    case Type::kInt:
      return "int object";
    case Type::kFloat:
      return "float object";
    case Type::kStr:
      return v.as<TextObject>().markup ? "markupsafe.Markup object" : "str object";
    case Type::kList:
      return "list object";
    case Type::kTuple:
      return "tuple object";
    case Type::kDict:
      return "dict object";
    case Type::kRange:
      return "range object";
    case Type::kView:
      return "dict view object";
    case Type::kGenerator:
      return "generator object";
    case Type::kNamespace:
      return "jinja2.utils.Namespace object";
    case Type::kMacro:
      return "jinja2.runtime.Macro object";
    case Type::kLoop:
      return "jinja2.runtime.LoopContext object";
    case Type::kCycler:
      return "jinja2.utils.Cycler object";
    case Type::kJoiner:
      return "jinja2.utils.Joiner object";
    default:
      return "function object";
  }
}

Value UndefinedName(std::string_view name) {
  auto u = std::make_shared<UndefinedObject>();
  u->name = name;
  return Value(std::move(u));
}

Value UndefinedHint(std::string hint) {
  auto u = std::make_shared<UndefinedObject>();
  u->hint = std::move(hint);
  return Value(std::move(u));
}

}  // namespace frugal::jinja
