// The runner of one transcript, command by command. Internal to transcript*.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/stage.h"
#include "sim/step.h"
#include "sim/transcript.h"

namespace quorate::sim {

class TranscriptRunner {
 public:
  explicit TranscriptRunner(Stage::Setup setup);

  // Carries one command out. An error where it cannot be understood.
  Result<void> command(std::string_view line);

  // What the command printed, without indentation.
  std::vector<std::string> take_output() { return std::exchange(output_, {}); }
  std::vector<std::string> take_failures() { return std::exchange(failures_, {}); }
  // At the end: a violation that no `expect violation` has named is a failure.
  void finish();

 private:
  using Words = std::vector<std::string_view>;
  // Messages on this link, of this kind (empty: any).
  struct Filter {
    NodeId from;
    NodeId to;
    std::string kind;
  };
  enum class Show : std::uint8_t { kAll, kChanges, kNothing };

  // ---- transcript_runner.cc
  bool own_command(const Words& words);
  void step(Step step);
  void elect(NodeId node);
  void stabilize();
  bool stabilize_disks();
  bool stabilize_messages();
  void run(Duration duration);
  void isolate(NodeId node);
  void lose(const Words& words);
  void print_state(const Words& words);
  void print_log(NodeId node);
  void print_disk(NodeId node);
  void print_flight();
  void show(std::string_view what);
  void apply(const Step& step);
  void collect_answers();
  void trace(const std::string& line);
  void print(std::string line) { output_.push_back(std::move(line)); }
  void fail(const std::string& why) { failures_.push_back(why); }
  void misunderstood(const std::string& why);
  [[nodiscard]] bool knows(NodeId node) const;
  [[nodiscard]] std::optional<Filter> filter_of(const Words& words);
  std::optional<NodeId> node_of(std::string_view word);
  [[nodiscard]] static bool matches(const std::vector<Filter>& filters, const Message& message);
  [[nodiscard]] std::optional<Instant> time_of(NodeId node) const;

  // ---- transcript_expect.cc
  void expect(const Words& words);
  // What stands in the way of the condition; nothing where it holds.
  std::optional<std::string> unmet(const Words& words);
  std::optional<std::string> unmet_role(std::string_view role, NodeId node);
  std::optional<std::string> unmet_leader(NodeId node);
  std::optional<std::string> unmet_number(std::string_view what, NodeId node,
                                          std::string_view wanted);
  std::optional<std::string> unmet_answer(const Words& words);
  std::optional<std::string> unmet_same_state();
  std::optional<std::string> unmet_nothing(const Words& words);
  std::optional<std::string> unmet_violation(const Words& words);

  Stage stage_;
  std::vector<Filter> cuts_;     // messages here are lost when they would be delivered
  std::vector<Filter> holds_;    // messages here wait in flight
  std::vector<NodeId> hanging_;  // disks that do not finish anything by themselves
  std::vector<NodeId> paused_;   // nodes that stand still, their clocks too
  std::vector<Answered> answers_;
  std::uint64_t requests_ = 0;
  Show show_ = Show::kAll;
  bool was_follower_ = false;  // of the event line that was traced last
  bool violation_expected_ = false;
  // While `run` lasts: what each clock read when it began, and how much time has passed.
  std::vector<Instant> began_;
  Duration passed_{};
  std::optional<std::string> misunderstood_;
  std::vector<std::string> output_;
  std::vector<std::string> failures_;
};

}  // namespace quorate::sim
