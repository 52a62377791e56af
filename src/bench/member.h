// MemberProcess: one node of a cluster as a process of its own, driven by lines: what benchmarks
// measure and batteries torment. A real Node over TCP, real files and threads; each of its groups
// has a machine of Slots.
//
// A request is `TAG VERB ARGUMENTS...`, where TAG is any word; each is answered by one line, `TAG
// ok VALUES...` or `TAG error WHY`, in whatever order the answers come. A line that begins with `*`
// is news that nobody asked for. The first is `* ready`, once the directory is read.
//
//     create FIRST COUNT         begins these groups, once in each member     ok
//     status GROUP               ok ROLE LEADER TERM COMMITTED APPLIED LAST   (leader 0: unknown)
//     put GROUP KEY VALUE        proposes                                     ok INDEX
//     get GROUP KEY              a linearizable read                          ok VALUE
//     peek GROUP KEY             what this member has applied                 ok VALUE
//     hash GROUP                 of the state that this member has applied    ok HASH
//     commit GROUP               proposes again and again until it is done    ok TRIES
//     cease                      ends all commits that are under way          ok
//     load GROUP PAYLOAD OUTSTANDING TOTAL LENGTH_US KEYS        group 0: all that are led here
//                                ok OPERATIONS ELAPSED_US CPU_US SYNCS P50_US P99_US P999_US
//     usage                      of the process         ok CPU_US RESIDENT_BYTES SYNCS
//     leads                      ok GROUPS_LED_NOW ELECTIONS_WON_SO_FAR
//     reset                      breaks every TCP connection of the process   ok HOW_MANY
//     quit                       stops in order: hands leadership over, answers everybody   ok
//
// Errors of put, get and commit begin with the fate: `refused`, `failed` or `unknown`.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "env/posix/env.h"
#include "node/members.h"
#include "node/node.h"

namespace quorate::bench {

struct MemberSetup {
  NodeId id;
  ClusterId cluster;
  std::string directory;
  Members members;                            // of every group, and where they are found
  std::uint64_t snapshot_bytes = 64U << 20U;  // SnapshotPolicy::after_bytes
  Duration quiesce_after{0};                  // Options::quiesce_after
  env::Address listen{};                      // if it is not where the others find it
  std::uint32_t segment_bytes = wal::Options{}.segment_bytes;
};
// `1=127.0.0.1:4001,2=127.0.0.1:4002`; and back.
Result<Members> parse_members(const std::string& text);
std::string describe(const Members& members);

class MemberProcess final : private Observer {
 public:
  static Result<std::unique_ptr<MemberProcess>> open(const MemberSetup& setup);
  ~MemberProcess() override;

  // Reads requests from `in` and answers to `out`, until it is told to quit or `in` ends. In the
  // latter case requests may be under way still, and the process had better end at once.
  void run(int in, int out);

 private:
  class Answer;

  explicit MemberProcess(MemberSetup setup) : setup_(std::move(setup)) {}

  void happened(GroupId group, const Position& at, Happened what) override;
  void note(const std::string& text) override { say("* " + text); }
  void say(const std::string& line);

  void handle(const std::string& line);
  void create(Answer answer, std::uint64_t first, std::uint64_t count);
  void status(Answer answer, GroupId group);
  void put(Answer answer, GroupId group, std::uint32_t key, const std::string& value);
  void read(Answer answer, GroupId group, ReadKind kind, std::uint32_t key);
  void hash(Answer answer, GroupId group);
  void commit(const Answer& answer, GroupId group);
  void load(const Answer& answer, const std::string& arguments);
  void quit(Answer answer);
  void later(std::function<void()> task);

  MemberSetup setup_;
  env::PosixEnv env_;
  std::atomic<int> out_{-1};
  std::mutex speaking_;
  std::mutex leading_;
  std::set<GroupId> led_;
  std::uint64_t elections_ = 0;
  std::atomic<std::uint64_t> ceased_{0};  // how often: a commit ends when it rises
  std::unique_ptr<Node> node_;
  std::vector<std::thread> tasks_;
  bool ended_ = false;
};

}  // namespace quorate::bench
