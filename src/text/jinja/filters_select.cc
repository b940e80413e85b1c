#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/ops.h"
#include "text/jinja/predicates.h"
#include "text/jinja/repr.h"

namespace frugal::jinja {
namespace {

// Positional arguments from `from` on, and the named ones.
Args Rest(const Args& args, size_t from) {
  Args rest;
  if (args.positional.size() > from) {
    rest.positional.assign(args.positional.begin() + static_cast<ptrdiff_t>(from),
                           args.positional.end());
  }
  rest.named = args.named;
  return rest;
}

Value MapFilter(Runtime& rt, const Value& v, const Args& args) {
  return Lazily(rt, [&](std::vector<Value>* out) {
    if (!Truthy(v)) return;
    Iterator it(rt, v);
    if (args.positional.empty()) {
      Value attribute = Value::Missing();
      Value fallback = Value::Missing();
      const bool has_attribute = std::any_of(args.named.begin(), args.named.end(),
                                             [](const auto& n) { return n.first == "attribute"; });
      if (!has_attribute) Fail("map requires a filter argument");
      for (const auto& [name, value] : args.named) {
        if (name == "attribute") {
          attribute = value;
        } else if (name == "default") {
          fallback = value;
        } else {
          Fail("Unexpected keyword argument '{}'", name);
        }
      }
      const AttributeGetter get(attribute, false, fallback);
      for (Value item; it.Next(&item);) out->push_back(get(rt, item));
      return;
    }
    const std::string name = Str(rt, args.positional[0]);
    const Filter filter = FindFilter(name);
    const Args rest = Rest(args, 1);
    for (Value item; it.Next(&item);) {
      if (filter == nullptr) Fail("there is no filter named '{}'", name);
      out->push_back(filter(rt, item, rest));
    }
  });
}

template <bool kSelect, bool kByAttribute>
Value Choose(Runtime& rt, const Value& v, const Args& args) {
  return Lazily(rt, [&](std::vector<Value>* out) {
    if (!Truthy(v)) return;
    if (kByAttribute && args.positional.empty()) Fail("Missing parameter for attribute name");
    const AttributeGetter get(kByAttribute ? args.positional[0] : Value::Missing(), false);
    const size_t at = kByAttribute ? 1 : 0;
    const bool has_test = args.positional.size() > at;
    const std::string name = has_test ? Str(rt, args.positional[at]) : "";
    const Predicate test = has_test ? FindTest(name) : nullptr;
    const Args rest = Rest(args, at + 1);
    Iterator it(rt, v);
    for (Value item; it.Next(&item);) {
      if (has_test && test == nullptr) Fail("there is no test named '{}'", name);
      const Value tested = get(rt, item);
      const bool holds = Truthy(has_test ? test(rt, tested, rest) : tested);
      if (holds == kSelect) out->push_back(std::move(item));
    }
  });
}

Value GroupBy(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("groupby", args, {"attribute", "default", "case_sensitive"}, 1);
  const bool ignore_case = bound[2].is_missing() || !Truthy(bound[2]);
  const AttributeGetter key_of(bound[0], ignore_case, bound[1]);
  const AttributeGetter shown_key_of(bound[0], false, bound[1]);
  const std::vector<Value> items = ToVector(rt, v);
  std::vector<Value> keys;
  for (const Value& item : items) keys.push_back(key_of(rt, item));
  std::vector<Value> groups;
  std::vector<Value> group;
  Value group_key;
  const auto finish = [&] {
    if (group.empty()) return;
    const Value shown = ignore_case ? shown_key_of(rt, group[0]) : group_key;
    Value tuple = rt.Tuple({shown, rt.List(std::exchange(group, {}))});
    tuple.as<SequenceObject>().group = true;
    groups.push_back(std::move(tuple));
  };
  for (const Value& item : SortedBy(rt, items, keys, /*reverse=*/false)) {
    Value key = key_of(rt, item);
    if (!group.empty() && !Equal(rt, key, group_key)) finish();
    if (group.empty()) group_key = std::move(key);
    group.push_back(item);
  }
  finish();
  return rt.List(std::move(groups));
}

}  // namespace

std::span<const FilterEntry> SelectFilters() {
  static constexpr FilterEntry kFilters[] = {
      {"groupby", GroupBy},
      {"map", MapFilter},
      {"reject", Choose<false, false>},
      {"rejectattr", Choose<false, true>},
      {"select", Choose<true, false>},
      {"selectattr", Choose<true, true>},
  };
  return kFilters;
}

}  // namespace frugal::jinja
