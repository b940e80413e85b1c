#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <utility>

namespace frugal {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mapped_file_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  static std::string Text(const MappedFile& file) {
    return {file.bytes().begin(), file.bytes().end()};
  }

  std::string folder_;
};

TEST_F(MappedFileTest, MapsAFile) {
  const std::string path = Write("a", std::string("some\0bytes", 10));
  Result<MappedFile> file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->path(), path);
  EXPECT_EQ(Text(*file), std::string("some\0bytes", 10));
}

TEST_F(MappedFileTest, EmptyFileIsAnEmptySpan) {
  Result<MappedFile> file = MappedFile::Open(Write("empty", ""));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->bytes().empty());
}

TEST_F(MappedFileTest, MovesKeepTheMapping) {
  Result<MappedFile> opened = MappedFile::Open(Write("a", "first"));
  ASSERT_TRUE(opened.ok());
  const uint8_t* data = opened->bytes().data();
  MappedFile moved = *std::move(opened);
  EXPECT_EQ(moved.bytes().data(), data);
  MappedFile target = *MappedFile::Open(Write("b", "second"));
  target = std::move(moved);
  EXPECT_EQ(Text(target), "first");
  EXPECT_EQ(target.bytes().data(), data);
}

TEST_F(MappedFileTest, OutlivesTheFilesName) {
  const std::string path = Write("a", "text");
  Result<MappedFile> file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok());
  std::filesystem::remove(path);
  EXPECT_EQ(Text(*file), "text");
}

TEST_F(MappedFileTest, ErrorsNameThePath) {
  const std::string missing = folder_ + "/missing";
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const std::pair<std::string, StatusCode> cases[] = {
      {missing, StatusCode::kNotFound}, {missing + "/below", StatusCode::kNotFound},
      {folder_, StatusCode::kIo},       {fifo, StatusCode::kIo},  // must not hang
      {"/dev/zero", StatusCode::kIo},
  };
  for (const auto& [path, code] : cases) {
    const Result<MappedFile> file = MappedFile::Open(path);
    ASSERT_FALSE(file.ok()) << path;
    EXPECT_EQ(file.status().code(), code) << file.status().message();
    EXPECT_NE(file.status().message().find(path), std::string::npos);
    const Result<std::string> text = ReadFile(path, 100);
    ASSERT_FALSE(text.ok()) << path;
    EXPECT_EQ(text.status().code(), code) << text.status().message();
    EXPECT_NE(text.status().message().find(path), std::string::npos);
  }
}

TEST_F(MappedFileTest, ReadFileBoundsTheSize) {
  const std::string path = Write("a", "0123456789");
  Result<std::string> text = ReadFile(path, 10);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "0123456789");
  text = ReadFile(path, 9);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(text.status().message().find(path), std::string::npos);
  EXPECT_EQ(*ReadFile(Write("empty", ""), 0), "");
}

}  // namespace
}  // namespace frugal
