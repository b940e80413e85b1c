#include "formats/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "tests/formats/file_size_limit.h"
#include "tests/formats/format_test_util.h"

namespace frugal {
namespace {

using Names = std::vector<std::string>;

TEST(AtomicFileTest, WritesAndReplaces) {
  const TempDir dir;
  dir.Write("f", "old");
  Result<AtomicFile> file = AtomicFile::Create(dir.Path("f"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  const std::string big(3 << 20, 'x');  // more than the buffer
  EXPECT_TRUE(file->Write("head").ok());
  EXPECT_TRUE(file->WriteZeros(5000).ok());
  EXPECT_TRUE(file->Write(big).ok());
  EXPECT_TRUE(file->Write("tail").ok());
  EXPECT_EQ(dir.Read("f"), "old");  // until the commit
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(dir.Read("f"), "head" + std::string(5000, '\0') + big + "tail");
  EXPECT_EQ(dir.Names(), Names{"f"});
}

TEST(AtomicFileTest, WithoutCommitNothingChanges) {
  const TempDir dir;
  dir.Write("f", "old");
  {
    Result<AtomicFile> file = AtomicFile::Create(dir.Path("f"));
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(file->Write("new").ok());
    AtomicFile moved = *std::move(file);
    EXPECT_EQ(dir.Names().size(), 2u);  // beside it, in the same folder
  }
  EXPECT_EQ(dir.Read("f"), "old");
  EXPECT_EQ(dir.Names(), Names{"f"});
}

TEST(AtomicFileTest, TwoAtOnceDoNotMeet) {
  const TempDir dir;
  Result<AtomicFile> a = AtomicFile::Create(dir.Path("f"));
  Result<AtomicFile> b = AtomicFile::Create(dir.Path("f"));
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_TRUE(a->Write("a").ok());
  EXPECT_TRUE(b->Write("b").ok());
  EXPECT_TRUE(b->Commit().ok());
  EXPECT_EQ(dir.Read("f"), "b");
  EXPECT_TRUE(a->Commit().ok());
  EXPECT_EQ(dir.Read("f"), "a");
  EXPECT_EQ(dir.Names(), Names{"f"});
}

TEST(AtomicFileTest, FullDiskLeavesTheOldFile) {
  const TempDir dir;
  dir.Write("f", "old");
  const FileSizeLimit limit(100'000);
  std::optional<Result<AtomicFile>> file = AtomicFile::Create(dir.Path("f"));
  ASSERT_TRUE((*file).ok());
  Status status = (*file)->Write(std::string(2 << 20, 'x'));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.message();
  EXPECT_EQ(status.message().find(dir.Path("f") + ": cannot write: "), 0u) << status.message();
  file.reset();
  // Small enough for the buffer: the failure comes with the commit.
  file = AtomicFile::Create(dir.Path("f"));
  EXPECT_TRUE((*file)->Write(std::string(200'000, 'x')).ok());
  EXPECT_EQ((*file)->Commit().code(), StatusCode::kResourceExhausted);
  file.reset();
  EXPECT_EQ(dir.Read("f"), "old");
  EXPECT_EQ(dir.Names(), Names{"f"});
}

TEST(AtomicFileTest, ADiskThatIsTooSmallIsRefusedAtOnce) {
  const TempDir dir;
  dir.Write("f", "old");
  EXPECT_TRUE(AtomicFile::Create(dir.Path("f"), 1000).ok());
  const Result<AtomicFile> file = AtomicFile::Create(dir.Path("f"), int64_t{1} << 62);
  ExpectFileError(file, StatusCode::kResourceExhausted, dir.Path("f"), "GB will be written");
  EXPECT_EQ(dir.Read("f"), "old");
  EXPECT_EQ(dir.Names(), Names{"f"});
}

TEST(AtomicFileTest, RefusesWhatIsNoFile) {
  const TempDir dir;
  ExpectFileError(AtomicFile::Create(dir.path()), StatusCode::kInvalidArgument, dir.path(),
                  "not a regular file");
  ExpectFileError(AtomicFile::Create("/dev/null"), StatusCode::kInvalidArgument, "/dev/null",
                  "not a regular file");
  const std::string below = dir.Path("none/f");
  ExpectFileError(AtomicFile::Create(below), StatusCode::kNotFound, below, "cannot create");
  const std::string under_file = dir.Write("f", "") + "/g";
  ExpectFileError(AtomicFile::Create(under_file), StatusCode::kIo, under_file, "cannot create");
}

TEST(AtomicFileTest, HasOrdinaryPermissions) {
  const TempDir dir;
  const mode_t mask = umask(022);
  Result<AtomicFile> file = AtomicFile::Create(dir.Path("f"));
  umask(mask);
  ASSERT_TRUE(file.ok() && file->Commit().ok());
  struct stat info;
  ASSERT_EQ(stat(dir.Path("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

}  // namespace
}  // namespace frugal
