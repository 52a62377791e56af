# The fuzz targets: fuzz/<name>.cc, one executable each, with libFuzzer's own main (preset `fuzz`).

# quorate_fuzz(<name> [SEALED] [SOURCES <file>...] LINK <target>...)
# SEALED: the target defines seal(), and its mutations make checksums right again. SOURCES are
# single files of a module of which no more is needed: CI builds all this anew.
function(quorate_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SEALED" "" "SOURCES;LINK")
  if(arg_SEALED)
    list(APPEND arg_LINK fuzz_sealed)
  endif()
  add_executable(fuzz_${name} fuzz/${name}.cc ${arg_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE quorate_wire ${arg_LINK})
  target_precompile_headers(fuzz_${name} REUSE_FROM fuzz_headers)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz_${name} PROPERTIES
    OUTPUT_NAME "${name}" RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  add_dependencies(fuzz fuzz_${name})
endfunction()

function(quorate_fuzz_targets)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "libFuzzer comes with clang: use the preset `fuzz` (scripts/setup fuzz)")
  endif()
  add_custom_target(fuzz)
  # One precompiled header for all: half of what clang does is reading the standard library.
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/fuzz_headers.cc" CONTENT "")
  add_library(fuzz_headers OBJECT "${CMAKE_BINARY_DIR}/fuzz_headers.cc")
  target_include_directories(fuzz_headers PRIVATE src include)
  target_precompile_headers(fuzz_headers PRIVATE
    <algorithm> <array> <charconv> <map> <memory> <optional> <set> <span> <string> <variant>
    <vector>)
  foreach(module IN ITEMS base model wire env wal)
    target_precompile_headers(quorate_${module} REUSE_FROM fuzz_headers)
  endforeach()

  add_library(fuzz_sealed OBJECT fuzz/sealed.cc)
  target_link_libraries(fuzz_sealed PRIVATE quorate_wire)
  set(disk content disk disk_damage disk_files pages survival tree)
  list(TRANSFORM disk REPLACE "(.+)" "src/sim/env/\\1.cc")
  add_library(fuzz_disk STATIC ${disk})
  target_link_libraries(fuzz_disk PUBLIC quorate_env)

  quorate_fuzz(message)
  quorate_fuzz(entry SEALED)
  quorate_fuzz(state SEALED)
  quorate_fuzz(frame SEALED SOURCES src/net/frame.cc)
  quorate_fuzz(handshake SOURCES src/net/handshake.cc)
  quorate_fuzz(bundle SOURCES src/node/bundle.cc)
  quorate_fuzz(members SOURCES src/node/members.cc)
  quorate_fuzz(position SOURCES src/node/position.cc)
  quorate_fuzz(peers SEALED SOURCES src/node/acquaintances.cc LINK fuzz_disk)
  quorate_fuzz(identity SEALED LINK quorate_wal fuzz_disk)
  quorate_fuzz(manifest SEALED LINK quorate_wal)
  quorate_fuzz(wal_header SEALED LINK quorate_wal)
  quorate_fuzz(wal_control SEALED LINK quorate_wal)
  quorate_fuzz(wal_recovery SOURCES fuzz/damaged_log.cc LINK quorate_wal fuzz_disk)

  add_executable(fuzz_seeds fuzz/seeds.cc src/node/bundle.cc src/node/position.cc src/node/members.cc
                            src/net/frame.cc src/net/handshake.cc)
  target_link_libraries(fuzz_seeds PRIVATE quorate_wal)
  target_compile_definitions(fuzz_seeds PRIVATE QUORATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(fuzz_seeds PROPERTIES
    OUTPUT_NAME seeds RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()
