// What the tests of the simulated world run on its machines: workers, which are lanes that do what
// they are told, and sides of streams that write down what befell them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/env.h"
#include "env/mailbox.h"
#include "sim/env/machine.h"
#include "sim/env/world.h"

namespace quorate::simenv {

class Worker {
 public:
  using Task = std::function<void(env::Lane&)>;

  explicit Worker(env::Env& env, const std::string& name = "worker")
      : lane_(env.start_lane(name, [this] { work(); })) {}

  // From anywhere: done in the lane's work.
  void post(Task task) {
    tasks_.put(std::move(task));
    lane_->wake();
  }
  // What the work does besides, each time.
  std::function<void(env::Lane&)> always = [](env::Lane&) {};

 private:
  void work() {
    std::vector<Task> tasks;
    tasks_.take(tasks);
    for (Task& task : tasks) {
      task(*lane_);
    }
    always(*lane_);
  }

  env::Mailbox<Task> tasks_;
  std::unique_ptr<env::Lane> lane_;
};

struct Side final : env::StreamEvents {
  std::unique_ptr<env::Stream> stream;
  std::function<void()> on_opened = [] {};
  std::function<void(std::string_view)> on_received = [](std::string_view) {};
  std::function<void()> on_drained = [] {};
  std::string all;
  std::string log;  // o: opened, r: received, d: drained, c: closed
  std::string end;

  void opened() override {
    log += 'o';
    on_opened();
  }
  void received(std::string_view bytes) override {
    log += 'r';
    all += bytes;
    on_received(bytes);
  }
  void drained() override {
    log += 'd';
    on_drained();
  }
  void closed(const Error& why) override {
    log += 'c';
    end = why.message;
  }
  void hold(std::unique_ptr<env::Stream> given) {
    stream = std::move(given);
    stream->listen(*this);
  }
  void send(std::string_view text) const {
    const Bytes bytes = Bytes::copy_of(text);
    stream->send({&bytes, 1});
  }
};

// Two workers, and what belongs to them.
struct Pair final : Program {
  explicit Pair(env::Env& given) : env(given) {}

  env::Env& env;
  std::vector<std::unique_ptr<Side>> sides;
  std::unique_ptr<env::Listener> listener;
  Worker first{env, "first"};
  Worker second{env, "second"};
};

// A machine that runs a Pair, with the shortest way to it.
struct Box {
  Box(World& world, const std::string& name) : machine(world.add(name)) {
    machine.run([this](env::Env& env) {
      auto made = std::make_unique<Pair>(env);
      before_start(env);
      return made;
    });
    machine.start();
  }
  Pair& operator*() const { return *static_cast<Pair*>(machine.program()); }
  Pair* operator->() const { return static_cast<Pair*>(machine.program()); }

  Machine& machine;
  std::function<void(env::Env&)> before_start = [](env::Env&) {};
};

}  // namespace quorate::simenv
