#include "text/jinja/globals.h"

#include <algorithm>

#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/strftime.h"

namespace frugal::jinja {
namespace {

constexpr int64_t kMaxRange = 100'000;  // the sandbox's MAX_RANGE

Value Range(Runtime&, const Value&, const Args& args) {
  const auto bound = Bind("range", args, {"/start", "/stop", "/step"}, 1);
  Int values[3] = {0, 0, 1};
  for (size_t i = 0; i < 3; ++i) {
    if (bound[i].is_missing()) continue;
    if (bound[i].is_undefined()) Fail("{}", bound[i].as<UndefinedObject>().Message());
    if (!GetInt(bound[i], &values[i])) {
      Fail("'{}' object cannot be interpreted as an integer", TypeName(bound[i]));
    }
    if (values[i] > INT64_MAX || values[i] < INT64_MIN)
      FailLimit("range() arguments are too large");
  }
  if (bound[1].is_missing()) std::swap(values[0], values[1]);
  const auto [start, stop, step] = values;
  if (step == 0) Fail("range() arg 3 must not be zero");
  Int length = 0;
  if (step > 0 && stop > start) length = (stop - start + step - 1) / step;
  if (step < 0 && stop < start) length = (start - stop - step - 1) / -step;
  if (length > kMaxRange) {
    Fail("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({}).", kMaxRange);
  }
  return Value(std::make_shared<RangeObject>(start, stop, step, static_cast<int64_t>(length)));
}

// dict(mapping or pairs, **more)
Dict MakeDict(Runtime& rt, const char* name, const Args& args) {
  Dict dict;
  if (args.positional.size() > 1) {
    Fail("{} expected at most 1 argument, got {}", name, args.positional.size());
  }
  if (!args.positional.empty()) {
    const Value& from = args.positional[0];
    if (from.is_undefined()) {
      // Python asks it for its keys(), which an undefined value refuses.
      Fail("{}", from.as<UndefinedObject>().Message());
    }
    if (from.is(Type::kDict)) {
      rt.Charge(static_cast<int64_t>(from.as<DictObject>().dict.size()));
      dict = from.as<DictObject>().dict;
    } else {
      Iterator it(rt, from);
      for (Value item; it.Next(&item);) {
        const std::vector<Value> pair = ToVector(rt, item);
        if (pair.size() != 2) {
          Fail("dictionary update sequence element has length {}; 2 is required", pair.size());
        }
        if (!IsHashable(pair[0])) Fail("unhashable type: '{}'", TypeName(pair[0]));
        dict.Set(pair[0], pair[1]);
      }
    }
  }
  for (const auto& [key, value] : args.named) dict.Set(rt.Text(key), value);
  return dict;
}

Value DictGlobal(Runtime& rt, const Value&, const Args& args) {
  return rt.Dictionary(MakeDict(rt, "dict", args));
}

Value Namespace(Runtime& rt, const Value&, const Args& args) {
  auto object = std::make_shared<NamespaceObject>();
  object->attributes = MakeDict(rt, "namespace", args);
  rt.ChargeBytes(sizeof(NamespaceObject) + object->attributes.size() * 4 * sizeof(Value));
  Value result{std::shared_ptr<Object>(std::move(object))};
  rt.Track(result);
  return result;
}

Value Cycler(Runtime& rt, const Value&, const Args& args) {
  if (!args.named.empty()) Fail("cycler() takes no keyword arguments");
  if (args.positional.empty()) Fail("at least one item has to be provided");
  rt.Charge(1);
  return Value(std::make_shared<CyclerObject>(args.positional, rt.DepthOver(args.positional)));
}

Value Joiner(Runtime& rt, const Value&, const Args& args) {
  const auto bound = Bind("joiner", args, {"sep"}, 0);
  const Value separator = bound[0].is_missing() ? Value::Text(", ") : bound[0];
  rt.Charge(1);
  return Value(std::make_shared<JoinerObject>(separator, rt.DepthOver(separator)));
}

Value Lipsum(Runtime&, const Value&, const Args&) {
  Fail("lipsum() makes random text, which is not supported in chat templates");
}

Value RaiseException(Runtime& rt, const Value&, const Args& args) {
  const auto bound = Bind("raise_exception", args, {"message"}, 1);
  throw Failure{StatusCode::kInvalidArgument, Str(rt, bound[0]), /*raised=*/true};
}

Value StrftimeNow(Runtime& rt, const Value&, const Args& args) {
  const auto bound = Bind("strftime_now", args, {"format"}, 1);
  if (!bound[0].is_str()) Fail("strftime() argument 1 must be str, not {}", TypeName(bound[0]));
  // A directive of a few bytes can become a kilobyte.
  rt.Charge(static_cast<int64_t>(bound[0].text().size()) * 8);
  return rt.Text(Strftime(bound[0].text(), rt.now()));
}

struct Entry {
  const char* name;
  Builtin function;
};
constexpr Entry kGlobals[] = {
    {"cycler", Cycler}, {"dict", DictGlobal},          {"joiner", Joiner},
    {"lipsum", Lipsum}, {"namespace", Namespace},      {"raise_exception", RaiseException},
    {"range", Range},   {"strftime_now", StrftimeNow},
};

}  // namespace

Value FindGlobal(Runtime& rt, std::string_view name) {
  for (const Entry& entry : kGlobals) {
    if (name == entry.name) return rt.Method(entry.name, entry.function, Value());
  }
  return Value::Missing();
}

}  // namespace frugal::jinja
