// Objects compiled for one instruction set must not share code with any other: an inline function
// that two of them emit would be merged by the linker, and a machine without AVX-512 might run
// the AVX-512 copy. So every symbol that the linker could take from here has to be in the set's
// own namespace.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace frugal {
namespace {

// As it stands in mangled names: its length, then the name.
std::string Namespace(const std::string& isa) {
  const std::string name = "isa_" + isa;
  return std::to_string(name.size()) + name;
}

// `nm` is the output of nm -P: a symbol, its type and more on every line.
std::vector<std::string> Violations(const std::string& isa, const std::string& nm) {
  std::vector<std::string> bad;
  std::istringstream lines(nm);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string symbol;
    char type = 0;
    words >> symbol >> type;
    const bool own = symbol.find(Namespace(isa)) != std::string::npos;
    // Upper case: global; u: unique, which is global too. U, w and v are undefined here.
    const bool offered = (type >= 'A' && type <= 'Z' && type != 'U') || type == 'u';
    bool foreign = false;
    for (int i = 0; i < kNumIsas; ++i) {
      const std::string other = IsaName(static_cast<Isa>(i));
      foreign = foreign || (other != isa && symbol.find(Namespace(other)) != std::string::npos);
    }
    if (foreign || (offered && !own)) bad.push_back(line);
  }
  return bad;
}

std::string RunNm(const std::string& object) {
  const std::string command = "nm -P '" + object + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  char buffer[4096];
  while (pipe != nullptr) {
    const size_t n = fread(buffer, 1, sizeof(buffer), pipe.get());
    if (n == 0) break;
    output.append(buffer, n);
  }
  return output;
}

TEST(IsaSymbols, ObjectsKeepToTheirOwnNamespace) {
  std::ifstream list(FRUGAL_BINARY_DIR "/isa_objects.txt");
  ASSERT_TRUE(list.good());
  std::set<std::string> isas;
  int tables = 0;
  std::string isa;
  std::string object;
  while (list >> isa && std::getline(list >> std::ws, object)) {
    const std::string nm = RunNm(object);
    ASSERT_FALSE(nm.empty()) << "nm found no symbols in " << object;
    isas.insert(isa);
    if (nm.find(Namespace(isa) + "6kTableE") != std::string::npos) ++tables;
    for (const std::string& line : Violations(isa, nm)) ADD_FAILURE() << object << ": " << line;
  }
  EXPECT_EQ(tables, static_cast<int>(isas.size())) << "each set has one table";
}

TEST(IsaSymbols, ViolationsAreSeen) {
  const auto count = [](const std::string& nm) { return Violations("avx2", nm).size(); };
  EXPECT_EQ(count("_ZN6frugal8isa_avx26MatmulEv T 0 10\n_ZL5local t 0 4\nmemcpy U\n"), 0u);
  EXPECT_EQ(count("_ZN6frugal8isa_avx24TileILi3EEEvv W 0 10\n"), 0u);
  EXPECT_EQ(count("_ZSt3maxIfERKT_S2_S2_ W 0 10\n"), 1u);       // std::max<float>
  EXPECT_EQ(count("_ZN6frugal13kShared u 0 10\n"), 1u);         // an inline variable
  EXPECT_EQ(count("_ZN6frugal6ShareEv T 0 10\n"), 1u);          // in no set's namespace
  EXPECT_EQ(count("_ZN6frugal10isa_avx5126MatmulEv U\n"), 1u);  // uses another set
  EXPECT_EQ(Violations("avx512", "_ZN6frugal14isa_avx512bf161fEv T 0 1\n").size(), 1u);
}

}  // namespace
}  // namespace frugal
