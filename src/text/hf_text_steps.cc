#include "text/hf_text_steps.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "text/base64.h"
#include "text/hf_fields.h"
#include "text/split_patterns.h"
#include "text/unicode.h"

namespace frugal {
namespace {

using nlohmann::json;

constexpr size_t kMaxSteps = 64;
// \w+|[^\w\s]+ as Rust means it, which "Whitespace" has built in.
constexpr std::string_view kWhitespacePattern = R"(\w+|[^\w\s]+)";

Status UnknownType(const std::string& path, const std::string& type) {
  return Error(StatusCode::kUnsupported, "{}.type: '{}' is not known", path, type);
}

// Calls parse(element, its path) for each element of the list `key`.
template <typename Parse>
Status ForEach(const json& object, const char* key, const std::string& path, const Parse& parse) {
  ASSIGN_OR_RETURN(const json* list, ArrayField(object, key, path));
  for (size_t i = 0; i < list->size(); ++i) {
    RETURN_IF_ERROR(parse((*list)[i], fmt::format("{}.{}[{}]", path, key, i)));
  }
  return OkStatus();
}

Status AddNormalizer(const json& value, const std::string& path, Normalizer* out) {
  RETURN_IF_ERROR(ExpectObject(value, path));
  const auto type_field = StringField(value, "type", path);
  if (!type_field.ok()) return type_field.status();
  const std::string& type = *type_field;
  if (type == "Sequence") {
    return ForEach(value, "normalizers", path, [out](const json& element, const std::string& p) {
      return AddNormalizer(element, p, out);
    });
  }
  if (out->steps.size() >= kMaxSteps) {
    return Error(StatusCode::kUnsupported, "{}: more than {} steps", path, kMaxSteps);
  }
  auto add = [out](NormalizerStep step) {
    out->steps.emplace_back(std::move(step));
    return OkStatus();
  };
  if (type == "NFC") return add(UnicodeForm::kNfc);
  if (type == "NFD") return add(UnicodeForm::kNfd);
  if (type == "NFKC") return add(UnicodeForm::kNfkc);
  if (type == "NFKD") return add(UnicodeForm::kNfkd);
  if (type == "Lowercase") return add(LowercaseStep{});
  if (type == "StripAccents") return add(StripAccentsStep{});
  if (type == "Nmt") return add(NmtStep{});
  if (type == "ByteLevel") return add(ByteLevelStep{});
  if (type == "Strip") {
    StripStep step;
    ASSIGN_OR_RETURN(step.left, BoolFieldOr(value, "strip_left", path, true));
    ASSIGN_OR_RETURN(step.right, BoolFieldOr(value, "strip_right", path, true));
    return add(step);
  }
  if (type == "Replace") {
    ASSIGN_OR_RETURN(HfPattern pattern, ParseHfPattern(value, path));
    ReplaceStep step;
    step.text = std::move(pattern.text);
    step.pattern = std::move(pattern.regex);
    ASSIGN_OR_RETURN(step.content, StringField(value, "content", path));
    return add(std::move(step));
  }
  if (type == "Prepend") {
    PrependStep step;
    ASSIGN_OR_RETURN(step.text, StringField(value, "prepend", path));
    return add(std::move(step));
  }
  if (type == "BertNormalizer") {
    BertStep step;
    ASSIGN_OR_RETURN(step.clean_text, BoolFieldOr(value, "clean_text", path, true));
    ASSIGN_OR_RETURN(step.handle_chinese_chars,
                     BoolFieldOr(value, "handle_chinese_chars", path, true));
    ASSIGN_OR_RETURN(step.lowercase, BoolFieldOr(value, "lowercase", path, true));
    // Null means: as lowercase.
    ASSIGN_OR_RETURN(step.strip_accents, BoolFieldOr(value, "strip_accents", path, step.lowercase));
    return add(step);
  }
  if (type == "Precompiled") {
    ASSIGN_OR_RETURN(const std::string base64,
                     StringFieldOr(value, "precompiled_charsmap", path, ""));
    const std::optional<std::string> blob = DecodeBase64(base64);
    if (!blob) {
      return Error(StatusCode::kCorrupt, "{}.precompiled_charsmap is not base64", path);
    }
    if (blob->empty()) return OkStatus();  // identity
    auto map = Charsmap::Parse(*blob);
    if (!map.ok()) return map.status().WithContext(path + ".precompiled_charsmap");
    return add(PrecompiledStep{std::make_shared<const Charsmap>(*std::move(map))});
  }
  return UnknownType(path, type);
}

Result<SplitBehavior> ParseBehavior(const json& value, const std::string& path,
                                    const std::string& fallback) {
  ASSIGN_OR_RETURN(const std::string name, StringFieldOr(value, "behavior", path, fallback));
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  return Error(StatusCode::kUnsupported, "{}.behavior: '{}' is not known", path, name);
}

Result<MetaspaceStep> ParseMetaspace(const json& value, const std::string& path) {
  MetaspaceStep step;
  ASSIGN_OR_RETURN(step.replacement,
                   StringFieldOr(value, "replacement", path, std::string(kMetaSpace)));
  if (DecodeUtf8(step.replacement, 0).bytes != static_cast<int>(step.replacement.size()) ||
      step.replacement.empty()) {
    return Error(StatusCode::kCorrupt, "{}.replacement: expected one character, found '{}'", path,
                 step.replacement);
  }
  ASSIGN_OR_RETURN(const bool add_prefix_space, BoolFieldOr(value, "add_prefix_space", path, true));
  ASSIGN_OR_RETURN(const std::string scheme, StringFieldOr(value, "prepend_scheme", path,
                                                           add_prefix_space ? "always" : "never"));
  if (scheme == "first") {
    step.prepend = MetaspaceStep::Prepend::kFirst;
  } else if (scheme == "never") {
    step.prepend = MetaspaceStep::Prepend::kNever;
  } else if (scheme != "always") {
    return Error(StatusCode::kUnsupported, "{}.prepend_scheme: '{}' is not known", path, scheme);
  }
  ASSIGN_OR_RETURN(step.split, BoolFieldOr(value, "split", path, true));
  return step;
}

Status AddPreTokenizer(const json& value, const std::string& path, PreTokenizer* out) {
  RETURN_IF_ERROR(ExpectObject(value, path));
  const auto type_field = StringField(value, "type", path);
  if (!type_field.ok()) return type_field.status();
  const std::string& type = *type_field;
  if (type == "Sequence") {
    return ForEach(value, "pretokenizers", path, [out](const json& element, const std::string& p) {
      return AddPreTokenizer(element, p, out);
    });
  }
  if (out->steps.size() >= kMaxSteps) {
    return Error(StatusCode::kUnsupported, "{}: more than {} steps", path, kMaxSteps);
  }
  auto add = [out](PreTokenizerStep step) {
    out->steps.emplace_back(std::move(step));
    return OkStatus();
  };
  if (type == "ByteLevel") {
    ASSIGN_OR_RETURN(const bool add_prefix_space,
                     BoolFieldOr(value, "add_prefix_space", path, true));
    ASSIGN_OR_RETURN(const bool use_regex, BoolFieldOr(value, "use_regex", path, true));
    if (add_prefix_space) out->steps.emplace_back(PrefixSpaceStep{});
    if (use_regex) {
      ASSIGN_OR_RETURN(SplitStep split, SplitAtMatches(kGpt2Pattern, RegexDialect::kOniguruma));
      out->steps.emplace_back(std::move(split));
    }
    return add(ToByteLevelStep{});
  }
  if (type == "Split") {
    ASSIGN_OR_RETURN(HfPattern pattern, ParseHfPattern(value, path));
    SplitStep step;
    step.pattern = std::move(pattern.regex);
    step.text = std::move(pattern.text);
    ASSIGN_OR_RETURN(step.behavior, ParseBehavior(value, path, ""));
    ASSIGN_OR_RETURN(step.invert, BoolFieldOr(value, "invert", path, false));
    return add(std::move(step));
  }
  if (type == "Digits") {
    ASSIGN_OR_RETURN(const bool individual, BoolFieldOr(value, "individual_digits", path, false));
    return add(CharClassStep{CharClass::kDigit,
                             individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous});
  }
  if (type == "Punctuation") {
    CharClassStep step{CharClass::kPunctuation, SplitBehavior::kIsolated};
    ASSIGN_OR_RETURN(step.behavior, ParseBehavior(value, path, "Isolated"));
    return add(step);
  }
  if (type == "WhitespaceSplit") {
    return add(CharClassStep{CharClass::kWhitespace, SplitBehavior::kRemoved});
  }
  if (type == "BertPreTokenizer") {
    out->steps.emplace_back(CharClassStep{CharClass::kWhitespace, SplitBehavior::kRemoved});
    return add(CharClassStep{CharClass::kPunctuation, SplitBehavior::kIsolated});
  }
  if (type == "Whitespace") {
    ASSIGN_OR_RETURN(SplitStep split, SplitAtMatches(kWhitespacePattern, RegexDialect::kFancy));
    split.behavior = SplitBehavior::kRemoved;
    split.invert = true;
    return add(std::move(split));
  }
  if (type == "Metaspace") {
    ASSIGN_OR_RETURN(MetaspaceStep step, ParseMetaspace(value, path));
    return add(std::move(step));
  }
  return UnknownType(path, type);
}

}  // namespace

Result<HfPattern> ParseHfPattern(const json& object, const std::string& path) {
  const std::string field = path + ".pattern";
  const json* pattern = FindField(object, "pattern");
  if (pattern == nullptr) return Error(StatusCode::kCorrupt, "{} is missing", field);
  RETURN_IF_ERROR(ExpectObject(*pattern, field));
  HfPattern result;
  if (FindField(*pattern, "Regex") != nullptr) {
    ASSIGN_OR_RETURN(const std::string text, StringField(*pattern, "Regex", field));
    auto regex = Regex::Compile(text, RegexDialect::kOniguruma);
    if (!regex.ok()) return regex.status().WithContext(field + ".Regex");
    result.regex = std::make_shared<const Regex>(*std::move(regex));
    return result;
  }
  ASSIGN_OR_RETURN(result.text, StringField(*pattern, "String", field));
  if (result.text.empty()) return Error(StatusCode::kCorrupt, "{}.String is empty", field);
  return result;
}

Result<Normalizer> ParseNormalizer(const json& value) {
  Normalizer normalizer;
  if (!value.is_null()) RETURN_IF_ERROR(AddNormalizer(value, "normalizer", &normalizer));
  return normalizer;
}

Result<PreTokenizer> ParsePreTokenizer(const json& value) {
  PreTokenizer pre_tokenizer;
  if (!value.is_null()) RETURN_IF_ERROR(AddPreTokenizer(value, "pre_tokenizer", &pre_tokenizer));
  return pre_tokenizer;
}

}  // namespace frugal
