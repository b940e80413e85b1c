// What the output parsers read from and write to. A parser takes bytes off an InputBuffer only
// when no later byte could change what they mean, so its results do not depend on where the text
// was cut.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/output_parser.h"

namespace frugal::output {

enum class Match { kNo, kYes, kMore };  // kMore: the text so far is a beginning of it

// Text that has arrived and is not yet understood.
class InputBuffer {
 public:
  void Append(std::string_view text);
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }

  std::string_view rest() const { return std::string_view(text_).substr(at_); }
  void Skip(size_t bytes);

  // From Mark to Commit, what is skipped is kept, to be given out as text should it turn out to
  // be no tool call.
  void Mark() { marked_ = true; }
  void Commit();
  bool marked() const { return marked_; }
  std::string TakeMarked();  // ends the mark too

 private:
  std::string text_;
  size_t at_ = 0;
  std::string record_;
  bool marked_ = false;
  bool closed_ = false;
};

// Is `marker` (not empty) at the front? Takes nothing.
Match At(const InputBuffer& in, std::string_view marker);

// Like At, and takes it if it is.
Match Take(InputBuffer* in, std::string_view marker);

// Takes white space; true when something else is at the front, false when the text ran out.
bool SkipSpace(InputBuffer* in);

struct MarkerHit {
  size_t clean = 0;  // bytes at the front that belong to no marker
  int which = -1;    // the marker that follows them; -1: none, or not known yet
};

// The first of `markers` in the text; empty ones are not looked for. Where several begin at one
// place, the first in the list.
MarkerHit FindMarker(const InputBuffer& in, std::span<const std::string_view> markers);

// Takes text up to `marker` and the marker itself. *piece receives what is certain to come before
// it (call again for more, until true is returned).
bool TakeUntil(InputBuffer* in, std::string_view marker, std::string* piece);

bool IsSpace(char c);
std::string_view Trim(std::string_view text);

// A function's name: 1 to 256 bytes without white space, control characters, quotes, brackets or
// < >.
bool IsFunctionName(std::string_view name);

// Takes the bytes of such a name into *name. kYes: it is one, and another byte is at the front;
// kNo: it is empty or too long.
Match TakeName(InputBuffer* in, std::string* name);

// Gathers deltas; neighbours of one kind become one.
class DeltaSink {
 public:
  void Text(OutputKind kind, std::string_view text);  // kReasoning or kContent
  void StartCall(std::string_view name, std::string_view id);
  void Arguments(std::string_view json);
  void EndCall(bool complete, std::string_view id = {});

  bool in_call() const { return in_call_; }
  int calls() const { return calls_; }
  std::vector<OutputDelta> Take();

 private:
  std::vector<OutputDelta> deltas_;
  int calls_ = 0;
  bool in_call_ = false;
};

// One channel of text, reasoning or content, with its edges trimmed: newlines beside a structure
// (a reasoning block, a tool call) are dropped at the beginning and at the end of the text, and
// kept between two texts. Without any structure, the text stays as it is.
class Channel {
 public:
  explicit Channel(OutputKind kind) : kind_(kind) {}

  void Text(std::string_view text, DeltaSink* out);
  void Break();          // a structure stands here
  void SeparateTexts();  // text of another block follows: a line of its own
  void Finish(DeltaSink* out);

  bool at_edge() const { return edge_; }  // only white space since the beginning or the last Break
  bool started() const { return started_; }

 private:
  OutputKind kind_;
  bool edge_ = true;
  bool broken_ = false;   // the edge is one beside a structure
  bool started_ = false;  // some text was given
  std::string lead_;      // white space at an edge
  std::string held_;      // newlines at the end of the text so far
};

}  // namespace frugal::output
