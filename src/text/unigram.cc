#include "text/unigram.h"

#include <algorithm>

#include "base/check.h"
#include "text/unicode.h"

namespace frugal {
namespace {

constexpr size_t kMaxPieceBytes = 4096;
constexpr size_t kMaxTextBytes = size_t{1} << 30;
constexpr int32_t kUnreached = -1;
constexpr int32_t kUnknownPiece = -2;

}  // namespace

Status UnigramModel::AddPiece(std::string_view piece, int32_t id, double score) {
  CHECK(id >= 0);
  if (piece.size() > kMaxPieceBytes) {
    return Error(StatusCode::kUnsupported, "a piece of {} bytes; at most {} are supported",
                 piece.size(), kMaxPieceBytes);
  }
  const auto index = static_cast<size_t>(id);
  if (scores_.size() <= index) scores_.resize(index + 1, 0.0);
  scores_[index] = score;
  trie_.Insert(piece, id);
  return OkStatus();
}

// Viterbi, as sentencepiece's EncodeOptimized(): the first way to reach a place stays unless a
// later one is better.
template <typename Score>
void UnigramModel::BestPath(std::string_view text, UnigramScratch* scratch) const {
  using Node = UnigramScratch::Node;
  std::vector<Node>& nodes = scratch->nodes;
  nodes.assign(text.size() + 1, Node{});
  // Sums of known pieces are compared before they are rounded: that is what the library's mix of
  // float and double comes to.
  auto offer = [&](size_t start, size_t end, int32_t id, double score) {
    Node& node = nodes[end];
    if (node.id == kUnreached || score > node.score) {
      node = {static_cast<Score>(score), static_cast<uint32_t>(start), id};
    }
  };
  for (size_t start = 0; start < text.size();) {
    const size_t bytes = Utf8Length(static_cast<unsigned char>(text[start]));
    bool has_single = false;
    ByteTrie::Walk walk(trie_);
    for (size_t end = start; end < text.size();) {
      if (!walk.Step(static_cast<unsigned char>(text[end++]))) break;
      const int32_t id = walk.value();
      if (id < 0) continue;
      offer(start, end, id, nodes[start].score + scores_[static_cast<size_t>(id)]);
      has_single |= end - start == bytes;
    }
    if (!has_single) {
      offer(start, start + bytes, kUnknownPiece,
            static_cast<Score>(nodes[start].score + unk_score));
    }
    start += bytes;
  }
}

void UnigramModel::EncodePiece(std::string_view text, UnigramScratch* scratch,
                               std::vector<int32_t>* out) const {
  if (single_precision) {
    BestPath<float>(text, scratch);
  } else {
    BestPath<double>(text, scratch);
  }
  // Backwards to the start, then forwards with the ends of the pieces.
  std::vector<int32_t>& path = scratch->path;
  path.clear();
  for (size_t end = text.size(); end > 0; end = scratch->nodes[end].start) {
    path.push_back(static_cast<int32_t>(end));
  }
  std::reverse(path.begin(), path.end());
  bool in_unknown = false;
  for (size_t i = 0; i < path.size(); ++i) {
    const auto end = static_cast<size_t>(path[i]);
    const UnigramScratch::Node& node = scratch->nodes[end];
    if (node.id >= 0 && node.id != unk_id) {
      out->push_back(node.id);
      in_unknown = false;
      continue;
    }
    const std::string_view piece = text.substr(node.start, end - node.start);
    const bool has_bytes = byte_fallback && std::all_of(piece.begin(), piece.end(), [this](char c) {
                             return byte_ids[static_cast<unsigned char>(c)] >= 0;
                           });
    if (has_bytes) {
      for (const char c : piece) out->push_back(byte_ids[static_cast<unsigned char>(c)]);
      in_unknown = false;
    } else {  // a run of unknown characters is one token
      if (!in_unknown && unk_id >= 0) out->push_back(unk_id);
      in_unknown = true;
    }
  }
}

void UnigramModel::Encode(std::string_view text, UnigramScratch* scratch,
                          std::vector<int32_t>* out) const {
  auto encode = [&](std::string_view piece, std::vector<int32_t>* ids) {
    EncodePiece(piece, scratch, ids);
  };
  while (text.size() > kMaxTextBytes) {  // positions are 32-bit numbers
    size_t cut = kMaxTextBytes;
    while ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    EncodePiece(text.substr(0, cut), scratch, out);
    text.remove_prefix(cut);
  }
  EncodeThroughCache(text, &scratch->cache, &scratch->ids, encode, out);
}

}  // namespace frugal
