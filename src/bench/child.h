// Child: a member in a process of its own, seen from whoever started it. member.h says what can be
// asked of it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "env/posix/descriptor.h"

namespace quorate::bench {

class Child {
 public:
  // Starts this very program anew with these arguments, and waits until it is ready. `interrupted`
  // ends every wait with an error as soon as it is true.
  static Result<std::unique_ptr<Child>> start(const std::vector<std::string>& arguments,
                                              const std::atomic<bool>& interrupted);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills it, unless that was done, and waits until it is gone.
  ~Child();

  // Its answer's values. The error says what the child said, or that it is gone.
  Result<std::string> ask(const std::string& request, Duration patience);
  // The same in two steps; answers come in any order. What nobody waits for any more is skipped.
  std::string send(const std::string& request);
  Result<std::string> await(const std::string& tag, Duration patience);

  void signal(int number) const;
  // Sends it SIGKILL and waits until it is gone.
  void kill();
  // What it said unasked, the last lines.
  [[nodiscard]] const std::vector<std::string>& news() const { return news_; }

 private:
  friend struct Race;
  Child(pid_t process, env::Descriptor in, env::Descriptor out,
        const std::atomic<bool>& interrupted);

  Result<void> read_some(Duration patience);
  void take(const std::string& line);
  bool answered(const std::string& tag, Result<std::string>& answer);

  pid_t process_;
  env::Descriptor in_;
  env::Descriptor out_;
  const std::atomic<bool>& interrupted_;
  std::uint64_t tags_ = 0;
  std::string waiting_;
  std::vector<std::pair<std::string, std::string>> answers_;  // tag, and the rest of the line
  std::vector<std::string> news_;
};

// Asks several at once, and gives the first answer that is ok; the place of who gave it comes
// along.
struct Race {
  struct Won {
    std::size_t by;
    std::string answer;
  };
  static Result<Won> run(std::span<Child* const> children, const std::string& request,
                         Duration patience);
};

}  // namespace quorate::bench
