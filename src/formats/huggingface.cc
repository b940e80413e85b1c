#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "formats/json.h"
#include "formats/safetensors.h"
#include "formats/utf8.h"

namespace frugal {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMaxConfigBytes = 16 << 20;
constexpr int64_t kMaxIndexBytes = 256 << 20;
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

std::string Join(const std::string& directory, const std::string& name) {
  return (std::filesystem::path(directory) / name).string();
}

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The first name in `directory` that ends in `suffix`, empty when there is none.
std::string FirstNamed(const std::string& directory, std::string_view suffix) {
  std::string first;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.ends_with(suffix) && (first.empty() || name < first)) first = name;
  }
  return first;
}

Status MissingConfig(const std::string& directory) {
  std::string hint = "is this a checkpoint's directory?";
  if (const std::string gguf = FirstNamed(directory, ".gguf"); !gguf.empty()) {
    hint = fmt::format("it holds {}: give that file", Printable(gguf));
  } else if (const std::string weights = FirstNamed(directory, ".safetensors"); !weights.empty()) {
    hint =
        fmt::format("it holds {}: put the checkpoint's config.json beside it", Printable(weights));
  }
  return Error(StatusCode::kNotFound, "{}: expected config.json in this directory, found none; {}",
               directory, hint);
}

Status MissingWeights(const std::string& directory) {
  const auto missing = [&](StatusCode code, const std::string& found) {
    return Error(code, "{}: expected {} or {}, found {}", directory, kWeights, kIndex, found);
  };
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (Exists(Join(directory, name))) {
      return missing(StatusCode::kUnsupported,
                     fmt::format("only {}, a pickle that could run code; publish the checkpoint "
                                 "as safetensors (load and save it with transformers)",
                                 name));
    }
  }
  if (const std::string other = FirstNamed(directory, ".safetensors"); !other.empty()) {
    return missing(
        StatusCode::kNotFound,
        fmt::format("only {}; if it is the whole model, name it {}", Printable(other), kWeights));
  }
  return missing(StatusCode::kNotFound, "neither; were the weights downloaded?");
}

// Maps and parses one file and appends its tensors.
Status AddFile(const std::string& path, TensorSource* source) {
  ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(SafetensorsHeader header, ParseSafetensors(file.bytes(), path));
  for (NamedTensor& tensor : header.tensors) {
    tensor.file = static_cast<int>(source->files.size());
    source->tensors.push_back(std::move(tensor));
  }
  source->files.push_back(std::move(file));
  return OkStatus();
}

// Tensor name → shard's file name.
using WeightMap = std::map<std::string, std::string>;

// A shard lies beside its index: a name that leads elsewhere is an attack or a mistake.
bool IsPlainFileName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

Result<WeightMap> ReadWeightMap(const std::string& path) {
  ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path, kMaxIndexBytes));
  const Json* map = json.is_object() && json.contains("weight_map") ? &json["weight_map"] : nullptr;
  if (map == nullptr || !map->is_object() || map->empty()) {
    return Error(StatusCode::kCorrupt, "{}: weight_map: expected an object with tensors", path);
  }
  WeightMap weight_map;
  for (const auto& [tensor, file] : map->get_ref<const Json::object_t&>()) {
    if (!file.is_string()) {
      return Error(StatusCode::kCorrupt,
                   "{}: weight_map: tensor '{}': expected a file name, found {}", path,
                   Printable(tensor), file.type_name());
    }
    const auto& name = file.get_ref<const std::string&>();
    if (!IsPlainFileName(name)) {
      return Error(StatusCode::kCorrupt,
                   "{}: weight_map: tensor '{}': expected the name of a file in this directory, "
                   "found '{}'",
                   path, Printable(tensor), Printable(name));
    }
    weight_map.emplace(tensor, name);
  }
  return weight_map;
}

Status AddShards(const std::string& directory, TensorSource* source) {
  const std::string index_path = Join(directory, kIndex);
  ASSIGN_OR_RETURN(const WeightMap weight_map, ReadWeightMap(index_path));
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : weight_map) shards.insert(shard);
  for (const std::string& shard : shards) {
    const std::string path = Join(directory, shard);
    const size_t first = source->tensors.size();
    if (Status status = AddFile(path, source); !status.ok()) {
      if (status.code() != StatusCode::kNotFound) return status;
      return Error(StatusCode::kNotFound, "{}: weight_map: shard '{}' is missing", index_path,
                   Printable(shard));
    }
    for (size_t i = first; i < source->tensors.size(); ++i) {
      const std::string& name = source->tensors[i].name;
      const auto it = weight_map.find(name);
      if (it == weight_map.end() || it->second != shard) {
        return Error(StatusCode::kCorrupt, "{}: tensor '{}': {} puts it in {}", path,
                     Printable(name), index_path,
                     it == weight_map.end() ? "no shard" : Printable(it->second));
      }
    }
  }
  RETURN_IF_ERROR(IndexTensors(source));
  for (const auto& [tensor, shard] : weight_map) {
    if (source->Find(tensor) == nullptr) {
      return Error(StatusCode::kCorrupt, "{}: weight_map: tensor '{}' is not in {}", index_path,
                   Printable(tensor), Printable(shard));
    }
  }
  return OkStatus();
}

// xai-org/grok-2: a file per kind of tensor, pytorch_model-NNNNN-TP-common.safetensors, or, where
// the kind's tensors are split over the ranks of tensor parallelism, one per rank, -TP-000 and on.
struct RankFile {
  std::string kind;  // NNNNN
  int rank = -1;     // -1: common
};

std::optional<RankFile> ParseRankFile(const std::string& name) {
  constexpr std::string_view kStart = "pytorch_model-", kMiddle = "-TP-", kEnd = ".safetensors";
  const auto digits = [](const std::string& text) {
    return text.find_first_not_of("0123456789") == text.npos;
  };
  std::string rest = name;
  if (!rest.starts_with(kStart) || !rest.ends_with(kEnd)) return std::nullopt;
  rest = rest.substr(kStart.size(), rest.size() - kStart.size() - kEnd.size());
  const size_t middle = rest.find(kMiddle);
  if (middle != 5) return std::nullopt;
  RankFile file{.kind = rest.substr(0, middle)};
  const std::string rank = rest.substr(middle + kMiddle.size());
  if (!digits(file.kind)) return std::nullopt;
  if (rank == "common") return file;
  if (rank.size() != 3 || !digits(rank)) return std::nullopt;
  file.rank = std::stoi(rank);
  return file;
}

// Kind → rank → file's name, of a directory's rank files.
using RankFiles = std::map<std::string, std::map<int, std::string>>;

RankFiles FindRankFiles(const std::string& directory) {
  RankFiles files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (const auto file = ParseRankFile(name)) files[file->kind][file->rank] = name;
  }
  return files;
}

// A split tensor has the same name in the files of all ranks: rank r's becomes "<name>#TP-00r".
Status AddRankFiles(const std::string& directory, const RankFiles& files, TensorSource* source) {
  size_t ranks = 0;
  for (const auto& [kind, by_rank] : files) {
    const bool common = by_rank.contains(-1);
    if (common && by_rank.size() == 1) continue;
    const size_t expected = ranks == 0 ? by_rank.size() : ranks;
    if (common || by_rank.size() != expected || !by_rank.contains(0) ||
        by_rank.rbegin()->first != static_cast<int>(expected) - 1) {
      return Error(StatusCode::kCorrupt,
                   "{}: pytorch_model-{}-TP-*.safetensors: expected one file for all ranks or {} "
                   "ranks from 000 on, found {} files up to {}; is the download complete?",
                   directory, kind, expected, by_rank.size(), by_rank.rbegin()->second);
    }
    ranks = expected;
  }
  for (const auto& [kind, by_rank] : files) {
    for (const auto& [rank, name] : by_rank) {
      const size_t first = source->tensors.size();
      RETURN_IF_ERROR(AddFile(Join(directory, name), source));
      for (size_t i = first; rank >= 0 && i < source->tensors.size(); ++i) {
        source->tensors[i].name += fmt::format("#TP-{:03}", rank);
      }
    }
  }
  return IndexTensors(source);
}

// Tensors of the parts that see images, beside a text model.
constexpr std::string_view kVisionParts[] = {
    "vision_tower.",       "vision_model.",       "multi_modal_projector.",
    "model.vision_tower.", "model.vision_model.", "model.multi_modal_projector."};

// Models that also see images hold a text model's configuration in text_config and its tensors
// under language_model: these become the checkpoint. What is said beside text_config of all parts
// (how weights are packed, token ids) is kept where text_config is silent.
void SelectTextModel(Checkpoint* checkpoint) {
  constexpr std::string_view kText = "text_config.", kInner = "language_model.";
  Metadata text;
  for (const auto& [key, value] : checkpoint->metadata.values) {
    if (key.starts_with(kText)) text.values.emplace(key.substr(kText.size()), value);
  }
  if (!text.values.contains("model_type")) return;
  for (const auto& [key, value] : checkpoint->metadata.values) {
    const bool shared = key.starts_with("quantization_config.") || key == "tie_word_embeddings" ||
                        key == "bos_token_id" || key == "eos_token_id";
    if (shared) text.values.emplace(key, value);
  }
  checkpoint->metadata = std::move(text);
  std::erase_if(checkpoint->tensors.tensors, [](const NamedTensor& tensor) {
    return std::ranges::any_of(
        kVisionParts, [&](std::string_view part) { return tensor.name.starts_with(part); });
  });
  for (NamedTensor& tensor : checkpoint->tensors.tensors) {
    const size_t at = tensor.name.starts_with("model.") ? 6 : 0;
    if (std::string_view(tensor.name).substr(at).starts_with(kInner)) {
      tensor.name.erase(at, kInner.size());
    }
  }
}

Result<Metadata> ReadConfig(const std::string& path) {
  ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path, kMaxConfigBytes));
  return FlattenJson(json, path);
}

}  // namespace

Result<Checkpoint> OpenHuggingFace(const std::string& directory, const OpenOptions& options) {
  Checkpoint checkpoint;
  checkpoint.container = Container::kHuggingFace;
  checkpoint.path = directory;
  const std::string config = Join(directory, "config.json");
  if (!Exists(config)) return MissingConfig(directory);
  ASSIGN_OR_RETURN(checkpoint.metadata, ReadConfig(config));
  const std::string generation = Join(directory, "generation_config.json");
  if (Exists(generation)) {
    ASSIGN_OR_RETURN(checkpoint.generation, ReadConfig(generation));
  }
  if (options.metadata_only) {
    SelectTextModel(&checkpoint);
    return checkpoint;
  }

  if (Exists(Join(directory, kWeights))) {  // transformers looks for it first too
    RETURN_IF_ERROR(AddFile(Join(directory, kWeights), &checkpoint.tensors));
    RETURN_IF_ERROR(IndexTensors(&checkpoint.tensors));
  } else if (Exists(Join(directory, kIndex))) {
    RETURN_IF_ERROR(AddShards(directory, &checkpoint.tensors));
  } else if (const RankFiles files = FindRankFiles(directory); !files.empty()) {
    RETURN_IF_ERROR(AddRankFiles(directory, files, &checkpoint.tensors));
  } else {
    return MissingWeights(directory);
  }
  SelectTextModel(&checkpoint);
  RETURN_IF_ERROR(IndexTensors(&checkpoint.tensors));
  return checkpoint;
}

}  // namespace frugal
