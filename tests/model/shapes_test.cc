#include "model/shapes.h"

#include <set>

#include "tests/model/model_test_util.h"

namespace frugal {
namespace {

TEST(Shapes, EveryNameIsItsOwnAndParses) {
  std::set<std::string_view> names;
  for (const ModelShape& shape : AllShapes()) {
    EXPECT_TRUE(names.insert(shape.name).second) << shape.name;
    const Result<ModelSpec> spec = ParseModelSpec(ShapeCheckpoint(shape));
    EXPECT_TRUE(spec.ok()) << spec.status().message();
  }
  EXPECT_GE(names.size(), 40u);
}

TEST(Shapes, LaterMembersReplaceEarlierOnes) {
  const Result<Checkpoint> kimi = OpenShape("kimi-k2");
  ASSERT_TRUE(kimi.ok());
  EXPECT_EQ(*kimi->metadata.GetString("model_type"), "kimi_k2");
  EXPECT_EQ(*kimi->metadata.GetInt("n_group"), 1);
  // An object takes the place of a null.
  const Result<Checkpoint> hunyuan = OpenShape("hunyuan-a13b");
  ASSERT_TRUE(hunyuan.ok());
  EXPECT_EQ(*hunyuan->metadata.GetDouble("rope_scaling.alpha"), 1000.0);
  EXPECT_EQ(hunyuan->metadata.Find("rope_scaling"), nullptr);
}

TEST(Shapes, OpensNamesFilesAndDirectories) {
  EXPECT_EQ(SpecOf(*OpenShape("Qwen3-0.6B")).hidden, 1024);
  const std::string folder = TestData("models/qwen3-plain");
  const ModelSpec own = SpecOf(*OpenCheckpoint(folder));
  for (const std::string& path : {folder, folder + "/", folder + "/config.json"}) {
    const Result<Checkpoint> shape = OpenShape(path);
    ASSERT_TRUE(shape.ok()) << shape.status().message();
    EXPECT_EQ(SpecOf(*shape).hidden, own.hidden);
    EXPECT_TRUE(shape->tensors.tensors.empty());
  }
}

TEST(Shapes, RefusesWhatIsNoShape) {
  const TempDir dir;
  for (const std::string& path : {std::string("llama-9b"), dir.Path("config.json"),
                                  dir.Write("other.json", "{}"), std::string()}) {
    const Result<Checkpoint> shape = OpenShape(path);
    ASSERT_FALSE(shape.ok());
    ExpectRefused(shape.status(), StatusCode::kNotFound,
                  "shape '" + path + "': ", {"config.json", "llama-3.1-8b", "deepseek-v3"});
  }
  EXPECT_FALSE(OpenShape(dir.path()).ok());
  dir.Write("config.json", "{");
  EXPECT_FALSE(OpenShape(dir.path()).ok());
}

}  // namespace
}  // namespace frugal
