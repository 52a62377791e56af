// Group: this node's member of one group: its core, and whoever waits for it. Belongs to one loop,
// and is touched on that loop's lane alone.
//
// Events gather in it during a turn; then turn() steps the core through all of them, flushes once,
// and puts what follows where the loop picks it up: one write, one body a peer, one batch for the
// machine, however many events there were.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ring.h"
#include "node/letters.h"
#include "node/members.h"
#include "node/outbox.h"
#include "node/waiters.h"
#include "raft/guarded.h"
#include "raft/output.h"

namespace quorate {

// What a turn of a loop has gathered so far, for all of its groups.
struct Turn {
  Instant now;
  Output& output;  // scratch of one group at a time
  Outbox& outbox;
  std::vector<WriteLetter>& writes;
  std::vector<MachineLetter>& machine;
  std::vector<ReaderLetter>& reader;
  std::vector<SnapshotLetter>& snapshots;
};

class Group {
 public:
  // `applied` is what the machine holds, and `deadline` how long a request may wait.
  Group(GroupId id, Raft raft, Duration deadline, Observer* observer);

  [[nodiscard]] GroupId id() const { return id_; }
  [[nodiscard]] const Raft& raft() const { return core_.raft(); }
  [[nodiscard]] bool poisoned() const { return core_.poisoned(); }
  [[nodiscard]] std::string report() const { return core_.report(); }

  // ---- What happened to it; turn() takes it in. Of requests, each is answered once.
  void take(Event event) { events_.push_back({std::move(event), {}, {}}); }
  void propose(Bytes payload, Done done);
  void change(Configuration target, Done done);
  void transfer(NodeId target, Done done);
  void read(ReadKind kind, Query query);

  void turn(Turn& turn);
  // Everybody who waits is told that the fate of the request is not known.
  void abandon(const std::string& why);

  // When it wants the next turn: the core's wish, or a request's deadline.
  [[nodiscard]] Instant wake_at() const;
  [[nodiscard]] bool idle() const { return events_.empty(); }
  [[nodiscard]] std::size_t waiting() const { return waiters_.size() + open_.size(); }
  // Where the members of its configuration are found. Changes with the configuration.
  [[nodiscard]] const Members& members() const { return members_; }
  [[nodiscard]] Index members_as_of() const { return members_as_of_; }

  // The loop's own: the earliest alarm that is set for it, and whether it has a turn coming.
  Instant armed = kNever;
  bool touched = false;

 private:
  // An event, and what goes with it if it is a request.
  struct Pending {
    Event event;
    Done done;
    Query query;
  };
  struct Open {
    Done done;
    Query query;
  };
  struct SnapshotWrite {
    Ticket ticket;
    LogPosition last;
  };

  void step(Pending& pending, Turn& turn);
  void settle(Pending& pending, RequestId current, Turn& turn);
  void settle(Answer& answer, Done& done, Query& query, Turn& turn);
  void carry_out(Turn& turn);
  void send(Message& message, Turn& turn);
  void persist(Turn& turn);
  void durable(Ticket ticket, Turn& turn);
  void hand_out(Turn& turn);
  void serve(Query query, Index index, Turn& turn);
  void serve_ready(Turn& turn);
  void promote_learners(Turn& turn);
  void note_configuration();
  void observe(Turn& turn);
  RequestId name(Event& event);

  GroupId id_;
  Guarded core_;
  Duration deadline_;
  Observer* observer_;
  std::vector<Pending> events_;
  std::uint64_t requests_ = 0;
  Waiters waiters_;
  std::map<RequestId, Open> open_;           // asked, and neither refused nor in the log
  std::multimap<Index, Query> ready_reads_;  // to be served when that much was handed out
  Ring<Deferred> deferred_;                  // wait for their write
  std::vector<SnapshotWrite> snapshot_writes_;
  Ticket durable_;
  Index handed_;  // to the machine
  Instant wake_at_ = kNever;
  Members members_;
  Index members_as_of_;
  Instant next_promotion_ = Instant::min();
};

}  // namespace quorate
