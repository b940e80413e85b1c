#include "text/output/stream.h"

#include <gtest/gtest.h>

namespace frugal::output {
namespace {

InputBuffer Buffer(std::string_view text, bool closed = false) {
  InputBuffer in;
  in.Append(text);
  if (closed) in.Close();
  return in;
}

TEST(StreamTest, MarkedTextComesBack) {
  InputBuffer in = Buffer("abcdef");
  in.Skip(1);
  in.Mark();
  in.Skip(2);
  in.Append("gh");
  in.Skip(1);
  EXPECT_EQ(in.rest(), "efgh");
  EXPECT_TRUE(in.marked());
  EXPECT_EQ(in.TakeMarked(), "bcd");
  EXPECT_FALSE(in.marked());
  in.Mark();
  in.Skip(1);
  in.Commit();
  EXPECT_EQ(in.TakeMarked(), "");
}

TEST(StreamTest, At) {
  EXPECT_EQ(At(Buffer("<a>b"), "<a>"), Match::kYes);
  EXPECT_EQ(At(Buffer("<a"), "<a>"), Match::kMore);
  EXPECT_EQ(At(Buffer(""), "<a>"), Match::kMore);
  EXPECT_EQ(At(Buffer("<a", /*closed=*/true), "<a>"), Match::kNo);
  EXPECT_EQ(At(Buffer("<b"), "<a>"), Match::kNo);
}

TEST(StreamTest, FindMarkerHoldsBackABeginning) {
  const std::string_view markers[] = {"", "<think>", "</think>", "<tool>"};
  const auto find = [&](std::string_view text, bool closed) {
    const MarkerHit hit = FindMarker(Buffer(text, closed), markers);
    return std::pair(hit.clean, hit.which);
  };
  EXPECT_EQ(find("ab", false), std::pair(size_t{2}, -1));
  EXPECT_EQ(find("ab<th", false), std::pair(size_t{2}, -1));
  EXPECT_EQ(find("ab<th", true), std::pair(size_t{5}, -1));
  EXPECT_EQ(find("a<b<</think><tool>", false), std::pair(size_t{4}, 2));
  EXPECT_EQ(find("<tool><think>", false), std::pair(size_t{0}, 3));
}

// Where one marker begins with another, the order of the list decides, however the text is cut.
TEST(StreamTest, FindMarkerWaitsForTheEarlierOfTheList) {
  const std::string_view markers[] = {"<<a", "<<"};
  EXPECT_EQ(FindMarker(Buffer("<<"), markers).which, -1);
  EXPECT_EQ(FindMarker(Buffer("<<a"), markers).which, 0);
  EXPECT_EQ(FindMarker(Buffer("<<b"), markers).which, 1);
  EXPECT_EQ(FindMarker(Buffer("<<", /*closed=*/true), markers).which, 1);
}

TEST(StreamTest, TakeUntil) {
  InputBuffer in = Buffer("value</");
  std::string piece;
  EXPECT_FALSE(TakeUntil(&in, "</p>", &piece));
  EXPECT_EQ(piece, "value");
  in.Append("x</p>rest");
  EXPECT_TRUE(TakeUntil(&in, "</p>", &piece));
  EXPECT_EQ(piece, "value</x");
  EXPECT_EQ(in.rest(), "rest");
}

TEST(StreamTest, Names) {
  EXPECT_TRUE(IsFunctionName("get_weather"));
  EXPECT_TRUE(IsFunctionName("查询天气"));
  EXPECT_FALSE(IsFunctionName(""));
  EXPECT_FALSE(IsFunctionName("a b"));
  EXPECT_FALSE(IsFunctionName("a{"));
  EXPECT_TRUE(IsFunctionName(std::string(256, 'a')));
  EXPECT_FALSE(IsFunctionName(std::string(257, 'a')));
  std::string name;
  InputBuffer in = Buffer("ab");
  EXPECT_EQ(TakeName(&in, &name), Match::kMore);
  in.Append("c(");
  EXPECT_EQ(TakeName(&in, &name), Match::kYes);
  EXPECT_EQ(name, "abc");
  EXPECT_EQ(in.rest(), "(");
  name.clear();
  EXPECT_EQ(TakeName(&in, &name), Match::kNo);
  InputBuffer large = Buffer(std::string(1000, 'x'));
  EXPECT_EQ(TakeName(&large, &name), Match::kNo);
  EXPECT_EQ(large.rest().size(), 744u);
}

std::string TextOf(const std::vector<OutputDelta>& deltas) {
  std::string text;
  for (const OutputDelta& delta : deltas) text += delta.text;
  return text;
}

TEST(StreamTest, SinkJoinsNeighbours) {
  DeltaSink sink;
  sink.Text(OutputKind::kContent, "a");
  sink.Text(OutputKind::kContent, "");
  sink.Text(OutputKind::kContent, "b");
  sink.Text(OutputKind::kReasoning, "c");
  sink.StartCall("f", "id");
  sink.Arguments("{");
  sink.Arguments("}");
  sink.EndCall(true, "");
  EXPECT_EQ(sink.Take(),
            (std::vector<OutputDelta>{{.kind = OutputKind::kContent, .text = "ab"},
                                      {.kind = OutputKind::kReasoning, .text = "c"},
                                      {.kind = OutputKind::kToolCallStart, .id = "id", .name = "f"},
                                      {.kind = OutputKind::kToolCallArguments, .text = "{}"},
                                      {.kind = OutputKind::kToolCallEnd}}));
  EXPECT_TRUE(sink.Take().empty());
  sink.StartCall("g", "");
  EXPECT_EQ(sink.Take().at(0).index, 1);
}

TEST(StreamTest, ChannelTrimsBesideStructures) {
  const auto run = [](auto&& steps) {
    DeltaSink sink;
    Channel channel(OutputKind::kContent);
    steps(channel, &sink);
    channel.Finish(&sink);
    return TextOf(sink.Take());
  };
  EXPECT_EQ(run([](Channel& c, DeltaSink* out) { c.Text("\n a \n\n", out); }), "\n a \n\n");
  EXPECT_EQ(run([](Channel& c, DeltaSink* out) {
              c.Text(" \n\n", out);
              c.Break();
              c.Text("\n \n  a \n", out);
              c.Break();
              c.Text("\n\n", out);
            }),
            "  a ");
  EXPECT_EQ(run([](Channel& c, DeltaSink* out) {
              c.Text("a\n", out);
              c.Break();
              c.Text("\n\nb", out);
            }),
            "a\nb");
  EXPECT_EQ(run([](Channel& c, DeltaSink* out) {
              c.Text("a", out);
              c.SeparateTexts();
              c.Text("b", out);
            }),
            "a\nb");
}

}  // namespace
}  // namespace frugal::output
