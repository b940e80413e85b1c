#include <algorithm>

#include "text/jinja/filters.h"
#include "text/jinja/ops.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

bool Flag(const Value& v, bool if_absent) { return v.is_missing() ? if_absent : Truthy(v); }

int64_t NeedInt(const char* filter, const Value& v) {
  Int i = 0;
  if (!GetInt(v, &i)) {
    Fail("{}: '{}' object cannot be interpreted as an integer", filter, TypeName(v));
  }
  return static_cast<int64_t>(std::clamp<Int>(i, -INT64_MAX, INT64_MAX));
}

// sorted() takes its `reverse` as an integer.
bool ReverseFlag(const Value& v) {
  Int i = 0;
  if (v.is_missing()) return false;
  if (!GetInt(v, &i)) Fail("'{}' object cannot be interpreted as an integer", TypeName(v));
  return i != 0;
}

Value Batch(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("batch", args, {"linecount", "fill_with"}, 1);
  return Lazily(rt, [&](std::vector<Value>* out) {
    std::vector<Value> row;
    Iterator it(rt, v);
    for (Value item; it.Next(&item);) {
      if (Equal(rt, Value::Integer(static_cast<Int>(row.size())), bound[0])) {
        out->push_back(rt.List(std::exchange(row, {})));
      }
      row.push_back(std::move(item));
    }
    if (row.empty()) return;
    if (!bound[1].is_missing() && !bound[1].is_none()) {
      const int64_t missing = NeedInt("batch", bound[0]) - static_cast<int64_t>(row.size());
      if (missing > 0) {
        rt.CheckSize(missing);
        rt.Charge(missing);
        row.insert(row.end(), static_cast<size_t>(missing), bound[1]);
      }
    }
    out->push_back(rt.List(std::move(row)));
  });
}

Value SliceFilter(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("slice", args, {"slices", "fill_with"}, 1);
  return Lazily(rt, [&](std::vector<Value>* out) {
    const std::vector<Value> items = ToVector(rt, v);
    const int64_t slices = NeedInt("slice", bound[0]);
    if (slices == 0) Fail("integer division or modulo by zero");
    const auto length = static_cast<int64_t>(items.size());
    const bool fill = !bound[1].is_missing() && !bound[1].is_none();
    int64_t begin = 0;
    for (int64_t i = 0; i < slices; ++i) {
      rt.Charge(1);
      const bool extra = i < length % slices;
      const int64_t end = begin + length / slices + (extra ? 1 : 0);
      std::vector<Value> column(items.begin() + begin, items.begin() + end);
      if (fill && !extra) column.push_back(bound[1]);
      out->push_back(rt.List(std::move(column)));
      begin = end;
    }
  });
}

Value First(Runtime& rt, const Value& v, const Args& args) {
  Bind("first", args, {}, 0);
  Value item;
  if (Iterator(rt, v).Next(&item)) return item;
  return UndefinedHint("No first item, sequence was empty.");
}

// The items from the end, for what Python's reversed() takes.
bool Reversed(Runtime& rt, const Value& v, std::vector<Value>* out) {
  switch (v.type()) {
    case Type::kStr:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kRange:
    case Type::kView: break;
    case Type::kUndefined: {
      out->clear();  // it has a length, 0, and items that nobody asks for
      return true;
    }
    default: return false;
  }
  *out = ToVector(rt, v);
  std::reverse(out->begin(), out->end());
  return true;
}

Value Last(Runtime& rt, const Value& v, const Args& args) {
  Bind("last", args, {}, 0);
  if (v.is(Type::kList) || v.is(Type::kTuple)) {
    const auto& items = v.as<SequenceObject>().items;
    if (!items.empty()) return items.back();
  }
  std::vector<Value> items;
  if (!Reversed(rt, v, &items)) Fail("'{}' object is not reversible", TypeName(v));
  if (items.empty()) return UndefinedHint("No last item, sequence was empty.");
  return items[0];
}

Value Reverse(Runtime& rt, const Value& v, const Args& args) {
  Bind("reverse", args, {}, 0);
  std::vector<Value> items;
  if (v.is_str()) {
    std::string out;
    const std::string& text = v.text();
    for (size_t pos = text.size(); pos > 0;) {
      const size_t end = pos;
      PrevCodePoint(text, &pos);
      out += text.substr(pos, end - pos);
    }
    return rt.Text(std::move(out), v.as<TextObject>().markup);
  }
  if (Reversed(rt, v, &items)) {
    return rt.Generator(std::move(items),
                        v.is(Type::kList) ? "list_reverseiterator" : "reversed");
  }
  items = ToVector(rt, v);
  std::reverse(items.begin(), items.end());
  return rt.List(std::move(items));
}

Value ListFilter(Runtime& rt, const Value& v, const Args& args) {
  Bind("list", args, {}, 0);
  return rt.List(ToVector(rt, v));
}

Value Items(Runtime& rt, const Value& v, const Args& args) {
  Bind("items", args, {}, 0);
  return Lazily(rt, [&](std::vector<Value>* out) {
    if (v.is_undefined()) return;
    if (!v.is(Type::kDict)) Fail("Can only get item pairs from a mapping.");
    for (const auto& [key, value] : v.as<DictObject>().dict.entries()) {
      rt.Charge(1);
      out->push_back(rt.Tuple({key, value}));
    }
  });
}

Value IgnoreCase(Runtime& rt, const Value& v) {
  return v.is_str() ? rt.Text(Lower(v.text())) : v;
}

Value DictSort(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("dictsort", args, {"case_sensitive", "by", "reverse"}, 0);
  const bool by_key = bound[1].is_missing() || (bound[1].is_str() && bound[1].text() == "key");
  if (!by_key && !(bound[1].is_str() && bound[1].text() == "value")) {
    Fail("You can only sort by either \"key\" or \"value\"");
  }
  if (v.is_undefined()) Fail("{}", v.as<UndefinedObject>().Message());
  if (!v.is(Type::kDict)) Fail("'{}' object has no attribute 'items'", TypeName(v));
  std::vector<Value> items;
  std::vector<Value> keys;
  for (const auto& [key, value] : v.as<DictObject>().dict.entries()) {
    rt.Charge(1);
    items.push_back(rt.Tuple({key, value}));
    const Value& sort_key = by_key ? key : value;
    keys.push_back(Flag(bound[0], false) ? sort_key : IgnoreCase(rt, sort_key));
  }
  return rt.List(SortedBy(rt, items, keys, ReverseFlag(bound[2])));
}

Value Sort(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("sort", args, {"reverse", "case_sensitive", "attribute"}, 0);
  const bool ignore_case = !Flag(bound[1], false);
  // Several attributes are separated by commas.
  std::vector<AttributeGetter> getters;
  if (bound[2].is_str()) {
    std::string_view rest = bound[2].text();
    while (true) {
      const size_t comma = rest.find(',');
      getters.emplace_back(Value::Text(std::string(rest.substr(0, comma))), ignore_case);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  } else {
    getters.emplace_back(bound[2], ignore_case);
  }
  const std::vector<Value> items = ToVector(rt, v);
  std::vector<Value> keys;
  for (const Value& item : items) {
    std::vector<Value> key;
    for (const AttributeGetter& get : getters) key.push_back(get(rt, item));
    keys.push_back(key.size() == 1 ? rt.List({std::move(key[0])}) : rt.List(std::move(key)));
  }
  return rt.List(SortedBy(rt, items, keys, ReverseFlag(bound[0])));
}

Value Unique(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("unique", args, {"case_sensitive", "attribute"}, 0);
  return Lazily(rt, [&](std::vector<Value>* out) {
    const AttributeGetter get(bound[1], !Flag(bound[0], false));
    Dict seen;
    Iterator it(rt, v);
    for (Value item; it.Next(&item);) {
      const Value key = get(rt, item);
      if (!IsHashable(key)) Fail("unhashable type: '{}'", TypeName(key));
      if (seen.Find(key) != nullptr) continue;
      seen.Set(key, Value());
      out->push_back(std::move(item));
    }
  });
}

template <CompareOp kBetter>
Value Extreme(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind(kBetter == CompareOp::kLt ? "min" : "max", args,
                          {"case_sensitive", "attribute"}, 0);
  const AttributeGetter get(bound[1], !Flag(bound[0], false));
  Iterator it(rt, v);
  Value best;
  if (!it.Next(&best)) return UndefinedHint("No aggregated item, sequence was empty.");
  Value best_key = get(rt, best);
  for (Value item; it.Next(&item);) {
    Value key = get(rt, item);
    if (!Ordered(rt, kBetter, key, best_key)) continue;
    best = std::move(item);
    best_key = std::move(key);
  }
  return best;
}

Value Sum(Runtime& rt, const Value& v, const Args& args) {
  const auto bound = Bind("sum", args, {"attribute", "start"}, 0);
  const AttributeGetter get(bound[0], false);
  Value total = bound[1].is_missing() ? Value::Integer(0) : bound[1];
  if (total.is_str()) Fail("sum() can't sum strings [use ''.join(seq) instead]");
  Iterator it(rt, v);
  for (Value item; it.Next(&item);) total = Binary(rt, BinaryOp::kAdd, total, get(rt, item));
  return total;
}

}  // namespace

std::span<const FilterEntry> SequenceFilters() {
  static constexpr FilterEntry kFilters[] = {
      {"batch", Batch},
      {"dictsort", DictSort},
      {"first", First},
      {"items", Items},
      {"last", Last},
      {"list", ListFilter},
      {"max", Extreme<CompareOp::kGt>},
      {"min", Extreme<CompareOp::kLt>},
      {"reverse", Reverse},
      {"slice", SliceFilter},
      {"sort", Sort},
      {"sum", Sum},
      {"unique", Unique},
  };
  return kFilters;
}

}  // namespace frugal::jinja
