#include "model/stored_matrix.h"

#include <cmath>
#include <cstring>

#include "tests/model/stored_test_util.h"

namespace frugal {
namespace {

const std::string kModule = "model.layers.0.mlp.up_proj";

// A golden checkpoint whose tensors may be changed.
class Changeable {
 public:
  explicit Changeable(const std::string& name) : checkpoint_(OpenStored(name)) {
    scheme_ = SchemeOf(checkpoint_);
  }

  QuantScheme& scheme() { return scheme_; }
  NamedTensor& Tensor(const std::string& name) {
    return checkpoint_.tensors.tensors[static_cast<size_t>(checkpoint_.tensors.index.at(name))];
  }
  void Remove(const std::string& name) { Rename(name, "elsewhere"); }
  void Rename(const std::string& name, const std::string& other) {
    Tensor(name).name = other;
    checkpoint_.tensors.index.clear();
    EXPECT_TRUE(IndexTensors(&checkpoint_.tensors).ok());
  }
  // Bytes of a tensor to write to, in the place of the file's.
  uint8_t* Copy(const std::string& name) {
    TensorView& view = Tensor(name).view;
    copies_.emplace_back(view.data, view.data + view.bytes);
    view.data = copies_.back().data();
    return copies_.back().data();
  }

  Status Find(const Shape& shape, const std::string& name = kModule + ".weight") {
    std::vector<std::string> used;
    return FindStoredMatrix(checkpoint_, scheme_, name, shape, &used).status();
  }

 private:
  Checkpoint checkpoint_;
  QuantScheme scheme_;
  std::vector<std::vector<uint8_t>> copies_;
};

void ExpectError(const Status& status, StatusCode code, const std::vector<std::string>& parts) {
  EXPECT_EQ(status.code(), code) << status.message();
  for (const std::string& part : parts) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
}

TEST(StoredMatrix, AWeightThatIsNotThereIsNotFound) {
  for (const std::string& name : StoredCases()) {
    Changeable c(name);
    ExpectError(c.Find({4, 32}, "model.norm.weight"), StatusCode::kNotFound,
                {"'model.norm.weight' (4, 32) is missing"});
  }
}

TEST(StoredMatrix, EachPartMustBeThere) {
  const struct {
    const char* name;
    Shape shape;
    std::vector<std::string> parts;
  } cases[] = {{"fp8-block-128", {40, 160}, {".weight_scale_inv"}},
               {"ct-int4-64-zeros", {21, 150}, {".weight_scale", ".weight_shape"}},
               {"ct-int8", {24, 160}, {".weight_scale"}},
               {"awq-32", {40, 96}, {".qzeros", ".scales"}},
               {"gptq-order", {24, 160}, {".qzeros", ".scales"}}};
  for (const auto& [name, shape, parts] : cases) {
    EXPECT_TRUE(Changeable(name).Find(shape).ok());
    for (const std::string& part : parts) {
      Changeable c(name);
      c.Remove(kModule + part);
      ExpectError(c.Find(shape), StatusCode::kCorrupt, {kModule + part, "is missing"});
    }
  }
  Changeable c("mxfp4");
  const std::string experts = "model.layers.0.mlp.experts.gate_up_proj";
  c.Remove(experts + "_scales");
  ExpectError(c.Find({3, 20, 96}, experts), StatusCode::kCorrupt, {"_scales'", "is missing"});
}

TEST(StoredMatrix, ShapesMustBeTheModels) {
  for (const auto& [name, right] :
       std::vector<std::pair<std::string, Shape>>{{"fp8-block-128", {40, 160}},
                                                  {"fp8-static", {24, 96}},
                                                  {"ct-float-channel", {24, 160}},
                                                  {"ct-int4-32-bf16", {24, 160}},
                                                  {"ct-int4-64-zeros", {21, 150}},
                                                  {"ct-int8", {24, 160}},
                                                  {"awq-128", {24, 256}},
                                                  {"gptq-128", {24, 256}},
                                                  {"gptq-8bit", {24, 128}}}) {
    for (const Shape& change :
         std::vector<Shape>{{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {8, 0}, {0, 32}}) {
      Changeable c(name);
      const Shape wrong = {right[0] + change[0], right[1] + change[1]};
      ExpectError(c.Find(wrong), StatusCode::kCorrupt, {"stored/" + name, kModule});
    }
  }
  // A part that does not fit the others.
  Changeable c("gptq-128");
  c.Tensor(kModule + ".scales").view.shape = {24, 2};
  ExpectError(c.Find({24, 256}), StatusCode::kCorrupt, {".scales", "(2, 24)", "(24, 2)"});
  Changeable d("ct-int4-64-zeros");
  d.Tensor(kModule + ".weight_zero_point").view.shape = {1, 9};
  ExpectError(d.Find({21, 150}), StatusCode::kCorrupt, {".weight_zero_point", "(3, 3)"});
  Changeable e("ct-int4-128");
  e.Copy(kModule + ".weight_shape")[0] = 23;
  ExpectError(e.Find({24, 256}), StatusCode::kCorrupt, {".weight_shape", "(23, 256)"});
}

TEST(StoredMatrix, ElementTypesMustBeTheFormats) {
  Changeable c("awq-128");
  c.Tensor(kModule + ".qweight").view.dtype = DType::kU32;
  ExpectError(c.Find({24, 256}), StatusCode::kCorrupt, {".qweight", "expected", "I32", "U32"});
  Changeable d("fp8-static");
  d.Tensor(kModule + ".weight_scale_inv").view.dtype = DType::kI16;
  ExpectError(d.Find({24, 96}), StatusCode::kUnsupported, {".weight_scale_inv", "type I16"});
  Changeable e("fp8-static");
  e.Tensor(kModule + ".weight").view.dtype = DType::kF8_E5M2;
  ExpectError(e.Find({24, 96}), StatusCode::kUnsupported, {"F8_E5M2"});
  Changeable f("fp8-static");
  f.scheme() = {};
  ExpectError(f.Find({24, 96}), StatusCode::kUnsupported, {"F8_E4M3", "quantization_config"});
}

TEST(StoredMatrix, ScalesMustBeFinite) {
  const struct {
    const char* name;
    const char* scale;
    Shape shape;
  } cases[] = {{"fp8-block-128", ".weight_scale_inv", {40, 160}},
               {"ct-int4-32-bf16", ".weight_scale", {24, 160}},
               {"ct-int4-32-f16", ".weight_scale", {24, 96}},
               {"gptq-128", ".scales", {24, 256}}};
  for (const auto& [name, scale, shape] : cases) {
    for (const uint8_t top : {0x7f, 0xff}) {  // with the byte below: NaN in all three types
      Changeable c(name);
      uint8_t* bytes = c.Copy(kModule + scale);
      const TensorView& view = c.Tensor(kModule + scale).view;
      bytes[view.bytes - 1] = top;
      bytes[view.bytes - 2] = 0xff;
      const int64_t last = NumElements(view.shape) - 1;
      ExpectError(
          c.Find(shape), StatusCode::kCorrupt,
          {"model.safetensors", kModule + scale, fmt::format("element {}", last), "finite"});
    }
  }
  Changeable c("mxfp4");
  const std::string experts = "model.layers.0.mlp.experts.gate_up_proj";
  c.Copy(experts + "_scales")[7] = 255;
  ExpectError(c.Find({3, 20, 96}, experts), StatusCode::kCorrupt, {"_scales", "element 7", "255"});
}

TEST(StoredMatrix, GroupIndicesMustBeInRangeAndMakeWholeBlocks) {
  for (const auto& [name, index] : std::vector<std::pair<std::string, std::string>>{
           {"gptq-order", ".g_idx"}, {"ct-int4-32-order", ".weight_g_idx"}}) {
    for (const int32_t bad : {5, -1, INT32_MAX, INT32_MIN}) {
      Changeable c(name);
      std::memcpy(c.Copy(kModule + index) + 4 * 9, &bad, 4);
      ExpectError(c.Find({24, 160}), StatusCode::kCorrupt,
                  {index, "element 9", fmt::format("found {}", bad)});
    }
    // One column moved to another group: blocks of 32 columns would have two scales.
    Changeable c(name);
    uint8_t* bytes = c.Copy(kModule + index);
    int32_t first;
    std::memcpy(&first, bytes, 4);
    first = first == 0 ? 1 : 0;
    std::memcpy(bytes, &first, 4);
    ExpectError(c.Find({24, 160}), StatusCode::kUnsupported, {"multiples of 32"});
  }
  // Groups in order, or none at all, need no permutation.
  Changeable c("ct-int4-32-order");
  uint8_t* bytes = c.Copy(kModule + ".weight_g_idx");
  std::memset(bytes, 0xff, 4 * 160);
  EXPECT_TRUE(c.Find({24, 160}).ok());
}

TEST(StoredMatrix, WhatNoKernelReadsIsRefused) {
  Changeable blocks("fp8-block-32");
  blocks.scheme().groups[0].block_cols = 20;  // 80 columns: 4 blocks
  blocks.Tensor(kModule + ".weight_scale_inv").view.shape = {2, 4};
  ExpectError(blocks.Find({24, 80}), StatusCode::kUnsupported, {"20 columns", "multiples of 32"});
  Changeable zeros("gptq-8bit");
  zeros.Copy(kModule + ".qzeros")[2] ^= 1;
  ExpectError(zeros.Find({24, 128}), StatusCode::kUnsupported, {".qzeros", "other than 128"});
  Changeable three("ct-int8");
  three.Tensor(kModule + ".weight").view.shape = {2, 12, 160};
  ExpectError(three.Find({2, 12, 160}), StatusCode::kUnsupported, {"three dimensions"});
}

// Two groups of the configuration that fit a tensor alike would be a guess.
TEST(StoredMatrix, AmbiguousGroupsAreRefused) {
  Changeable c("ct-int4-64-zeros");  // 150 columns in 3 groups: of 64, or of 50 to 74
  QuantGroup other = c.scheme().groups[0];
  other.group_size = 72;
  c.scheme().groups.push_back(other);
  ExpectError(c.Find({21, 150}), StatusCode::kUnsupported, {".weight_scale", "several groups"});
  c.scheme().groups[1].group_size = 32;
  EXPECT_TRUE(c.Find({21, 150}).ok());
  c.scheme().groups[0].group_size = 32;
  ExpectError(c.Find({21, 150}), StatusCode::kCorrupt, {".weight_scale", "no description"});
}

// Some writers give every module a bias; one that is not zero has a meaning.
TEST(StoredMatrix, OnlyABiasOfZerosGoesAway) {
  const Checkpoint checkpoint = OpenStored("gptq-128");
  std::vector<std::string> used;
  ASSERT_TRUE(
      FindStoredMatrix(checkpoint, SchemeOf(checkpoint), kModule + ".weight", {24, 256}, &used)
          .ok());
  EXPECT_TRUE(std::ranges::count(used, kModule + ".bias"));
  Checkpoint other = OpenStored("gptq-128");
  const size_t at = static_cast<size_t>(other.tensors.index.at(kModule + ".bias"));
  const std::vector<uint8_t> ones(48, 1);
  other.tensors.tensors[at].view.data = ones.data();
  used.clear();
  ASSERT_TRUE(FindStoredMatrix(other, SchemeOf(other), kModule + ".weight", {24, 256}, &used).ok());
  EXPECT_FALSE(std::ranges::count(used, kModule + ".bias"));
}

}  // namespace
}  // namespace frugal
