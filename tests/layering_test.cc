// The rules of the house that a machine can check: which folder may include which, no cycles, a
// test beside every source, files of a readable length, nothing unfinished and nobody's own paths.
// The checks are functions from a tree (path → text) to complaints, so that they are tested on
// small broken trees as well as run on the real one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

using Tree = std::map<std::string, std::string>;  // path from the checkout's root → text
using Complaints = std::vector<std::string>;

constexpr int kMaxLines = 700;

// The table of docs/architecture.md: folder of src/ → folders, or single headers, it may include
// besides itself.
const std::map<std::string, std::vector<std::string>>& MayInclude() {
  static const std::map<std::string, std::vector<std::string>> table = {
      {"base", {}},
      {"formats", {"base"}},
      {"text", {"base", "formats"}},
      {"kernels", {"base"}},
      {"model", {"base", "formats", "kernels"}},
      {"plan", {"base", "model/spec.h"}},
      {"engine", {"base", "formats", "text", "kernels", "model", "plan"}},
      {"train", {"base", "formats", "text", "kernels", "model", "engine/engine.h"}},
      {"cluster", {"base", "model", "engine", "train"}},
      {"serve", {"base", "formats", "text", "kernels", "model", "plan", "engine", "cluster"}},
      {"cli",
       {"base", "formats", "text", "kernels", "model", "plan", "engine", "train", "cluster",
        "serve"}},
  };
  return table;
}

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool EndsWith(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

bool IsCpp(const std::string& path) {
  return EndsWith(path, ".cc") || EndsWith(path, ".h") || EndsWith(path, ".inc");
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Takes `word` and the blanks after it off the front of `text`, if it is there.
bool Take(std::string_view word, std::string_view* text) {
  if (text->substr(0, word.size()) != word) return false;
  text->remove_prefix(word.size());
  text->remove_prefix(std::min(text->find_first_not_of(" \t"), text->size()));
  return true;
}

// The quoted includes of a file, in order.
std::vector<std::string> QuotedIncludes(const std::string& text) {
  std::vector<std::string> found;
  for (const std::string& line : Lines(text)) {
    std::string_view rest = line;
    Take("", &rest);
    if (!Take("#", &rest) || !Take("include", &rest) || !Take("\"", &rest)) continue;
    found.emplace_back(rest.substr(0, rest.find('"')));
  }
  return found;
}

// "src/kernels/codec/q4.h" → "kernels"; "" for a file directly in src/.
std::string FolderOf(const std::string& path) {
  const size_t begin = std::string("src/").size();
  const size_t slash = path.find('/', begin);
  return slash == std::string::npos ? "" : path.substr(begin, slash - begin);
}

Complaints CheckArrows(const Tree& tree) {
  Complaints complaints;
  for (const auto& [path, text] : tree) {
    if (!StartsWith(path, "src/") || !IsCpp(path)) continue;
    const std::string folder = FolderOf(path);
    const auto row = MayInclude().find(folder);
    if (row == MayInclude().end()) {
      complaints.push_back(path + ": folder '" + folder + "' is not in the table of folders");
      continue;
    }
    for (const std::string& include : QuotedIncludes(text)) {
      const std::string target = "src/" + include;
      if (!tree.count(target)) {
        complaints.push_back(path + ": includes \"" + include +
                             "\", which is not in src/; expected \"folder/file.h\"");
        continue;
      }
      const std::string other = FolderOf(target);
      const auto allowed = [&](const std::string& entry) {
        return entry == other || entry == include;
      };
      if (other != folder && std::none_of(row->second.begin(), row->second.end(), allowed)) {
        complaints.push_back(path + ": " + folder + " may not include \"" + include + "\"");
      }
    }
  }
  return complaints;
}

// Appends the first cycle met from `path` on; `trail` is the way to it.
void VisitForCycles(const Tree& tree, const std::string& path, std::vector<std::string>* trail,
                    std::set<std::string>* done, Complaints* complaints) {
  const auto back = std::find(trail->begin(), trail->end(), path);
  if (back != trail->end()) {
    std::string cycle;
    for (auto it = back; it != trail->end(); ++it) cycle += *it + " → ";
    complaints->push_back("files include each other: " + cycle + path);
    return;
  }
  const auto file = tree.find(path);
  if (file == tree.end() || done->count(path)) return;
  trail->push_back(path);
  for (const std::string& include : QuotedIncludes(file->second)) {
    VisitForCycles(tree, "src/" + include, trail, done, complaints);
  }
  trail->pop_back();
  done->insert(path);
}

Complaints CheckCycles(const Tree& tree) {
  Complaints complaints;
  std::set<std::string> done;
  for (const auto& [path, text] : tree) {
    std::vector<std::string> trail;
    if (StartsWith(path, "src/") && IsCpp(path)) {
      VisitForCycles(tree, path, &trail, &done, &complaints);
    }
  }
  return complaints;
}

// src/a/b.cc and src/a/b.isa.cc want tests/a/b_test.cc. Exempt are main.cc and table.isa.cc, which
// only list what other files define.
Complaints CheckMirrors(const Tree& tree) {
  Complaints complaints;
  for (const auto& [path, text] : tree) {
    if (!StartsWith(path, "src/") || !EndsWith(path, ".cc")) continue;
    if (EndsWith(path, "/main.cc") || EndsWith(path, "/table.isa.cc")) continue;
    std::string stem = path.substr(4, path.size() - 4 - 3);
    if (EndsWith(stem, ".isa")) stem.resize(stem.size() - 4);
    const std::string mirror = "tests/" + stem + "_test.cc";
    if (!tree.count(mirror)) complaints.push_back(path + ": has no " + mirror);
  }
  return complaints;
}

Complaints CheckLengths(const Tree& tree) {
  Complaints complaints;
  for (const auto& [path, text] : tree) {
    // A list of test snippets in Python is data: it has no second thing in it to move out.
    if (!IsCpp(path)) continue;
    const size_t lines = Lines(text).size();
    if (lines > kMaxLines) {
      complaints.push_back(path + ": " + std::to_string(lines) + " lines; expected at most " +
                           std::to_string(kMaxLines));
    }
  }
  return complaints;
}

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Whether `word` is in `line` with no letter, digit or underscore beside it.
bool HasWord(const std::string& line, const std::string& word) {
  for (size_t at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordChar(line[at - 1])) && (end == line.size() || !IsWordChar(line[end]))) {
      return true;
    }
  }
  return false;
}

// Whether an absolute path in `line` begins with `prefix` ("a/b" and "host.org/b" are none).
bool HasPath(const std::string& line, const std::string& prefix) {
  for (size_t at = line.find(prefix); at != std::string::npos; at = line.find(prefix, at + 1)) {
    const char before = at == 0 ? ' ' : line[at - 1];
    if (!IsWordChar(before) && std::string("./~-}").find(before) == std::string::npos) return true;
  }
  return false;
}

Complaints CheckWords(const Tree& tree) {
  Complaints complaints;
  for (const auto& [path, text] : tree) {
    if (path == "tests/layering_test.cc") continue;  // it has to name them
    int number = 0;
    for (const std::string& line : Lines(text)) {
      ++number;
      const std::string where = path + ":" + std::to_string(number) + ": ";
      for (const char* word : {"TODO", "FIXME", "XXX"}) {
        if (HasWord(line, word)) {
          complaints.push_back(where + "'" + word + "'; finish it, or leave it out");
        }
      }
      for (const char* prefix : {"/home/", "/root/", "/Users/"}) {
        if (HasPath(line, prefix)) complaints.push_back(where + "a path of one machine: " + line);
      }
    }
  }
  return complaints;
}

// Every text file of ours: sources, scripts, documents; not test data, seeds or build folders.
Tree ReadTree(const fs::path& root) {
  static const std::set<std::string> suffixes = {".cc", ".h",  ".inc", ".cmake", ".txt",
                                                 ".py", ".sh", ".md",  ".json",  ""};
  std::vector<fs::path> paths;
  for (const char* file : {"run", "test", "README.md", "CMakeLists.txt", "CMakePresets.json"}) {
    if (fs::exists(root / file)) paths.push_back(root / file);
  }
  for (const char* folder : {".ci", "src", "tests", "fuzz", "bench", "tools", "docs", "web"}) {
    if (!fs::exists(root / folder)) continue;
    for (auto it = fs::recursive_directory_iterator(root / folder); it != fs::end(it); ++it) {
      const fs::path relative = it->path().lexically_relative(root);
      if (it->is_directory() && (relative == "tests/data" || relative == "fuzz/corpus")) {
        it.disable_recursion_pending();
      }
      if (it->is_regular_file()) paths.push_back(it->path());
    }
  }
  Tree tree;
  for (const fs::path& path : paths) {
    if (!suffixes.count(path.extension().string())) continue;
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    tree[path.lexically_relative(root).string()] = text.str();
  }
  return tree;
}

std::string Join(const Complaints& complaints) {
  std::string all;
  for (const std::string& complaint : complaints) all += complaint + "\n";
  return all;
}

// ---- The real tree ----------------------------------------------------------------------------

class House : public testing::Test {
 protected:
  static const Tree& tree() {
    static const Tree tree = ReadTree(FRUGAL_SOURCE_DIR);
    return tree;
  }
};

TEST_F(House, WasRead) {
  for (const char* path : {"run", "test", ".ci/run", "README.md", "docs/architecture.md",
                           "src/base/status.h", "tests/layering_test.cc"}) {
    EXPECT_TRUE(tree().count(path)) << path;
  }
}

TEST_F(House, EveryIncludeFollowsTheTable) { EXPECT_EQ(Join(CheckArrows(tree())), ""); }
TEST_F(House, NoFilesIncludeEachOther) { EXPECT_EQ(Join(CheckCycles(tree())), ""); }
TEST_F(House, EverySourceHasItsTest) { EXPECT_EQ(Join(CheckMirrors(tree())), ""); }
TEST_F(House, FilesAreOfReadableLength) { EXPECT_EQ(Join(CheckLengths(tree())), ""); }
TEST_F(House, NothingIsUnfinishedOrTiedToOneMachine) { EXPECT_EQ(Join(CheckWords(tree())), ""); }

// ---- Small broken trees -----------------------------------------------------------------------

TEST(Arrows, UpwardIncludeIsRefused) {
  const Tree tree = {{"src/base/a.h", "#include \"model/spec.h\"\n"},
                     {"src/model/spec.h", "#include \"base/b.h\"\n"},
                     {"src/base/b.h", ""}};
  EXPECT_EQ(CheckArrows(tree), Complaints({"src/base/a.h: base may not include \"model/spec.h\""}));
}

TEST(Arrows, EachRowRefusesWhatItDoesNotName) {
  for (const auto& [folder, allowed] : MayInclude()) {
    for (const auto& [other, unused] : MayInclude()) {
      const Tree tree = {{"src/" + folder + "/a.cc", "#include \"" + other + "/b.h\"\n"},
                         {"src/" + other + "/b.h", ""}};
      const bool may =
          folder == other || std::find(allowed.begin(), allowed.end(), other) != allowed.end();
      EXPECT_EQ(CheckArrows(tree).empty(), may) << folder << " → " << other;
    }
  }
}

TEST(Arrows, OnlyCliIncludesServeAndOnlyCliAndClusterIncludeTrain) {
  for (const auto& [folder, allowed] : MayInclude()) {
    const bool serve = std::count(allowed.begin(), allowed.end(), "serve") > 0;
    const bool train = std::count(allowed.begin(), allowed.end(), "train") > 0;
    EXPECT_EQ(serve, folder == "cli") << folder;
    EXPECT_EQ(train, folder == "cli" || folder == "cluster") << folder;
  }
}

TEST(Arrows, SingleHeaderIsAllowedAndItsNeighbourIsNot) {
  const Tree tree = {
      {"src/plan/cost.cc", "#include \"model/spec.h\"\n  #  include \"model/forward.h\"\n"},
      {"src/model/spec.h", ""},
      {"src/model/forward.h", ""}};
  EXPECT_EQ(CheckArrows(tree),
            Complaints({"src/plan/cost.cc: plan may not include \"model/forward.h\""}));
}

TEST(Arrows, UnknownFoldersAndUnresolvedIncludesAreRefused) {
  EXPECT_EQ(CheckArrows({{"src/misc/a.h", ""}}).size(), 1u);
  EXPECT_EQ(CheckArrows({{"src/a.h", ""}}).size(), 1u);
  EXPECT_EQ(CheckArrows({{"src/base/a.cc", "#include \"a.h\"\n"}, {"src/base/a.h", ""}}).size(),
            1u);
  EXPECT_EQ(CheckArrows({{"src/base/a.cc", "#include <a.h>\n// see #include \"a.h\"\n"}}).size(),
            0u);
}

TEST(Cycles, CycleIsNamedOnce) {
  const Tree tree = {{"src/base/a.h", "#include \"base/b.h\"\n"},
                     {"src/base/b.h", "#include \"base/c.h\"\n"},
                     {"src/base/c.h", "#include \"base/b.h\"\n"}};
  EXPECT_EQ(CheckCycles(tree), Complaints({"files include each other: src/base/b.h → "
                                           "src/base/c.h → src/base/b.h"}));
}

TEST(Cycles, SharedIncludesAreNoCycle) {
  const Tree tree = {{"src/base/a.h", "#include \"base/b.h\"\n#include \"base/c.h\"\n"},
                     {"src/base/b.h", "#include \"base/c.h\"\n"},
                     {"src/base/c.h", ""}};
  EXPECT_EQ(CheckCycles(tree), Complaints());
}

TEST(Mirrors, SourceWithoutTestIsNamed) {
  const Tree tree = {{"src/model/arch/llama.cc", ""},  {"src/kernels/matmul.isa.cc", ""},
                     {"src/base/dtype.cc", ""},        {"src/cli/main.cc", ""},
                     {"src/kernels/table.isa.cc", ""}, {"tests/kernels/matmul_test.cc", ""},
                     {"tests/base/dtype_test.cc", ""}, {"tests/model/llama_test.cc", ""}};
  EXPECT_EQ(CheckMirrors(tree),
            Complaints({"src/model/arch/llama.cc: has no tests/model/arch/llama_test.cc"}));
  EXPECT_EQ(CheckMirrors({{"src/kernels/rope.isa.cc", ""}}),
            Complaints({"src/kernels/rope.isa.cc: has no tests/kernels/rope_test.cc"}));
}

TEST(Lengths, LongFileIsNamed) {
  std::string text;
  for (int i = 0; i < kMaxLines; ++i) text += "int x;\n";
  EXPECT_EQ(CheckLengths({{"src/base/a.cc", text}}), Complaints());
  EXPECT_EQ(CheckLengths({{"src/base/a.cc", text + "int y;"}}),
            Complaints({"src/base/a.cc: 701 lines; expected at most 700"}));
  EXPECT_EQ(CheckLengths({{"docs/a.md", text + text}}), Complaints());
}

TEST(Words, UnfinishedWorkAndOwnPathsAreNamed) {
  EXPECT_EQ(CheckWords({{"src/a.cc", "// TODO: later\n"}}).size(), 1u);
  EXPECT_EQ(CheckWords({{"docs/a.md", "a\nFIXME\n"}}),
            Complaints({"docs/a.md:2: 'FIXME'; finish it, or leave it out"}));
  EXPECT_EQ(CheckWords({{"run", "cd /home/me/frugal\n"}}).size(), 1u);
  EXPECT_EQ(CheckWords({{"a.py", "open('/root/model.gguf')"}}).size(), 1u);
  EXPECT_EQ(CheckWords({{"a.md", "its home/attic/ and https://a.org/home/x"}}).size(), 0u);
}

}  // namespace
