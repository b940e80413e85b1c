// The values of a template: Python's None, bool, int, float, str, list, tuple, dict and the
// objects that Jinja adds.
//
// Lists, tuples, dicts and strings never change once made (the sandbox is the immutable one), so
// copying a Value shares them. What can change (a namespace, a generator's place, a loop) is
// reached through one shared object, as in Python. No value contains itself except through a
// namespace or a loop, which the Runtime empties when it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/failure.h"

namespace frugal::jinja {

// Python's int, bounded: 127 bits hold everything JSON readers give; beyond is an error.
using Int = __int128;

enum class Type : uint8_t {
  kMissing,  // no value at all: an absent argument, an unset variable; never seen by a template
  kUndefined,
  kNone,
  kBool,
  kInt,
  kFloat,
  kStr,
  kList,
  kTuple,
  kDict,
  kRange,
  kView,       // dict.keys(), .values(), .items()
  kGenerator,  // what lazy filters give: can be walked once
  kNamespace,
  kMacro,
  kFunction,  // globals and bound methods
  kLoop,
  kCycler,
  kJoiner,
};

// Values that hold values may nest this deep, so that walking them cannot exhaust the stack.
inline constexpr int kMaxValueDepth = 400;

struct Object {
  explicit Object(Type t, int d = 0) : type(t), depth(d) {}
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  const Type type;
  const int depth;  // how many levels of values lie below
};

class Value {
 public:
  Value() = default;  // None
  explicit Value(std::shared_ptr<Object> object) : rep_(std::move(object)) {}

  static Value Missing() { return Value(MakeRep{}, MissingTag{}); }
  static Value Bool(bool b) { return Value(MakeRep{}, b); }
  static Value Integer(Int i) { return Value(MakeRep{}, i); }
  static Value Float(double d) { return Value(MakeRep{}, d); }
  static Value Text(std::string text, bool markup = false);

  Type type() const {
    switch (rep_.index()) {
      case 0:
        return Type::kNone;
      case 1:
        return Type::kMissing;
      case 2:
        return Type::kBool;
      case 3:
        return Type::kInt;
      case 4:
        return Type::kFloat;
      default:
        return std::get<5>(rep_)->type;
    }
  }
  bool is(Type t) const { return type() == t; }
  bool is_none() const { return rep_.index() == 0; }
  bool is_missing() const { return rep_.index() == 1; }
  bool is_undefined() const { return is(Type::kUndefined); }
  bool is_str() const { return is(Type::kStr); }

  // The caller has checked the type.
  bool boolean() const { return std::get<2>(rep_); }
  Int integer() const { return std::get<3>(rep_); }
  double real() const { return std::get<4>(rep_); }
  const std::string& text() const;
  Object* object() const { return std::get<5>(rep_).get(); }
  template <typename T>
  T& as() const {
    return static_cast<T&>(*std::get<5>(rep_));
  }
  bool is_object() const { return rep_.index() == 5; }

 private:
  struct NoneTag {};
  struct MissingTag {};
  using Rep = std::variant<NoneTag, MissingTag, bool, Int, double, std::shared_ptr<Object>>;
  struct MakeRep {};
  Value(MakeRep, Rep rep) : rep_(std::move(rep)) {}
  Rep rep_;
};

// Why a value is undefined; the message is made when somebody needs it.
struct UndefinedObject : Object {
  UndefinedObject() : Object(Type::kUndefined) {}
  std::string hint;             // the whole message, when not empty
  const char* owner = nullptr;  // "dict object": what had no such attribute
  std::string name;             // the attribute, or repr of the subscript
  bool name_is_text = true;
  std::string Message() const;
};

struct TextObject : Object {
  TextObject(std::string t, bool m);
  const std::string text;
  const int64_t length;  // in code points
  const bool markup;     // what |safe and |escape give: adding to it escapes
};

// A list or a tuple.
struct SequenceObject : Object {
  SequenceObject(Type t, std::vector<Value> v, int d) : Object(t, d), items(std::move(v)) {}
  const std::vector<Value> items;
  bool group = false;  // groupby's tuple, with attributes grouper and list
};

// A mapping in insertion order. Keys are hashable values; 1, 1.0 and true are one key.
class Dict {
 public:
  const Value* Find(const Value& key) const;  // null when absent
  const Value* Find(std::string_view key) const;
  void Set(const Value& key, Value value);
  const std::vector<std::pair<Value, Value>>& entries() const { return entries_; }
  size_t size() const { return entries_.size(); }
  void Clear();

 private:
  int Position(const Value& key) const;
  std::vector<std::pair<Value, Value>> entries_;
  std::unordered_multimap<size_t, int> index_;  // filled once there are more than a few
};

struct DictObject : Object {
  DictObject(Dict d, int depth_below) : Object(Type::kDict, depth_below), dict(std::move(d)) {}
  const Dict dict;
};

struct RangeObject : Object {
  RangeObject(Int a, Int b, Int s, int64_t n)
      : Object(Type::kRange), start(a), stop(b), step(s), length(n) {}
  const Int start;
  const Int stop;
  const Int step;
  const int64_t length;
};

struct ViewObject : Object {
  enum class Kind { kKeys, kValues, kItems };
  ViewObject(Value d, Kind k)
      : Object(Type::kView, d.object()->depth + 1), of(std::move(d)), kind(k) {}
  const Value of;  // a dict
  const Kind kind;
};

// Filters that are lazy in Jinja are worked out at once here; a failure on the way is kept and
// comes up when the walk reaches it.
struct GeneratorObject : Object {
  GeneratorObject(std::vector<Value> v, int d, const char* name)
      : Object(Type::kGenerator, d), items(std::move(v)), type_name(name) {}
  std::vector<Value> items;
  size_t next = 0;
  std::optional<Failure> failure;
  const char* type_name;  // "generator", "list_reverseiterator"
};

struct NamespaceObject : Object {
  NamespaceObject() : Object(Type::kNamespace) {}
  Dict attributes;
};

struct Macro;       // ast.h
struct Activation;  // interpreter.h

// A macro, or the body of a call block: code and the variables around it. The interpreter keeps
// the activation alive to the end of the render.
struct MacroObject : Object {
  MacroObject(const Macro* m, Activation* h) : Object(Type::kMacro), macro(m), home(h) {}
  const Macro* const macro;
  Activation* const home;
};

struct CyclerObject : Object {
  CyclerObject(std::vector<Value> v, int d) : Object(Type::kCycler, d), items(std::move(v)) {}
  const std::vector<Value> items;
  size_t position = 0;
};

struct JoinerObject : Object {
  JoinerObject(Value s, int d) : Object(Type::kJoiner, d), separator(std::move(s)) {}
  const Value separator;
  bool used = false;
};

struct Args {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Runtime;
using Builtin = Value (*)(Runtime& rt, const Value& self, const Args& args);

// A global function or a method bound to `self`.
struct FunctionObject : Object {
  FunctionObject(const char* n, Builtin f, Value s, int d)
      : Object(Type::kFunction, d), name(n), function(f), self(std::move(s)) {}
  const char* name;
  const Builtin function;
  const Value self;
};

// One run of a for loop: what `loop` stands for in its body.
struct LoopObject : Object {
  explicit LoopObject(int d) : Object(Type::kLoop, d) {}
  virtual bool Pull(Value* out) = 0;                 // the next item of the source
  virtual std::optional<int64_t> SizedLength() = 0;  // when the source knows its size
  virtual Value Recurse(const Value& iterable) = 0;  // loop(iterable)

  bool Next(Value* out);  // advances
  const Value* Peek();    // the item after this one; null at the end
  int64_t Length();

  int64_t index0 = -1;
  int64_t depth0 = 0;
  Value current = Value::Missing();
  Value before = Value::Missing();
  Value last_changed = Value::Missing();

 private:
  std::vector<Value> ahead_;  // items pulled early, last first
  bool exhausted_ = false;
  std::optional<int64_t> length_;
};

// Python's name of the type: "str", "NoneType", "builtin_function_or_method".
const char* TypeName(const Value& v);
// What Jinja's messages call it: "dict object", "None".
const char* TypeRepr(const Value& v);

bool IsHashable(const Value& v);
size_t Hash(const Value& v);                   // v is hashable
bool SameKey(const Value& a, const Value& b);  // equality of hashable values

Value UndefinedName(std::string_view name);  // "'name' is undefined"
Value UndefinedHint(std::string hint);
// int or bool as a number.
bool GetInt(const Value& v, Int* out);

}  // namespace frugal::jinja
