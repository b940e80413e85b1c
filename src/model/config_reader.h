// Reads a checkpoint's metadata under both containers' names, and remembers what was read, so
// that a key nobody asked for is an error and never silently ignored.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/checkpoint.h"

namespace frugal {

// A key in both containers. The Hugging Face name is a path into config.json ("rope_scaling.type");
// the GGUF name lacks the architecture's prefix ("attention.head_count"). "" where a container has
// no such key: it then reads as absent.
struct ConfigKey {
  std::string_view hf;
  std::string_view gguf;
};

// The getters never fail: the first problem (a required key missing, a wrong type, a value out of
// range) is kept in status(), and a harmless value is returned, so that a family's Parse reads as
// a list of facts. Check status() before using the result for anything but reading on.
class ConfigReader {
 public:
  // `arch` is GGUF's general.architecture, the prefix of its keys. The checkpoint must outlive
  // the reader.
  ConfigReader(const Checkpoint& checkpoint, std::string arch);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  bool gguf() const { return checkpoint_.container == Container::kGguf; }
  const Status& status() const { return status_; }
  void Fail(Status status);  // keeps the first

  bool Has(ConfigKey key) const;  // present and not null

  int64_t Int(ConfigKey key, int64_t min, int64_t max);  // required
  int64_t IntOr(ConfigKey key, int64_t min, int64_t max, int64_t fallback);
  double DoubleOr(ConfigKey key, double fallback);
  double Double(ConfigKey key);  // required, finite
  bool BoolOr(ConfigKey key, bool fallback);
  std::string StringOr(ConfigKey key, std::string_view fallback);
  std::vector<std::string> StringsOr(ConfigKey key);  // empty when absent
  // An integer or a list of integers (eos_token_id is either).
  std::vector<int64_t> IntsOr(ConfigKey key);

  // Marks a key as known to have no effect on the result here.
  void Ignore(ConfigKey key);

  // Fails when the metadata holds a key that changes results and was not read.
  Status CheckAllRead() const;

 private:
  std::string Resolve(ConfigKey key) const;
  const MetaValue* Find(ConfigKey key);
  template <typename T>
  bool Get(Result<T> value, T* out);

  const Checkpoint& checkpoint_;
  std::string arch_;
  Status status_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace frugal
