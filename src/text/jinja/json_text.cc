#include "text/jinja/json_text.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "text/jinja/ops.h"
#include "text/jinja/repr.h"
#include "text/jinja/unicode.h"

namespace frugal::jinja {
namespace {

using Json = nlohmann::ordered_json;

Value FromJsonAt(Runtime& rt, const Json& json, const std::string& where, int depth) {
  if (depth > kMaxValueDepth) {
    FailLimit("{}: JSON nested more than {} deep", where, kMaxValueDepth);
  }
  const auto text = [&](const std::string& s) {
    if (const size_t bad = FindInvalidUtf8(s); bad != std::string::npos) {
      Fail("{}: expected UTF-8 text, found an invalid byte at offset {}", where, bad);
    }
    return rt.Text(s);
  };
  switch (json.type()) {
    case Json::value_t::null:
      return Value();
    case Json::value_t::boolean:
      return Value::Bool(json.get<bool>());
    case Json::value_t::number_integer:
      return Value::Integer(json.get<int64_t>());
    case Json::value_t::number_unsigned:
      return Value::Integer(json.get<uint64_t>());
    case Json::value_t::number_float:
      return Value::Float(json.get<double>());
    case Json::value_t::string:
      return text(json.get_ref<const std::string&>());
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) items.push_back(FromJsonAt(rt, item, where, depth + 1));
      return rt.List(std::move(items));
    }
    case Json::value_t::object: {
      Dict dict;
      for (const auto& [key, value] : json.items()) {
        dict.Set(text(key), FromJsonAt(rt, value, where, depth + 1));
      }
      return rt.Dictionary(std::move(dict));
    }
    default:
      Fail("{}: binary JSON values are not supported", where);
  }
}

std::string FloatJson(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-Infinity" : "Infinity";
  return FloatRepr(d);
}

class Writer {
 public:
  Writer(Runtime& rt, const JsonStyle& style) : rt_(rt), style_(style) {}

  void Write(const Value& v) {
    const size_t before = out_.size();
    switch (v.type()) {
      case Type::kNone:
        out_ += "null";
        break;
      case Type::kBool:
        out_ += v.boolean() ? "true" : "false";
        break;
      case Type::kInt:
        out_ += IntText(v.integer());
        break;
      case Type::kFloat:
        out_ += FloatJson(v.real());
        break;
      case Type::kStr:
        WriteText(v.text());
        break;
      case Type::kList:
      case Type::kTuple:
        WriteList(v.as<SequenceObject>().items);
        return;
      case Type::kDict:
        WriteDict(v.as<DictObject>().dict);
        return;
      default:
        Fail("Object of type {} is not JSON serializable", TypeName(v));
    }
    Pay(before);
  }

  std::string Take() { return std::move(out_); }

 private:
  void Pay(size_t before) {
    rt_.ChargeBytes(out_.size() - before);
    rt_.CheckSize(static_cast<int64_t>(out_.size()));
  }

  void WriteText(std::string_view text) {
    out_ += '"';
    for (size_t pos = 0; pos < text.size();) {
      const size_t at = pos;
      const auto c = static_cast<uint32_t>(NextCodePoint(text, &pos));
      switch (c) {
        case '"':
          out_ += "\\\"";
          continue;
        case '\\':
          out_ += "\\\\";
          continue;
        case '\n':
          out_ += "\\n";
          continue;
        case '\r':
          out_ += "\\r";
          continue;
        case '\t':
          out_ += "\\t";
          continue;
        case '\f':
          out_ += "\\f";
          continue;
        case '\b':
          out_ += "\\b";
          continue;
        default:
          break;
      }
      if (c < 0x20) {
        out_ += fmt::format("\\u{:04x}", c);
      } else if (!style_.ensure_ascii || c < 0x7F) {
        out_ += text.substr(at, pos - at);
      } else if (c < 0x10000) {
        out_ += fmt::format("\\u{:04x}", c);
      } else {
        out_ += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((c - 0x10000) >> 10),
                            0xDC00 + ((c - 0x10000) & 0x3FF));
      }
    }
    out_ += '"';
  }

  void NewLine() {
    if (!style_.pretty) return;
    const size_t before = out_.size();
    rt_.CheckSize(static_cast<int64_t>(style_.indent.size()) * level_);
    out_ += '\n';
    for (int i = 0; i < level_; ++i) out_ += style_.indent;
    Pay(before);
  }

  void WriteList(const std::vector<Value>& items) {
    out_ += '[';
    if (!items.empty()) {
      ++level_;
      bool first = true;
      for (const Value& item : items) {
        if (!first) out_ += style_.item_separator;
        first = false;
        NewLine();
        Write(item);
      }
      --level_;
      NewLine();
    }
    out_ += ']';
    rt_.Charge(1);
  }

  void WriteKey(const Value& key) {
    switch (key.type()) {
      case Type::kStr:
        return WriteText(key.text());
      case Type::kFloat:
        return WriteText(FloatJson(key.real()));
      case Type::kBool:
        return WriteText(key.boolean() ? "true" : "false");
      case Type::kNone:
        return WriteText("null");
      case Type::kInt:
        return WriteText(IntText(key.integer()));
      default:
        Fail("keys must be str, int, float, bool or None, not {}", TypeName(key));
    }
  }

  void WriteDict(const Dict& dict) {
    out_ += '{';
    if (dict.size() > 0) {
      ++level_;
      std::vector<Value> keys;
      for (const auto& entry : dict.entries()) keys.push_back(entry.first);
      if (style_.sort_keys) keys = SortedBy(rt_, keys, keys, /*reverse=*/false);
      bool first = true;
      for (const Value& key : keys) {
        const size_t before = out_.size();
        if (!first) out_ += style_.item_separator;
        first = false;
        NewLine();
        WriteKey(key);
        out_ += style_.key_separator;
        Pay(before);
        Write(*dict.Find(key));
      }
      --level_;
      NewLine();
    }
    out_ += '}';
    rt_.Charge(1);
  }

  Runtime& rt_;
  const JsonStyle& style_;
  std::string out_;
  int level_ = 0;
};

}  // namespace

Value FromJson(Runtime& rt, const Json& json, const std::string& where) {
  return FromJsonAt(rt, json, where, 1);
}

std::string ToJson(Runtime& rt, const Value& v, const JsonStyle& style) {
  Writer writer(rt, style);
  writer.Write(v);
  return writer.Take();
}

}  // namespace frugal::jinja
