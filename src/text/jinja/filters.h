// Jinja's built-in filters, and tojson as Hugging Face's apply_chat_template defines it.
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/runtime.h"

namespace frugal::jinja {

using Filter = Builtin;  // (runtime, the value before the bar, the arguments in parentheses)

struct FilterEntry {
  const char* name;
  Filter function;
};

// Null when there is none. Filters of Jinja that this engine leaves out are found and fail when
// they are called: pprint, random, striptags, urlize, wordwrap, xmlattr.
Filter FindFilter(std::string_view name);

std::span<const FilterEntry> TextFilters();      // filters_text.cc
std::span<const FilterEntry> SequenceFilters();  // filters_sequence.cc
std::span<const FilterEntry> SelectFilters();    // filters_select.cc: map, select, groupby, …

// A path like "a.0.b", as the attribute argument of many filters: parts that are digits are
// indices. Missing and None give the item itself.
class AttributeGetter {
 public:
  AttributeGetter(const Value& attribute, bool ignore_case, Value fallback = Value::Missing());
  Value operator()(Runtime& rt, Value item) const;

 private:
  std::vector<Value> parts_;
  bool ignore_case_;
  Value fallback_;
};

// What Jinja makes lazily: make(&items) is run now, but its failure waits until the walk over the
// generator comes to it.
template <typename Make>
Value Lazily(Runtime& rt, Make make) {
  std::vector<Value> items;
  std::optional<Failure> failure;
  try {
    make(&items);
  } catch (const Failure& f) {
    if (f.code == StatusCode::kResourceExhausted) throw;
    failure = f;
  }
  Value generator = rt.Generator(std::move(items));
  generator.as<GeneratorObject>().failure = std::move(failure);
  return generator;
}

}  // namespace frugal::jinja
