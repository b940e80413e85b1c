#include "text/jinja/access.h"

#include "tests/text/jinja/golden.h"

namespace frugal {
namespace {

TEST(JinjaAccess, Goldens) { RunGoldens("access", 130); }

// Jinja 3.1.2's immutable sandbox lets these two through; later ones do not.
TEST(JinjaAccess, NothingChangesAList) {
  for (const char* method : {"pop", "clear"}) {
    EXPECT_NE(Outcome(std::string("{{ numbers.") + method + "() }}").find("is unsafe"),
              std::string::npos);
  }
}

// What Python has and this engine does not must not pass for undefined.
TEST(JinjaAccess, SaysWhatIsNotSupported) {
  for (const char* attribute : {"s.encode", "s.translate", "map.fromkeys", "i.to_bytes", "x.hex"}) {
    EXPECT_NE(Outcome(std::string("{{ ") + attribute + " is defined }}").find("not supported"),
              std::string::npos)
        << attribute;
  }
}

}  // namespace
}  // namespace frugal
