// For tests: the worked example of a format, as it stands in a document or a header.
#pragma once

#include <cctype>
#include <fstream>
#include <string>

#include "base/bytes.h"

namespace quorate::wire::testing {

// The bytes of the lines after `Worked example`, indented, two digits each, up to the first run of
// two spaces.
inline Bytes worked_example(const std::string& path) {
  std::ifstream file{std::string{QUORATE_SOURCE_DIR} + "/" + path};
  std::string line;
  while (std::getline(file, line) && line.find("Worked example") == std::string::npos) {
  }
  std::string bytes;
  while (std::getline(file, line)) {
    line.erase(0, line.rfind("//", 0) == 0 ? 3 : 0);
    if (line.rfind("    ", 0) != 0) {
      if (bytes.empty()) {
        continue;
      }
      break;
    }
    for (std::size_t at = 4; at + 1 < line.size() && std::isxdigit(line[at]) != 0; at += 3) {
      bytes.push_back(static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16)));
    }
  }
  return Bytes::copy_of(bytes);
}

}  // namespace quorate::wire::testing
