// Every file of tests/transcripts is a test: its commands are run, its conditions must hold, and
// what happens must be what it says. `./dev transcripts --rewrite` writes down what happens now;
// a line that it changes is committed only when it is explained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/transcript.h"

namespace quorate::sim {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file{path};
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<fs::path> transcripts() {
  std::vector<fs::path> paths;
  for (const auto& entry :
       fs::directory_iterator{fs::path{QUORATE_SOURCE_DIR} / "tests/transcripts"}) {
    if (entry.path().extension() == ".txt") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
}

// The first line in which they differ, with its number.
std::string difference(const std::string& expected, const std::string& found) {
  std::istringstream a{expected};
  std::istringstream b{found};
  std::string line_a;
  std::string line_b;
  for (int number = 1;; ++number) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) {
      return "no difference";
    }
    if (!more_a || !more_b || line_a != line_b) {
      return "line " + std::to_string(number) +
             "\n  the file says: " + (more_a ? line_a : "(end)") +
             "\n  now it is:     " + (more_b ? line_b : "(end)");
    }
  }
}

class Transcripts : public testing::TestWithParam<fs::path> {};

TEST_P(Transcripts, HappenAsWritten) {
  const std::string expected = content_of(GetParam());
  const auto run = run_transcript(expected);
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_THAT(run.value().failures, testing::IsEmpty());
  if (run.value().text == expected) {
    return;
  }
  if (std::getenv("QUORATE_REWRITE") != nullptr) {
    std::ofstream{GetParam()} << run.value().text;
    return;
  }
  ADD_FAILURE() << "differs from " << difference(expected, run.value().text)
                << "\n./dev transcripts --rewrite writes it anew";
}

INSTANTIATE_TEST_SUITE_P(All, Transcripts, testing::ValuesIn(transcripts()), name_of);

}  // namespace
}  // namespace quorate::sim
