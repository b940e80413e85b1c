#include "text/corpus.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>

#include "formats/utf8.h"

namespace frugal {
namespace {

using Json = nlohmann::json;

// What a thread takes at a time: the lines that begin in so many bytes.
constexpr size_t kChunkBytes = size_t{1} << 18;

struct Chunk {
  const CorpusFile* file;
  size_t begin, end;
};

// The first problem by its place, whichever thread meets one first.
struct FirstProblem {
  std::mutex mutex;
  const CorpusFile* file = nullptr;
  size_t at = 0;
  std::string what;

  void Note(const CorpusFile& in, size_t place, std::string message) {
    const std::lock_guard lock(mutex);
    if (file != nullptr && std::pair(file, at) <= std::pair(&in, place)) return;
    file = &in;
    at = place;
    what = std::move(message);
  }

  Status ToStatus() const {
    if (file == nullptr) return OkStatus();
    const std::string_view before = file->text().substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return Error(StatusCode::kCorrupt, "{}: line {}: {}", file->name, line, what);
  }
};

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

using Visit = std::function<void(std::string_view)>;

// "" or what is wrong.
std::string VisitField(const Json& object, const std::string& field, const Visit& visit) {
  const auto it = object.find(field);
  if (it == object.end() || !it->is_string()) {
    return fmt::format("expected an object with a string \"{}\"", Printable(field));
  }
  visit(it->get_ref<const std::string&>());
  return "";
}

std::string VisitMessages(const Json& messages, const Visit& visit) {
  if (!messages.is_array()) return "expected a list of messages";
  for (const Json& message : messages) {
    if (!message.is_object()) return "expected messages to be objects";
    const std::string problem = VisitField(message, "content", visit);
    if (!problem.empty()) return "message: " + problem;
  }
  return "";
}

std::string VisitJsonLine(std::string_view line, const CorpusOptions& options, const Visit& visit) {
  // The parser refuses strings that are not UTF-8.
  const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) {
    return fmt::format("expected one JSON object, found '{}'", Printable(line, 60));
  }
  if (!object.is_object()) return "expected a JSON object";
  if (options.fields.empty()) {
    if (const auto it = object.find("messages"); it != object.end() && !object.contains("text")) {
      return VisitMessages(*it, visit);
    }
    const std::string problem = VisitField(object, "text", visit);
    return problem.empty() ? "" : problem + "; --field names another member";
  }
  for (const std::string& field : options.fields) {
    std::string problem = VisitField(object, field, visit);
    if (!problem.empty()) return problem;
  }
  return "";
}

std::string VisitLine(const CorpusFile& file, std::string_view line, const CorpusOptions& options,
                      const Visit& visit) {
  if (file.format == CorpusFormat::kJsonl) {
    return IsBlank(line) ? "" : VisitJsonLine(line, options, visit);
  }
  if (!IsValidUtf8(line)) return "expected UTF-8 text; which encoding is this file in?";
  visit(line);
  return "";
}

void VisitChunk(const Chunk& chunk, const CorpusOptions& options, const Visit& visit,
                FirstProblem* problem) {
  const std::string_view text = chunk.file->text();
  if (chunk.file->format == CorpusFormat::kWhole) {
    if (IsValidUtf8(text)) return visit(text);
    for (size_t at = 0; at < text.size();) {  // which line is it?
      const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      if (!IsValidUtf8(text.substr(at, end - at))) {
        return problem->Note(*chunk.file, at, "expected UTF-8 text");
      }
      at = end;
    }
    return;
  }
  size_t at = chunk.begin;
  if (at > 0) {  // a line that began in the chunk before is that one's
    at = text.find('\n', at - 1);
    at = at == std::string_view::npos ? text.size() : at + 1;
  }
  while (at < chunk.end) {
    const size_t newline = text.find('\n', at);
    const size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string what = VisitLine(*chunk.file, text.substr(at, end - at), options, visit);
    if (!what.empty()) return problem->Note(*chunk.file, at, std::move(what));
    at = end;
  }
}

}  // namespace

std::string_view CorpusFile::text() const {
  if (file.path().empty()) return owned;
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

Result<CorpusFile> OpenCorpusFile(const std::string& path, const CorpusOptions& options) {
  CorpusFile corpus{.name = path, .format = options.format};
  ASSIGN_OR_RETURN(corpus.file, MappedFile::Open(path));
  if (corpus.format == CorpusFormat::kAuto) {
    const bool jsonl =
        path.ends_with(".jsonl") || path.ends_with(".ndjson") || path.ends_with(".json");
    corpus.format = jsonl ? CorpusFormat::kJsonl : CorpusFormat::kLines;
  }
  return corpus;
}

CorpusFile CorpusFromText(std::string text, const std::string& name, const CorpusOptions& options) {
  CorpusFile corpus{.name = name, .format = options.format, .owned = std::move(text)};
  if (corpus.format == CorpusFormat::kAuto) {
    corpus.format = corpus.owned.starts_with('{') ? CorpusFormat::kJsonl : CorpusFormat::kLines;
  }
  return corpus;
}

Status ReadCorpus(const std::vector<CorpusFile>& files, const CorpusOptions& options,
                  ThreadTeam& team, const std::function<void(int, std::string_view)>& visit) {
  std::vector<Chunk> chunks;
  for (const CorpusFile& file : files) {
    const size_t size = file.text().size();
    const size_t step =
        file.format == CorpusFormat::kWhole ? std::max<size_t>(size, 1) : kChunkBytes;
    for (size_t at = 0; at < size; at += step) {
      chunks.push_back({&file, at, std::min(size, at + step)});
    }
  }
  FirstProblem problem;
  std::atomic<size_t> next{0};
  team.Run([&](int thread) {
    const Visit visit_here = [&](std::string_view document) { visit(thread, document); };
    for (size_t i; (i = next.fetch_add(1)) < chunks.size();) {
      VisitChunk(chunks[i], options, visit_here, &problem);
    }
  });
  return problem.ToStatus();
}

}  // namespace frugal
