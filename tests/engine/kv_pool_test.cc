#include "engine/kv_pool.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "kernels/kernels.h"

namespace frugal {
namespace {

TEST(KvPool, PagesAreDistinctBoundedAndReused) {
  KvPool pool(/*page_bytes=*/100, /*max_pages=*/3);
  std::set<uint8_t*> pages;
  for (int i = 0; i < 3; ++i) pages.insert(pool.Take());
  EXPECT_EQ(pages.size(), 3u);
  EXPECT_FALSE(pages.contains(nullptr));
  EXPECT_EQ(pool.Take(), nullptr);
  EXPECT_EQ(pool.free_pages(), 0);
  uint8_t* page = *pages.begin();
  pool.Give(page);
  EXPECT_EQ(pool.free_pages(), 1);
  EXPECT_EQ(pool.Take(), page);
}

TEST(KvPool, PagesForPositions) {
  EXPECT_EQ(PagesFor(0), 0);
  EXPECT_EQ(PagesFor(1), 1);
  EXPECT_EQ(PagesFor(kAttentionBlock), 1);
  EXPECT_EQ(PagesFor(kAttentionBlock + 1), 2);
}

TEST(KvSequence, GrowsShrinksAndGivesBack) {
  KvPool pool(64, 4);
  {
    KvSequence a(&pool);
    EXPECT_TRUE(a.Reserve(2 * kAttentionBlock));
    EXPECT_EQ(a.page_count(), 2);
    EXPECT_TRUE(a.Reserve(1));  // never shrinks
    EXPECT_EQ(a.page_count(), 2);
    KvSequence b(&pool);
    EXPECT_TRUE(b.Reserve(kAttentionBlock + 1));
    EXPECT_EQ(pool.free_pages(), 0);
    EXPECT_FALSE(a.Reserve(3 * kAttentionBlock));
    b.Truncate(kAttentionBlock);
    EXPECT_EQ(pool.free_pages(), 1);
    EXPECT_TRUE(a.Reserve(3 * kAttentionBlock));
    // A moved sequence takes its pages along.
    KvSequence c = std::move(a);
    EXPECT_EQ(c.page_count(), 3);
    EXPECT_EQ(a.page_count(), 0);
    b = std::move(c);
    EXPECT_EQ(b.page_count(), 3);
  }
  EXPECT_EQ(pool.free_pages(), 4);
}

}  // namespace
}  // namespace frugal
