// Figures: what a measurement comes to, and how it is written down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quorate::bench {

// How long each of many operations took.
class Latencies {
 public:
  void add(double micros) { all_.push_back(static_cast<float>(micros)); }
  [[nodiscard]] std::size_t count() const { return all_.size(); }
  // The smallest that at least so many of a thousand do not exceed; 0 where there is none. Reorders
  // what it holds.
  double permille(std::uint32_t of_a_thousand);

 private:
  std::vector<float> all_;
};

struct Figures {
  double rate = 0;  // operations a second
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double cpu_us_per_op = 0;  // of all threads and processes
  double ops_per_fsync = 0;
};
Figures figures_of(Latencies& latencies, double elapsed_us, double cpu_us, std::uint64_t syncs);
// The one whose rate is in the middle; of two in the middle the slower.
Figures median(std::vector<Figures> rounds);

// One line of a result for machines: a JSON object, its fields in the order in which they are
// added.
class JsonLine {
 public:
  JsonLine& add(const std::string& name, const std::string& value);
  JsonLine& add(const std::string& name, const char* value) {
    return add(name, std::string{value});
  }
  JsonLine& add(const std::string& name, std::uint64_t value);
  // With so many digits that a thousandth of it is not lost; null for what is no number.
  JsonLine& add(const std::string& name, double value);
  [[nodiscard]] std::string text() const { return "{" + fields_ + "}"; }

 private:
  JsonLine& raw(const std::string& name, const std::string& value);
  std::string fields_;
};

// For people: 3 significant digits and a unit's prefix, such as 1.23 M, 45.6 k, 789, 0.42.
std::string short_number(double value);

}  // namespace quorate::bench
