#include "formats/json.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/mapped_file.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxDepth = 128;

// What all flattened keys may cost together. Real files stay under a megabyte; without a bound a
// long path over many leaves would grow with the square of the file.
constexpr size_t kMaxFlatBytes = 64 << 20;

// Walks over the text and tells the builder how far the parser has read.
struct TrackingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** furthest;

  reference operator*() const { return *at; }
  TrackingIterator& operator++() {
    *furthest = ++at;
    return *this;
  }
  bool operator==(const TrackingIterator& other) const { return at == other.at; }
  bool operator!=(const TrackingIterator& other) const { return at != other.at; }
};

// Builds the value from the parser's events. The library's own builder would do, but for three
// things: it does not bound the depth, it keeps the last of duplicate keys silently, and it looks
// up every key by a linear search (hours on a vocabulary of 10^5 entries).
class JsonBuilder {
 public:
  // Events of nlohmann::json_sax; false stops the parser.
  bool null() { return Add(nullptr); }
  bool boolean(bool value) { return Add(value); }
  bool number_integer(int64_t value) { return Add(value); }
  bool number_unsigned(uint64_t value) { return Add(value); }
  bool number_float(double value, const std::string&) { return Add(value); }
  bool string(std::string& value) { return Add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // never in text
  bool start_object(size_t) { return Open(true); }
  bool start_array(size_t) { return Open(false); }

  bool key(std::string& name) {
    open_.back().members.emplace_back(std::move(name), nullptr);
    return true;
  }

  bool end_object() {
    if (const std::string* name = FindDuplicate(open_.back().members)) {
      return Refuse(
          fmt::format("duplicate key '{}' in the object that ends here", Printable(*name)));
    }
    Json::object_t object;
    object.reserve(open_.back().members.size());
    for (auto& [name, value] : open_.back().members) {
      object.emplace_back(std::move(name), std::move(value));
    }
    open_.pop_back();
    return Add(std::move(object));
  }

  bool end_array() {
    Json::array_t items = std::move(open_.back().items);
    open_.pop_back();
    return Add(std::move(items));
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...": we
    // give the place ourselves, so what matters comes after it.
    std::string_view what = error.what();
    if (const size_t id = what.find("] "); id != what.npos) what.remove_prefix(id + 2);
    if (what.starts_with("parse error at ")) what.remove_prefix(what.find(": ") + 2);
    return Refuse(Printable(what, 300));
  }

  const std::string& error() const { return error_; }
  Json& root() { return root_; }

 private:
  using Members = std::vector<std::pair<std::string, Json>>;

  struct Level {
    bool is_object;
    Members members;
    Json::array_t items;
  };

  // A key given twice, null when there is none. Sorting hashes takes a third of the time of a hash
  // set of the keys, which would dominate the reading of a vocabulary.
  static const std::string* FindDuplicate(const Members& members) {
    std::vector<std::pair<size_t, const std::string*>> hashed;
    hashed.reserve(members.size());
    for (const auto& [name, value] : members) {
      hashed.emplace_back(std::hash<std::string>()(name), &name);
    }
    std::sort(hashed.begin(), hashed.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : *a.second < *b.second;
    });
    const auto same = [](const auto& a, const auto& b) {
      return a.first == b.first && *a.second == *b.second;
    };
    const auto it = std::adjacent_find(hashed.begin(), hashed.end(), same);
    return it == hashed.end() ? nullptr : it->second;
  }

  bool Refuse(std::string error) {
    error_ = std::move(error);
    return false;
  }

  bool Open(bool is_object) {
    if (open_.size() == kMaxDepth) {
      return Refuse(fmt::format("nested deeper than {} levels", kMaxDepth));
    }
    open_.push_back({is_object});
    return true;
  }

  bool Add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().members.back().second = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Level> open_;
  Json root_;
  std::string error_;
};

// `end` is just past the last character read.
Status ErrorAt(const std::string& text, const std::string& name, const char* end,
               const std::string& what) {
  const char* begin = text.data();
  const char* at = end > begin ? end - 1 : begin;
  const char* line = at;
  while (line > begin && line[-1] != '\n') --line;
  return Error(StatusCode::kCorrupt, "{}: line {}, column {}: {}", name,
               1 + std::count(begin, line, '\n'), at - line + 1, what);
}

class Flattener {
 public:
  explicit Flattener(const std::string& name) : name_(name) {}

  Status AddMember(const std::string& key, const Json& value, size_t depth) {
    const size_t length = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += key;
    Status status = AddValue(value, depth);
    path_.resize(length);
    return status;
  }

  Metadata Take() { return std::move(metadata_); }

 private:
  Status AddValue(const Json& value, size_t depth) {
    if (depth > kMaxDepth) {
      return Error(StatusCode::kCorrupt, "{}: key '{}': nested deeper than {} levels", name_,
                   Printable(path_), kMaxDepth);
    }
    switch (value.type()) {
      case Json::value_t::object:
        return AddObject(value, depth);
      case Json::value_t::array:
        return AddArray(value, depth);
      case Json::value_t::boolean:
        return Put(value.get<bool>());
      case Json::value_t::number_integer:
        return Put(value.get<int64_t>());
      case Json::value_t::number_unsigned: {
        const auto number = value.get<uint64_t>();
        if (number > INT64_MAX) return Put(number);
        return Put(static_cast<int64_t>(number));
      }
      case Json::value_t::number_float:
        return Put(value.get<double>());
      case Json::value_t::string:
        return Put(value.get<std::string>());
      default:
        return Put(MetaNull());
    }
  }

  Status AddObject(const Json& object, size_t depth) {
    if (object.empty()) return Put(MetaNull());
    for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
      RETURN_IF_ERROR(AddMember(key, value, depth + 1));
    }
    return OkStatus();
  }

  Status AddArray(const Json& array, size_t depth) {
    const auto all = [&](auto is) { return std::all_of(array.begin(), array.end(), is); };
    const auto is_int64 = [](const Json& v) {
      return v.is_number_integer() && !(v.is_number_unsigned() && v.get<uint64_t>() > INT64_MAX);
    };
    if (all(is_int64)) return Put(array.get<std::vector<int64_t>>());
    if (all([](const Json& v) { return v.is_number_integer(); })) {
      return Error(StatusCode::kUnsupported,
                   "{}: key '{}': a list holds an integer of 2^63 or more", name_,
                   Printable(path_));
    }
    if (all([](const Json& v) { return v.is_number(); })) {
      return Put(array.get<std::vector<double>>());
    }
    if (all([](const Json& v) { return v.is_boolean(); })) {
      return Put(array.get<std::vector<bool>>());
    }
    if (all([](const Json& v) { return v.is_string(); })) {
      return Put(array.get<std::vector<std::string>>());
    }
    size_t i = 0;
    for (const Json& value : array) {
      RETURN_IF_ERROR(AddMember(fmt::format("{}", i++), value, depth + 1));
    }
    return OkStatus();
  }

  Status Put(MetaValue value) {
    constexpr size_t kEntryBytes = 128;  // a map node, about
    flat_bytes_ += path_.size() + kEntryBytes;
    if (flat_bytes_ > kMaxFlatBytes) {
      return Error(StatusCode::kResourceExhausted,
                   "{}: key '{}': the flattened keys take more than {} bytes; is this a "
                   "configuration file?",
                   name_, Printable(path_), kMaxFlatBytes);
    }
    if (!metadata_.values.emplace(path_, std::move(value)).second) {
      return Error(StatusCode::kCorrupt, "{}: key '{}' is given twice, once with a dot in its name",
                   name_, Printable(path_));
    }
    return OkStatus();
  }

  const std::string& name_;
  std::string path_;
  size_t flat_bytes_ = 0;
  Metadata metadata_;
};

}  // namespace

Result<Json> ParseJson(const std::string& text, const std::string& name) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  // The library takes a NUL for the end of the text and would ignore what follows.
  if (const void* nul = std::memchr(begin, 0, text.size())) {
    return ErrorAt(text, name, static_cast<const char*>(nul) + 1, "a NUL byte; is this text?");
  }
  const char* furthest = begin;
  JsonBuilder builder;
  try {
    if (Json::sax_parse(TrackingIterator{begin, &furthest}, TrackingIterator{end, &furthest},
                        &builder)) {
      return std::move(builder.root());
    }
  } catch (const std::exception& error) {  // out of memory
    return Error(StatusCode::kResourceExhausted, "{}: {}", name, error.what());
  }
  return ErrorAt(text, name, furthest, builder.error());
}

Result<Json> ReadJsonFile(const std::string& path, int64_t max_bytes) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, max_bytes));
  return ParseJson(text, path);
}

Result<Metadata> FlattenJson(const Json& json, const std::string& name) {
  if (!json.is_object()) {
    return Error(StatusCode::kCorrupt, "{}: expected an object at the top level, found {}", name,
                 json.type_name());
  }
  Flattener flattener(name);
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>()) {
    RETURN_IF_ERROR(flattener.AddMember(key, value, 1));
  }
  return flattener.Take();
}

}  // namespace frugal
