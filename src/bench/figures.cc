#include "bench/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/assert.h"

namespace quorate::bench {
namespace {

std::string print(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escaped.data();
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

double Latencies::permille(std::uint32_t of_a_thousand) {
  QUORATE_ASSERT(of_a_thousand <= 1000);
  if (all_.empty()) {
    return 0;
  }
  const std::size_t rank = (all_.size() * of_a_thousand + 999) / 1000;
  const auto at = all_.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(all_.begin(), at, all_.end());
  return static_cast<double>(*at);
}

Figures figures_of(Latencies& latencies, double elapsed_us, double cpu_us, std::uint64_t syncs) {
  const auto count = static_cast<double>(latencies.count());
  return {.rate = elapsed_us > 0 ? count / elapsed_us * 1e6 : 0,
          .p50_us = latencies.permille(500),
          .p99_us = latencies.permille(990),
          .p999_us = latencies.permille(999),
          .cpu_us_per_op = count > 0 ? cpu_us / count : 0,
          .ops_per_fsync = count / static_cast<double>(std::max<std::uint64_t>(1, syncs))};
}

Figures median(std::vector<Figures> rounds) {
  QUORATE_ASSERT(!rounds.empty());
  std::ranges::sort(rounds, {}, &Figures::rate);
  return rounds[(rounds.size() - 1) / 2];
}

JsonLine& JsonLine::raw(const std::string& name, const std::string& value) {
  fields_ += fields_.empty() ? "" : ", ";
  fields_ += quoted(name) + ": " + value;
  return *this;
}

JsonLine& JsonLine::add(const std::string& name, const std::string& value) {
  return raw(name, quoted(value));
}

JsonLine& JsonLine::add(const std::string& name, std::uint64_t value) {
  return raw(name, std::to_string(value));
}

JsonLine& JsonLine::add(const std::string& name, double value) {
  if (!std::isfinite(value)) {
    return raw(name, "null");
  }
  return raw(name, print(std::abs(value) < 100 ? "%.4g" : "%.0f", value));
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 999.5e3) {
    return print("%.2f M", value / 1e6);
  }
  if (size >= 999.5) {
    return print(size >= 99.95e3 ? "%.0f k" : "%.1f k", value / 1e3);
  }
  return print(size >= 99.95 ? "%.0f" : (size >= 9.995 ? "%.1f" : "%.2f"), value);
}

}  // namespace quorate::bench
