#include "text/hf_tokenizer_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

Json PreTokenizerJson(const std::vector<std::string>& patterns) {
  Json steps = Json::array();
  for (const std::string& pattern : patterns) {
    steps.push_back({{"type", "Split"},
                     {"pattern", {{"Regex", pattern}}},
                     {"behavior", "Isolated"},
                     {"invert", false}});
  }
  steps.push_back({{"type", "ByteLevel"},
                   {"add_prefix_space", false},
                   {"trim_offsets", true},
                   {"use_regex", false}});
  return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

Json PostProcessor(const HfTokenizerFile& file) {
  if (!file.add_bos) {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", false},
            {"trim_offsets", false},
            {"use_regex", false}};
  }
  const auto at = std::ranges::find(file.special_tokens, *file.bos);
  CHECK(at != file.special_tokens.end());
  const Json bos = {{"SpecialToken", {{"id", *file.bos}, {"type_id", 0}}}};
  const auto text = [](const char* id, int type) {
    return Json{{"Sequence", {{"id", id}, {"type_id", type}}}};
  };
  Json tokens = Json::object();
  tokens[*file.bos] = {{"id", *file.bos},
                       {"ids", Json::array({at - file.special_tokens.begin()})},
                       {"tokens", Json::array({*file.bos})}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({bos, text("A", 0)})},
          {"pair", Json::array({bos, text("A", 0), text("B", 1)})},
          {"special_tokens", std::move(tokens)}};
}

Json AddedToken(const std::string& content) {
  return {{"content", content}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false},    {"normalized", false},  {"special", true}};
}

Json Model(const TrainedBpe& bpe) {
  Json vocab = Json::object();
  // Not by [], which would look through the whole object every time.
  auto& entries = vocab.get_ref<Json::object_t&>();
  entries.reserve(bpe.tokens.size());
  for (size_t id = 0; id < bpe.tokens.size(); ++id) entries.emplace_back(bpe.tokens[id], id);
  Json merges = Json::array();
  for (const auto& [left, right] : bpe.merges) {
    merges.push_back(Json::array({bpe.tokens[left], bpe.tokens[right]}));
  }
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", std::move(vocab)},
          {"merges", std::move(merges)}};
}

}  // namespace

Result<PreTokenizer> MakePreTokenizer(const std::vector<std::string>& patterns) {
  PreTokenizer pre_tokenizer;
  for (const std::string& pattern : patterns) {
    Result<SplitStep> step = SplitAtMatches(pattern, RegexDialect::kOniguruma);
    if (!step.ok()) {
      return step.status().WithContext(fmt::format("pattern '{}'", Printable(pattern)));
    }
    pre_tokenizer.steps.emplace_back(*std::move(step));
  }
  return pre_tokenizer;
}

std::string ToTokenizerJson(const HfTokenizerFile& file) {
  Json added = Json::array();
  for (size_t id = 0; id < file.special_tokens.size(); ++id) {
    Json token = {{"id", id}};
    token.update(AddedToken(file.special_tokens[id]));
    added.push_back(std::move(token));
  }
  const Json json = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", std::move(added)},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", PreTokenizerJson(file.patterns)},
                     {"post_processor", PostProcessor(file)},
                     {"decoder",
                      {{"type", "ByteLevel"},
                       {"add_prefix_space", true},
                       {"trim_offsets", true},
                       {"use_regex", true}}},
                     {"model", Model(file.bpe)}};
  return json.dump(2) + "\n";
}

std::string ToTokenizerConfig(const HfTokenizerFile& file) {
  Json json = {{"tokenizer_class", "PreTrainedTokenizerFast"},
               {"clean_up_tokenization_spaces", false}};
  Json decoder = Json::object();
  for (size_t id = 0; id < file.special_tokens.size(); ++id) {
    decoder[std::to_string(id)] = AddedToken(file.special_tokens[id]);
  }
  json["added_tokens_decoder"] = std::move(decoder);
  if (file.bos) json["bos_token"] = *file.bos;
  if (file.eos) json["eos_token"] = *file.eos;
  if (file.pad) json["pad_token"] = *file.pad;
  if (file.bos) json["add_bos_token"] = file.add_bos;
  if (!file.chat_template.empty()) json["chat_template"] = file.chat_template;
  return json.dump(2) + "\n";
}

}  // namespace frugal
