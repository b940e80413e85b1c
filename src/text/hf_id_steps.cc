#include "text/hf_id_steps.h"

#include <nlohmann/json.hpp>

#include "text/hf_fields.h"
#include "text/hf_text_steps.h"
#include "text/unicode.h"

namespace frugal {
namespace {

using nlohmann::json;

constexpr size_t kMaxSteps = 64;
constexpr size_t kMaxFrame = 1024;

Result<int32_t> TokenId(const json& value, const std::string& path) {
  if (!value.is_number_integer()) return WrongType(value, path, "a token id");
  const auto id = value.get<int64_t>();
  if (id < 0 || id > INT32_MAX) {
    return Error(StatusCode::kCorrupt, "{}: id {} is out of range", path, id);
  }
  return static_cast<int32_t>(id);
}

// "sep": ["[SEP]", 102]
Result<int32_t> NamedToken(const json& object, const char* key, const std::string& path) {
  ASSIGN_OR_RETURN(const json* pair, ArrayField(object, key, path));
  if (pair->size() != 2) {
    return Error(StatusCode::kCorrupt, "{}.{}: expected [token, id]", path, key);
  }
  return TokenId((*pair)[1], path + "." + key + "[1]");
}

Status AddTemplate(const json& value, const std::string& path, TokenFrame* frame) {
  ASSIGN_OR_RETURN(const json* single, ArrayField(value, "single", path));
  TokenFrame own;
  bool seen_text = false;
  for (size_t i = 0; i < single->size(); ++i) {
    const json& element = (*single)[i];
    const std::string place = fmt::format("{}.single[{}]", path, i);
    RETURN_IF_ERROR(ExpectObject(element, place));
    if (const json* sequence = FindField(element, "Sequence")) {
      ASSIGN_OR_RETURN(const std::string id, StringField(*sequence, "id", place + ".Sequence"));
      if (id != "A" || seen_text) {
        return Error(StatusCode::kUnsupported, "{}: expected sequence A once, found {}", place, id);
      }
      seen_text = true;
      continue;
    }
    const json* special = FindField(element, "SpecialToken");
    if (special == nullptr) {
      return Error(StatusCode::kCorrupt, "{}: expected a Sequence or a SpecialToken", place);
    }
    ASSIGN_OR_RETURN(const std::string name, StringField(*special, "id", place + ".SpecialToken"));
    const json* tokens = FindField(value, "special_tokens");
    const json* token = tokens == nullptr ? nullptr : FindField(*tokens, name.c_str());
    const std::string field = path + ".special_tokens." + name;
    if (token == nullptr) return Error(StatusCode::kCorrupt, "{} is missing", field);
    ASSIGN_OR_RETURN(const json* ids, ArrayField(*token, "ids", field));
    for (const json& id : *ids) {
      ASSIGN_OR_RETURN(const int32_t number, TokenId(id, field + ".ids"));
      (seen_text ? own.suffix : own.prefix).push_back(number);
    }
  }
  if (!seen_text) return Error(StatusCode::kCorrupt, "{}.single: sequence A is missing", path);
  frame->prefix.insert(frame->prefix.begin(), own.prefix.begin(), own.prefix.end());
  frame->suffix.insert(frame->suffix.end(), own.suffix.begin(), own.suffix.end());
  if (frame->prefix.size() + frame->suffix.size() > kMaxFrame) {
    return Error(StatusCode::kUnsupported, "{}: more than {} tokens around a text", path,
                 kMaxFrame);
  }
  return OkStatus();
}

Status AddPostProcessor(const json& value, const std::string& path, TokenFrame* frame) {
  RETURN_IF_ERROR(ExpectObject(value, path));
  ASSIGN_OR_RETURN(const std::string type, StringField(value, "type", path));
  if (type == "Sequence") {
    ASSIGN_OR_RETURN(const json* list, ArrayField(value, "processors", path));
    for (size_t i = 0; i < list->size(); ++i) {
      RETURN_IF_ERROR(
          AddPostProcessor((*list)[i], fmt::format("{}.processors[{}]", path, i), frame));
    }
    return OkStatus();
  }
  if (type == "ByteLevel") return OkStatus();  // trims offsets, which we do not give
  if (type == "TemplateProcessing") return AddTemplate(value, path, frame);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    ASSIGN_OR_RETURN(const int32_t cls, NamedToken(value, "cls", path));
    ASSIGN_OR_RETURN(const int32_t sep, NamedToken(value, "sep", path));
    frame->prefix.insert(frame->prefix.begin(), cls);
    frame->suffix.push_back(sep);
    return OkStatus();
  }
  return Error(StatusCode::kUnsupported, "{}.type: '{}' is not known", path, type);
}

// What the steps so far give: one string per token, or one for the whole text.
struct DecoderBuilder {
  TokenDecoder decoder;
  bool fused = false;
  size_t growth = 1;  // how many times longer than a token its text can be

  Status Add(const json& value, const std::string& path);

 private:
  Status AddStrip(const json& value, const std::string& path);
  Status AddReplace(const json& value, const std::string& path);
  Status AddMetaspace(const json& value, const std::string& path);
};

Status DecoderBuilder::Add(const json& value, const std::string& path) {
  RETURN_IF_ERROR(ExpectObject(value, path));
  ASSIGN_OR_RETURN(const std::string type, StringField(value, "type", path));
  if (type == "Sequence") {
    ASSIGN_OR_RETURN(const json* list, ArrayField(value, "decoders", path));
    for (size_t i = 0; i < list->size(); ++i) {
      RETURN_IF_ERROR(Add((*list)[i], fmt::format("{}.decoders[{}]", path, i)));
    }
    return OkStatus();
  }
  if (type == "Fuse") {
    fused = true;
    return OkStatus();
  }
  if (type == "Strip") return AddStrip(value, path);
  if (decoder.steps.size() >= kMaxSteps) {
    return Error(StatusCode::kUnsupported, "{}: more than {} steps", path, kMaxSteps);
  }
  if (fused) {
    return Error(StatusCode::kUnsupported, "{}: '{}' after the tokens are fused", path, type);
  }
  if (type == "ByteLevel") {
    decoder.steps.emplace_back(ByteLevelDecode{});
    fused = true;
    return OkStatus();
  }
  if (type == "ByteFallback") {
    decoder.steps.emplace_back(ByteFallbackDecode{});
    decoder.replace_each_byte = true;
    return OkStatus();
  }
  if (type == "Replace") return AddReplace(value, path);
  if (type == "Metaspace") return AddMetaspace(value, path);
  if (type == "WordPiece") {
    WordPieceDecode step;
    ASSIGN_OR_RETURN(step.prefix, StringFieldOr(value, "prefix", path, "##"));
    ASSIGN_OR_RETURN(step.cleanup, BoolFieldOr(value, "cleanup", path, true));
    decoder.steps.emplace_back(std::move(step));
    return OkStatus();
  }
  return Error(StatusCode::kUnsupported, "{}.type: '{}' is not known", path, type);
}

Status DecoderBuilder::AddStrip(const json& value, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string content, StringField(value, "content", path));
  ASSIGN_OR_RETURN(const int64_t start, IntFieldOr(value, "start", path, 0));
  ASSIGN_OR_RETURN(const int64_t stop, IntFieldOr(value, "stop", path, 0));
  if (content.empty() || DecodeUtf8(content, 0).bytes != static_cast<int>(content.size())) {
    return Error(StatusCode::kCorrupt, "{}.content: expected one character, found '{}'", path,
                 content);
  }
  if (stop != 0) {
    return Error(StatusCode::kUnsupported, "{}.stop: expected 0, found {}", path, stop);
  }
  if (!fused) {
    decoder.steps.emplace_back(StripDecode{content, start});
    return OkStatus();
  }
  if (decoder.strip_start != 0) {
    return Error(StatusCode::kUnsupported, "{}: a second Strip of the whole text", path);
  }
  decoder.strip = content;
  decoder.strip_start = start;
  return OkStatus();
}

Status DecoderBuilder::AddReplace(const json& value, const std::string& path) {
  ASSIGN_OR_RETURN(HfPattern pattern, ParseHfPattern(value, path));
  ReplaceDecode step{std::move(pattern.text), std::move(pattern.regex), {}};
  ASSIGN_OR_RETURN(step.content, StringField(value, "content", path));
  // Tokens are decoded in advance, so a file must not make them grow without bound.
  constexpr size_t kMaxGrowth = 256;
  growth *= step.content.size() + 1;
  if (growth > kMaxGrowth) {
    return Error(StatusCode::kUnsupported, "{}.content: a text could grow {} times; at most {}",
                 path, growth, kMaxGrowth);
  }
  decoder.steps.emplace_back(std::move(step));
  return OkStatus();
}

Status DecoderBuilder::AddMetaspace(const json& value, const std::string& path) {
  MetaspaceDecode step;
  ASSIGN_OR_RETURN(step.replacement,
                   StringFieldOr(value, "replacement", path, std::string(kMetaSpace)));
  if (step.replacement.empty()) {
    return Error(StatusCode::kCorrupt, "{}.replacement is empty", path);
  }
  ASSIGN_OR_RETURN(const bool add_prefix_space, BoolFieldOr(value, "add_prefix_space", path, true));
  ASSIGN_OR_RETURN(const std::string scheme, StringFieldOr(value, "prepend_scheme", path,
                                                           add_prefix_space ? "always" : "never"));
  step.drop_in_first = scheme != "never";
  decoder.steps.emplace_back(std::move(step));
  return OkStatus();
}

}  // namespace

Result<TokenFrame> ParsePostProcessor(const json& value) {
  TokenFrame frame;
  if (!value.is_null()) RETURN_IF_ERROR(AddPostProcessor(value, "post_processor", &frame));
  return frame;
}

Result<TokenDecoder> ParseDecoder(const json& value) {
  DecoderBuilder builder;
  if (value.is_null()) {
    builder.decoder.steps.emplace_back(JoinWithSpaces{});
  } else {
    RETURN_IF_ERROR(builder.Add(value, "decoder"));
  }
  return std::move(builder.decoder);
}

}  // namespace frugal
