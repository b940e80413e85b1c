#include "model/tensor_reader.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/model/golden.h"
#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

// A checkpoint whose tensors count up from 0 in float32, each from its own multiple of 1000.
class Numbered {
 public:
  Numbered(const std::string& config, const std::vector<std::pair<std::string, Shape>>& tensors) {
    checkpoint_ = HfConfig(config);
    for (size_t t = 0; t < tensors.size(); ++t) {
      std::vector<float>& values = data_.emplace_back(NumElements(tensors[t].second));
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(1000 * t + i);
    }
    for (size_t t = 0; t < tensors.size(); ++t) {
      checkpoint_.tensors.tensors.push_back(
          {.name = tensors[t].first,
           .view = {.dtype = DType::kF32,
                    .shape = tensors[t].second,
                    .data = reinterpret_cast<const uint8_t*>(data_[t].data()),
                    .bytes = static_cast<int64_t>(data_[t].size() * sizeof(float))}});
    }
    EXPECT_TRUE(IndexTensors(&checkpoint_.tensors).ok());
  }
  const Checkpoint& checkpoint() const { return checkpoint_; }

 private:
  Checkpoint checkpoint_;
  std::vector<std::vector<float>> data_;
};

std::vector<float> Row(const SourceTensor& tensor, int64_t expert, int64_t row) {
  std::vector<float> values(tensor.k);
  ReadRows(tensor, expert, row, 1, values.data());
  return values;
}

// Fused Q, K and V, and fused gate and up: rows in the order of the table.
TEST(TensorReader, RowsOfFusedAndWholeMatrices) {
  Result<Checkpoint> fused = OpenCheckpoint(TestData("models/glm4-moe"));
  ASSERT_TRUE(fused.ok());
  const ModelSpec spec = SpecOf(*fused);
  const auto reader = OpenTensors(*fused, spec);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  // Every role of the table is there with its shape, and reads to finite numbers.
  for (const auto& [key, tensor] : reader->tensors) {
    EXPECT_EQ(tensor.experts * tensor.n * tensor.k, NumElements(tensor.desc.shape));
    for (const float x : Row(tensor, tensor.experts - 1, tensor.n - 1)) {
      ASSERT_TRUE(std::isfinite(x)) << tensor.stored->name;
    }
  }
  EXPECT_EQ(reader->Find(Role::kMlaKB, 0), nullptr);
}

// Ways of storing, on tensors made up for it.
TEST(TensorReader, SelectedTransposedAndSplitRows) {
  const Numbered source(kTinyLlama, {{"m", {6, 4}},
                                     {"t", {3, 4}},
                                     {"v", {6}},
                                     {"r#0", {2, 4}},
                                     {"r#1", {2, 4}},
                                     {"c#0", {2, 2}},
                                     {"c#1", {2, 2}}});
  const auto matrix = [&](const char* name) {
    std::vector<std::string> used;
    const NamedTensor* tensor = source.checkpoint().tensors.Find(name);
    return *FindStoredMatrix(source.checkpoint(), {}, name, tensor->view.shape, &used);
  };
  const auto set = [](SourceTensor* tensor, StoredName stored, int64_t n, int64_t k) {
    tensor->desc.hf = std::move(stored);
    tensor->stored = &tensor->desc.hf;
    tensor->n = n;
    tensor->k = k;
  };
  using Values = std::vector<float>;
  SourceTensor odd;  // rows 1, 3, 5
  set(&odd, StoredName("m", {3, 2, 1, 1}), 3, 4);
  odd.matrices.push_back(matrix("m"));
  EXPECT_EQ(Row(odd, 0, 0), (Values{4, 5, 6, 7}));
  EXPECT_EQ(Row(odd, 0, 2), (Values{20, 21, 22, 23}));
  odd.load = Load::kPlusOne;
  EXPECT_EQ(Row(odd, 0, 0), (Values{5, 6, 7, 8}));
  EXPECT_EQ(CopyType(odd), nullptr);

  SourceTensor transposed;  // (4, 3)
  StoredName name("t");
  name.transposed = true;
  set(&transposed, name, 4, 3);
  transposed.matrices.push_back(matrix("t"));
  EXPECT_EQ(Row(transposed, 0, 1), (Values{1001, 1005, 1009}));
  EXPECT_EQ(CopyType(transposed), nullptr);

  SourceTensor vector;  // the last two of every three
  set(&vector, StoredName("v", {2, 3, 1, 2}), 1, 4);
  vector.vector = true;
  vector.vectors.push_back(source.checkpoint().tensors.Find("v")->view);
  EXPECT_EQ(Row(vector, 0, 0), (Values{2001, 2002, 2004, 2005}));

  SourceTensor rows;
  StoredName row_pieces("r");
  row_pieces.pieces = Pieces::kRows;
  set(&rows, row_pieces, 4, 4);
  rows.pieces = 2;
  rows.matrices.push_back(matrix("r#0"));
  rows.matrices.push_back(matrix("r#1"));
  EXPECT_EQ(Row(rows, 0, 2), (Values{4000, 4001, 4002, 4003}));

  SourceTensor columns;
  StoredName column_pieces("c");
  column_pieces.pieces = Pieces::kColumns;
  set(&columns, column_pieces, 2, 4);
  columns.pieces = 2;
  columns.matrices.push_back(matrix("c#0"));
  columns.matrices.push_back(matrix("c#1"));
  EXPECT_EQ(Row(columns, 0, 1), (Values{5002, 5003, 6002, 6003}));
  EXPECT_EQ(CopyType(columns), nullptr);
}

TEST(TensorReader, CopiesWhatIsTakenOverAsItIs) {
  Result<Checkpoint> source = OpenCheckpoint(TestData("models/llama-q4_0.gguf"));
  ASSERT_TRUE(source.ok());
  const auto reader = OpenTensors(*source, SpecOf(*source));
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  const SourceTensor* up = reader->Find(Role::kFfnUp, 0);
  ASSERT_NE(up, nullptr);
  ASSERT_NE(CopyType(*up), nullptr);
  EXPECT_EQ(*CopyType(*up), DType::kQ4_0);
  std::vector<uint8_t> scratch;
  const NamedTensor* stored = source->tensors.Find("blk.0.ffn_up.weight");
  EXPECT_EQ(CopyRow(*up, 0, 1, &scratch), stored->view.data + *TensorBytes(DType::kQ4_0, 1, up->k));
}

TEST(TensorReader, TheBindersErrors) {
  const auto refused = [](const std::vector<std::pair<std::string, Shape>>& tensors) {
    const Numbered source(kTinyLlama, tensors);
    const auto reader = OpenTensors(source.checkpoint(), SpecOf(source.checkpoint()));
    EXPECT_FALSE(reader.ok());
    return reader.ok() ? "" : reader.status().message();
  };
  EXPECT_NE(refused({}).find("'model.embed_tokens.weight' (40, 16) is missing"), std::string::npos);
  EXPECT_NE(refused({{"model.embed_tokens.weight", {40, 16}}}).find("'model.norm.weight' (16)"),
            std::string::npos);
}

}  // namespace
}  // namespace frugal
