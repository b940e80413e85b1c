#include "text/hf_document.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace frugal {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 128;

// "line 3, column 14" of a byte offset.
std::string Place(const std::string& text, size_t offset) {
  offset = std::min(offset, text.size());
  const auto line = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(offset), '\n');
  const size_t newline = offset == 0 ? std::string::npos : text.rfind('\n', offset - 1);
  const size_t column = newline == std::string::npos ? offset : offset - newline - 1;
  return fmt::format("line {}, column {}", line + 1, column + 1);
}

// Takes the parser's events. Where the path is that of the vocabulary or the merges, their
// elements go to the lists; everything else builds a JSON value.
class Builder : public nlohmann::json_sax<json> {
 public:
  Builder(const std::string& text, bool whole_is_vocab)
      : text_(text), whole_is_vocab_(whole_is_vocab) {}

  Result<HfDocument> Finish(const std::string& name) {
    if (!status_.ok()) return status_.WithContext(name);
    document_.root = std::make_shared<const json>(std::move(root_));
    return std::move(document_);
  }
  const Status& status() const { return status_; }

  bool null() override { return Scalar(nullptr, "null"); }
  bool boolean(bool value) override { return Scalar(value, "a boolean"); }
  bool number_integer(number_integer_t value) override { return Number(value, value, false); }
  bool number_unsigned(number_unsigned_t value) override {
    const bool fits = value <= static_cast<uint64_t>(INT64_MAX);
    return Number(value, fits ? static_cast<int64_t>(value) : -1, false);
  }
  bool number_float(number_float_t value, const string_t&) override {
    return Number(value, -1, true);
  }
  bool binary(binary_t&) override { return Fail("binary values are not JSON"); }
  bool string(string_t& value) override {
    if (list_ == List::kNone) return Add(json(std::move(value)));
    return ListString(std::move(value));
  }

  bool start_object(size_t) override {
    if (list_ != List::kNone) return Fail("expected a string or a number, found an object");
    if (++depth_ > kMaxDepth) return Fail("nesting is deeper than 128 levels");
    if (AtVocab()) {
      if (document_.has_vocab) return Fail("the vocabulary is there twice");
      document_.has_vocab = true;
      list_ = List::kVocabObject;
      list_depth_ = depth_;
      return true;
    }
    return Open(json::object());
  }
  bool end_object() override { return End(); }
  bool start_array(size_t) override {
    if (++depth_ > kMaxDepth) return Fail("nesting is deeper than 128 levels");
    if (list_ == List::kVocabObject) return Fail("expected a token's id, found a list");
    if (list_ != List::kNone) {
      if (depth_ > list_depth_ + 1) return Fail("lists nest too deep here");
      pair_.clear();
      pair_score_.reset();
      return true;
    }
    if (AtVocab() && !whole_is_vocab_) {
      if (document_.has_vocab) return Fail("the vocabulary is there twice");
      document_.has_vocab = document_.vocab_is_list = true;
      list_ = List::kVocabList;
      list_depth_ = depth_;
      return true;
    }
    if (!whole_is_vocab_ && AtPath("merges")) {
      if (document_.has_merges) return Fail("the merges are there twice");
      document_.has_merges = true;
      list_ = List::kMerges;
      list_depth_ = depth_;
      return true;
    }
    return Open(json::array());
  }
  bool end_array() override {
    if (list_ != List::kNone && depth_ == list_depth_ + 1) {
      --depth_;
      return EndPair();
    }
    return End();
  }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool parse_error(size_t position, const std::string&, const json::exception& error) override {
    std::string_view what = error.what();
    const size_t colon = what.find(": ");  // "[json.exception.parse_error.101] parse error at …: …"
    if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
    status_ = Error(StatusCode::kCorrupt, "not valid JSON at {}: {}",
                    Place(text_, position == 0 ? 0 : position - 1), what);
    return false;
  }

  bool Fail(std::string_view message) {
    std::string where = whole_is_vocab_ ? "" : AtPathPrefix();
    if (!where.empty()) where += ": ";
    status_ = Error(StatusCode::kCorrupt, "{}{}", where, message);
    return false;
  }

 private:
  enum class List { kNone, kVocabObject, kVocabList, kMerges };

  std::string AtPathPrefix() const {
    switch (list_) {
      case List::kVocabObject:
        return fmt::format("model.vocab['{}']", key_);
      case List::kVocabList:
        return fmt::format("model.vocab[{}]", document_.vocab.size());
      case List::kMerges:
        return fmt::format("model.merges[{}]", document_.merges.size());
      case List::kNone:
        return "";
    }
    return "";
  }
  // Whether what starts now is the value of that key of "model" at the top.
  bool AtPath(std::string_view member) const {
    return stack_.size() == 2 && stack_[1] == model_ && model_ != nullptr && key_ == member;
  }
  bool AtVocab() const { return whole_is_vocab_ ? stack_.empty() : AtPath("vocab"); }

  // Puts a value where the parser is; gives where it now lies.
  json* Put(json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    json& slot = parent[key_];
    slot = std::move(value);
    return &slot;
  }
  bool Add(json value) {
    if (whole_is_vocab_) return Fail("expected an object from tokens to ids");
    Put(std::move(value));
    return true;
  }
  bool Open(json value) {
    if (whole_is_vocab_) return Fail("expected an object from tokens to ids");
    const bool is_model = stack_.size() == 1 && key_ == "model";
    stack_.push_back(Put(std::move(value)));
    if (is_model) model_ = stack_.back();
    return true;
  }
  bool End() {
    --depth_;
    if (list_ != List::kNone) {
      list_ = List::kNone;
    } else {
      stack_.pop_back();
    }
    return true;
  }

  bool Scalar(json value, std::string_view what) {
    if (list_ != List::kNone) return Fail(fmt::format("expected a token, found {}", what));
    return Add(std::move(value));
  }
  bool Number(json value, int64_t integer, bool is_float) {
    switch (list_) {
      case List::kNone:
        return Add(std::move(value));
      case List::kVocabObject:
        if (integer < 0 || is_float) return Fail("expected an id, found another number");
        document_.vocab.push_back({key_, integer, 0});
        return true;
      case List::kVocabList:
        if (depth_ != list_depth_ + 1 || pair_.size() != 1 || pair_score_) {
          return Fail("expected [piece, score]");
        }
        pair_score_ = value.get<double>();
        return true;
      case List::kMerges:
        return Fail("expected a pair of tokens, found a number");
    }
    return false;
  }
  bool ListString(std::string value) {
    if (list_ == List::kVocabObject) return Fail("expected a token's id, found a string");
    if (depth_ == list_depth_ + 1) {
      pair_.push_back(std::move(value));
      return pair_.size() <= 2 || Fail("expected two elements");
    }
    if (list_ == List::kVocabList) return Fail("expected [piece, score], found a string");
    // "a b", the older form of merges.
    const size_t space = value.find(' ');
    if (space == std::string::npos || value.find(' ', space + 1) != std::string::npos) {
      return Fail(fmt::format("expected two tokens with one space between, found '{}'", value));
    }
    document_.merges.emplace_back(value.substr(0, space), value.substr(space + 1));
    return true;
  }
  bool EndPair() {
    if (list_ == List::kMerges) {
      if (pair_.size() != 2) return Fail("expected two tokens");
      document_.merges.emplace_back(std::move(pair_[0]), std::move(pair_[1]));
      return true;
    }
    if (pair_.size() != 1 || !pair_score_ || !std::isfinite(*pair_score_)) {
      return Fail("expected [piece, score]");
    }
    document_.vocab.push_back(
        {std::move(pair_[0]), static_cast<int64_t>(document_.vocab.size()), *pair_score_});
    return true;
  }

  const std::string& text_;
  bool whole_is_vocab_;
  HfDocument document_;
  Status status_;
  json root_;
  std::vector<json*> stack_;  // the open objects and arrays that build values
  json* model_ = nullptr;
  std::string key_;
  size_t depth_ = 0;
  List list_ = List::kNone;
  size_t list_depth_ = 0;
  std::vector<std::string> pair_;
  std::optional<double> pair_score_;
};

Result<HfDocument> Parse(const std::string& text, const std::string& name, bool whole_is_vocab) {
  Builder builder(text, whole_is_vocab);
  const bool ok = json::sax_parse(text, &builder);
  if (!ok && builder.status().ok()) builder.Fail("not valid JSON");
  return builder.Finish(name);
}

}  // namespace

Result<HfDocument> ParseHfDocument(const std::string& text, const std::string& name) {
  return Parse(text, name, /*whole_is_vocab=*/false);
}

Result<HfDocument> ParseVocabJson(const std::string& text, const std::string& name) {
  return Parse(text, name, /*whole_is_vocab=*/true);
}

}  // namespace frugal
