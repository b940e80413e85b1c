// Reads a tokenizer.json: its vocabulary and merges, which are nearly all of it, straight into
// lists; the rest as a JSON value.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace frugal {

struct HfDocument {
  std::shared_ptr<const nlohmann::json> root;  // without model.vocab and model.merges

  struct Entry {
    std::string text;
    int64_t id = 0;    // its place, where the vocabulary is a list
    double score = 0;  // where the vocabulary is a list of [piece, score]
  };
  std::vector<Entry> vocab;
  bool vocab_is_list = false;
  std::vector<std::pair<std::string, std::string>> merges;
  bool has_vocab = false, has_merges = false;
};

// `name` is the file's, for messages. kCorrupt for what is no JSON (with line and column), nests
// deeper than 128 levels, or whose vocabulary or merges are not of the published form.
Result<HfDocument> ParseHfDocument(const std::string& text, const std::string& name);

// A vocab.json: one object from tokens to ids. Fills `vocab` only.
Result<HfDocument> ParseVocabJson(const std::string& text, const std::string& name);

}  // namespace frugal
