#include "model/message.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/text.h"

namespace quorate {
namespace {

// One body of each type, in the variant's order.
template <std::size_t... Is>
std::vector<MessageBody> one_of_each(std::index_sequence<Is...> /*all*/) {
  return {std::variant_alternative_t<Is, MessageBody>{}...};
}

std::vector<MessageBody> one_of_each() {
  return one_of_each(std::make_index_sequence<std::variant_size_v<MessageBody>>{});
}

std::string line(MessageBody body) {
  return describe(Message{NodeId{1}, NodeId{2}, Term{4}, std::move(body)});
}

TEST(Message, EachTypeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const MessageBody& body : one_of_each()) {
    names.insert(message_name(body));
  }
  EXPECT_EQ(names.size(), std::variant_size_v<MessageBody>);
}

// Requests get exactly one answer, notices none; whatever is neither answers.
TEST(Message, RequestsAnswersAndNoticesAreToldApart) {
  const std::set<std::string_view> requests{"pre-vote",  "request-vote",     "append",
                                            "heartbeat", "install-snapshot", "read-index"};
  const std::set<std::string_view> notices{"timeout-now", "quiesce", "wake", "removed"};
  for (const MessageBody& body : one_of_each()) {
    const MessageClass expected = requests.contains(message_name(body))  ? MessageClass::kRequest
                                  : notices.contains(message_name(body)) ? MessageClass::kNotice
                                                                         : MessageClass::kAnswer;
    EXPECT_EQ(message_class(body), expected) << message_name(body);
  }
}

TEST(Message, PrintsAsOneLine) {
  Append append{{Index{7}, Term{3}}, Index{6}, Round{5}, {}};
  append.entries.resize(2);
  EXPECT_EQ(line(append), "append -> n2 prev=7/3 entries=2 commit=6 round=5");
  EXPECT_EQ(line(VoteAnswer{true}), "vote-answer -> n2 granted=yes");
  EXPECT_EQ(line(Wake{}), "wake -> n2");
  const AppendRejected rejected{
      Index{9}, Index{5}, {{Index{4}, Term{2}}, {Index{0}, Term{0}}}, Round{1}};
  EXPECT_EQ(line(rejected), "append-rejected -> n2 prev=9 last=5 runs=4/2,0/0 round=1");
  EXPECT_EQ(text_of(std::vector<TermRun>{}), "-");
}

TEST(Message, PrintsEveryField) {
  EXPECT_EQ(line(PreVote{Term{5}, {Index{7}, Term{3}}, 2}),
            "pre-vote -> n2 candidate_term=5 last=7/3 attempt=2");
  EXPECT_EQ(line(PreVoteAnswer{Term{5}, 2, false}),
            "pre-vote-answer -> n2 granted=no candidate_term=5 attempt=2");
  EXPECT_EQ(line(RequestVote{{Index{7}, Term{3}}, true}),
            "request-vote -> n2 last=7/3 handover=yes");
  EXPECT_EQ(line(AppendAccepted{Index{7}, Round{5}}), "append-accepted -> n2 match=7 round=5");
  EXPECT_EQ(line(Heartbeat{Index{7}, Round{5}}), "heartbeat -> n2 commit=7 round=5");
  EXPECT_EQ(line(HeartbeatAnswer{Round{5}}), "heartbeat-answer -> n2 round=5");
  EXPECT_EQ(
      line(InstallSnapshot{{{Index{7}, Term{3}}, {{NodeId{1}}, {}, {}, {}}, Index{2}}, Round{5}}),
      "install-snapshot -> n2 snapshot=7/3 {1}@2 round=5");
  EXPECT_EQ(line(SnapshotAccepted{Index{7}, Round{5}}), "snapshot-accepted -> n2 match=7 round=5");
  EXPECT_EQ(line(StaleTerm{}), "stale-term -> n2");
  EXPECT_EQ(line(TryLater{Round{5}}), "try-later -> n2 round=5");
  EXPECT_EQ(line(TimeoutNow{}), "timeout-now -> n2");
  EXPECT_EQ(line(ReadIndex{{8, 9}, true}), "read-index -> n2 boot=8 batch=9 lease=yes");
  EXPECT_EQ(line(ReadIndexAnswer{{8, 9}, Index{7}}),
            "read-index-answer -> n2 boot=8 batch=9 index=7");
  EXPECT_EQ(line(ReadIndexRefused{{8, 9}}), "read-index-refused -> n2 boot=8 batch=9");
  EXPECT_EQ(line(Quiesce{{Index{7}, Term{3}}}), "quiesce -> n2 last=7/3");
  EXPECT_EQ(line(Removed{{Index{7}, Term{2}}}), "removed -> n2 as_of=7/2");
}

TEST(Text, QuotesAsJsonDoes) {
  EXPECT_EQ(json_quoted("plain"), "\"plain\"");
  EXPECT_EQ(json_quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_quoted(std::string_view{"\n\x1f\0", 3}), R"("\u000a\u001f\u0000")");
}

}  // namespace
}  // namespace quorate
