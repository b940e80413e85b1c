// Texts to train on: the documents of JSON Lines and plain text files.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/status.h"
#include "base/thread_team.h"

namespace frugal {

enum class CorpusFormat {
  kAuto,   // kJsonl for names that end in .jsonl, .ndjson or .json, else kLines
  kJsonl,  // one object per line
  kLines,  // every line, its newline included, is a document
  kWhole,  // the file is one document
};

struct CorpusOptions {
  CorpusFormat format = CorpusFormat::kAuto;
  // Members of a JSON Lines object that hold text; each is a document. Empty: "text", or without
  // one the contents of "messages".
  std::vector<std::string> fields;
};

// Owns its text, which is well-formed UTF-8 once its documents were read without an error.
struct CorpusFile {
  std::string name;
  CorpusFormat format = CorpusFormat::kLines;  // never kAuto
  MappedFile file;
  std::string owned;  // of a text that lies in no file

  std::string_view text() const;
};

// kNotFound, kIo.
Result<CorpusFile> OpenCorpusFile(const std::string& path, const CorpusOptions& options);

// A text that came another way (standard input), called `name` in messages. kAuto is kJsonl when
// it begins with '{', else kLines.
CorpusFile CorpusFromText(std::string text, const std::string& name, const CorpusOptions& options);

// Calls visit(thread, document) for every document, on all threads of the team; a document is valid
// during the call. Lines of white space alone are no documents of JSON Lines. kCorrupt for a line
// that is no JSON object, lacks its text or is not UTF-8: the first one of the first such file is
// named, with its number. visit must not throw.
Status ReadCorpus(const std::vector<CorpusFile>& files, const CorpusOptions& options,
                  ThreadTeam& team,
                  const std::function<void(int thread, std::string_view document)>& visit);

}  // namespace frugal
