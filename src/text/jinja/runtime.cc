#include "text/jinja/runtime.h"

#include <algorithm>

namespace frugal::jinja {
namespace {

constexpr size_t kObjectBytes = 128;  // what an object takes besides its contents, about

}  // namespace

Runtime::~Runtime() {
  for (const Value& v : tracked_) {
    if (v.is(Type::kNamespace)) v.as<NamespaceObject>().attributes.Clear();
    if (v.is(Type::kLoop)) v.as<LoopObject>().last_changed = Value::Missing();
  }
}

void Runtime::OutOfSteps() const {
  FailLimit(
      "the template did more work than it may (its step limit is reached); "
      "does it loop without end?");
}

void Runtime::TooLong(int64_t bytes) const {
  FailLimit("a text of {} bytes is longer than the limit of {}", bytes, max_bytes_);
}

void Runtime::TooDeep() {
  --nesting_;  // the constructor that failed has no destructor
  FailLimit("the template is nested or recurses too deeply");
}

int Runtime::DepthOver(const Value& item) const {
  const int depth = item.is_object() ? item.object()->depth + 1 : 1;
  if (depth > kMaxValueDepth) FailLimit("values nested more than {} deep", kMaxValueDepth);
  return depth;
}

int Runtime::DepthOver(const std::vector<Value>& items) const {
  int depth = 1;
  for (const Value& item : items) {
    if (item.is_object()) depth = std::max(depth, item.object()->depth + 1);
  }
  if (depth > kMaxValueDepth) FailLimit("values nested more than {} deep", kMaxValueDepth);
  return depth;
}

Value Runtime::Text(std::string text, bool markup) {
  CheckSize(static_cast<int64_t>(text.size()));
  ChargeBytes(kObjectBytes + text.size());
  return Value::Text(std::move(text), markup);
}

Value Runtime::List(std::vector<Value> items) {
  ChargeBytes(kObjectBytes + items.size() * sizeof(Value));
  const int depth = DepthOver(items);
  return Value(std::make_shared<SequenceObject>(Type::kList, std::move(items), depth));
}

Value Runtime::Tuple(std::vector<Value> items) {
  ChargeBytes(kObjectBytes + items.size() * sizeof(Value));
  const int depth = DepthOver(items);
  return Value(std::make_shared<SequenceObject>(Type::kTuple, std::move(items), depth));
}

Value Runtime::Dictionary(Dict dict) {
  ChargeBytes(kObjectBytes + dict.size() * 4 * sizeof(Value));
  int depth = 1;
  for (const auto& [key, value] : dict.entries()) {
    depth = std::max({depth, DepthOver(key), DepthOver(value)});
  }
  return Value(std::make_shared<DictObject>(std::move(dict), depth));
}

Value Runtime::Generator(std::vector<Value> items, const char* type_name) {
  ChargeBytes(kObjectBytes + items.size() * sizeof(Value));
  const int depth = DepthOver(items);
  return Value(std::make_shared<GeneratorObject>(std::move(items), depth, type_name));
}

Value Runtime::Method(const char* name, Builtin function, const Value& self) {
  ChargeBytes(kObjectBytes);
  return Value(std::make_shared<FunctionObject>(name, function, self, DepthOver(self)));
}

std::vector<Value> Bind(const char* function, const Args& args,
                        std::initializer_list<const char*> names, size_t required) {
  std::vector<Value> bound(names.size(), Value::Missing());
  if (args.positional.size() > names.size()) {
    Fail("{}() takes at most {} argument(s), {} given", function, names.size(),
         args.positional.size());
  }
  std::copy(args.positional.begin(), args.positional.end(), bound.begin());
  for (const auto& [name, value] : args.named) {
    const auto it =
        std::find_if(names.begin(), names.end(), [&](const char* n) { return name == n; });
    if (it == names.end()) Fail("{}() got an unexpected keyword argument '{}'", function, name);
    Value& slot = bound[static_cast<size_t>(it - names.begin())];
    if (!slot.is_missing()) Fail("{}() got two values for argument '{}'", function, name);
    slot = value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (bound[i].is_missing()) {
      const std::string_view name = names.begin()[i];
      Fail("{}() is missing its argument '{}'", function,
           name.starts_with('/') ? name.substr(1) : name);
    }
  }
  return bound;
}

}  // namespace frugal::jinja
