// What every operation of one render shares: the budget that bounds it, the clock, and the objects
// that could form cycles.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/value.h"

namespace frugal::jinja {

// Levels of nodes and values that may be under way at once; a level takes about a kilobyte of
// stack, a few under the sanitizers.
inline constexpr int kMaxNesting = 1500;

class Runtime {
 public:
  Runtime(int64_t max_steps, int64_t max_bytes, const std::tm& now)
      : now_(now), steps_left_(max_steps), max_bytes_(max_bytes) {}
  virtual ~Runtime();  // breaks the cycles that namespaces and loops can form
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Pays for work. One step is about one node evaluated, or 64 bytes made or looked through, so
  // the steps bound memory as well as time.
  void Charge(int64_t steps) {
    steps_left_ -= steps;
    if (steps_left_ < 0) OutOfSteps();
  }
  void ChargeBytes(size_t bytes) { Charge(1 + static_cast<int64_t>(bytes / 64)); }
  // Fails when a string of `bytes` would be too long; call before making it.
  void CheckSize(int64_t bytes) const {
    if (bytes > max_bytes_) TooLong(bytes);
  }
  int64_t max_bytes() const { return max_bytes_; }
  const std::tm& now() const { return now_; }

  // These charge for what they make and check its size and depth.
  Value Text(std::string text, bool markup = false);
  Value List(std::vector<Value> items);
  Value Tuple(std::vector<Value> items);
  Value Dictionary(Dict dict);
  Value Generator(std::vector<Value> items, const char* type_name = "generator");
  Value Method(const char* name, Builtin function, const Value& self);
  // The depth of an object that holds `items`.
  int DepthOver(const std::vector<Value>& items) const;
  int DepthOver(const Value& item) const;

  // Held while one level of nodes or values is walked; bounds how deep the C++ stack grows.
  class Nesting {
   public:
    explicit Nesting(Runtime& rt) : rt_(rt) {
      if (++rt_.nesting_ > kMaxNesting) rt_.TooDeep();
    }
    ~Nesting() { --rt_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Runtime& rt_;
  };

  // Remembers an object that may come to hold itself.
  void Track(const Value& object) { tracked_.push_back(object); }

  // Calls a macro, function, loop or joiner.
  virtual Value Call(const Value& callee, const Args& args) = 0;

 private:
  [[noreturn]] void OutOfSteps() const;
  [[noreturn]] void TooLong(int64_t bytes) const;
  [[noreturn]] void TooDeep();

  const std::tm now_;
  int64_t steps_left_;
  int nesting_ = 0;
  const int64_t max_bytes_;
  std::vector<Value> tracked_;
};

// The values that `args` gives to parameters `names`, Missing where it gives none; the first
// `required` must be given. A name that starts with '/' can be given by position only.
std::vector<Value> Bind(const char* function, const Args& args,
                        std::initializer_list<const char*> names, size_t required);

}  // namespace frugal::jinja
