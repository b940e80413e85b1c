#include "text/charsmap.h"

#include <algorithm>

#include "text/unicode.h"

namespace frugal {
namespace {

constexpr size_t kMaxReplacementBytes = 1024;

uint32_t ReadU32(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// A unit's fields (darts-clone, DoubleArrayUnit).
bool HasLeaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Value(uint32_t unit) { return unit & 0x7FFFFFFF; }
uint32_t Label(uint32_t unit) { return unit & 0x800000FF; }
uint32_t Offset(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

}  // namespace

Result<Charsmap> Charsmap::Parse(std::string_view blob) {
  if (blob.size() < 4) {
    return Error(StatusCode::kCorrupt, "expected at least 4 bytes, found {}", blob.size());
  }
  const uint32_t trie_bytes = ReadU32(blob, 0);
  if (trie_bytes % 4 != 0 || trie_bytes == 0 || trie_bytes > blob.size() - 4) {
    return Error(StatusCode::kCorrupt, "the trie is said to have {} bytes of the {} there are",
                 trie_bytes, blob.size() - 4);
  }
  Charsmap map;
  map.units_.reserve(trie_bytes / 4);
  for (size_t at = 4; at < 4 + size_t{trie_bytes}; at += 4) {
    map.units_.push_back(ReadU32(blob, at));
  }
  map.replacements_ = blob.substr(4 + size_t{trie_bytes});
  if (ValidUtf8Prefix(map.replacements_) != map.replacements_.size()) {
    return Error(StatusCode::kCorrupt, "the replacements are not UTF-8");
  }
  for (size_t at = 0; at < map.replacements_.size();) {
    const size_t end = std::min(map.replacements_.find('\0', at), map.replacements_.size());
    map.max_replacement_bytes_ = std::max(map.max_replacement_bytes_, end - at);
    at = end + 1;
  }
  if (map.max_replacement_bytes_ > kMaxReplacementBytes) {
    return Error(StatusCode::kUnsupported, "a replacement of {} bytes; at most {} are supported",
                 map.max_replacement_bytes_, kMaxReplacementBytes);
  }
  return map;
}

Charsmap::Match Charsmap::Find(std::string_view text, size_t at, bool longest) const {
  Match best;
  size_t node = Offset(units_[0]);
  for (size_t i = at; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    node ^= byte;
    if (byte == 0 || node >= units_.size() || Label(units_[node]) != byte) break;
    const uint32_t unit = units_[node];
    node ^= Offset(unit);
    if (!HasLeaf(unit)) continue;
    if (node >= units_.size()) break;
    const size_t start = Value(units_[node]);
    // Only whole characters are replaced, and by whole ones, whatever the file says.
    auto inside = [](std::string_view s, size_t place) {
      return place < s.size() && (static_cast<unsigned char>(s[place]) & 0xC0) == 0x80;
    };
    if (start > replacements_.size() || inside(replacements_, start) || inside(text, i + 1))
      continue;
    const size_t end = replacements_.find('\0', start);
    best = {i + 1 - at, std::string_view(replacements_).substr(start, end - start)};
    if (!longest) break;
  }
  return best;
}

Charsmap::Match Charsmap::Longest(std::string_view text, size_t at) const {
  return Find(text, at, /*longest=*/true);
}

Charsmap::Match Charsmap::Shortest(std::string_view text) const {
  return Find(text, 0, /*longest=*/false);
}

}  // namespace frugal
