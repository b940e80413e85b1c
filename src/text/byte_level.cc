#include "text/byte_level.h"

#include <array>

#include "text/unicode.h"

namespace frugal {
namespace {

struct Tables {
  std::array<uint16_t, 256> to_char;
  std::array<int16_t, 512> to_byte;
};

// Bytes that print keep their code; the others get U+0100, U+0101, … in order.
constexpr Tables MakeTables() {
  Tables t{};
  for (auto& byte : t.to_byte) byte = -1;
  uint16_t next = 256;
  for (int b = 0; b < 256; ++b) {
    const bool prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    t.to_char[b] = prints ? static_cast<uint16_t>(b) : next++;
    t.to_byte[t.to_char[b]] = static_cast<int16_t>(b);
  }
  return t;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t ByteLevelChar(uint8_t byte) { return kTables.to_char[byte]; }

std::string ToByteLevel(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  for (const char b : bytes) AppendUtf8(ByteLevelChar(static_cast<uint8_t>(b)), &out);
  return out;
}

std::optional<std::string> FromByteLevel(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    if (c.bytes == 0 || c.value >= kTables.to_byte.size() || kTables.to_byte[c.value] < 0) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(kTables.to_byte[c.value]));
    at += c.bytes;
  }
  return out;
}

}  // namespace frugal
