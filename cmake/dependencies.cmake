# Libraries from outside, all of them Debian packages (scripts/setup installs what is missing).

find_package(Threads REQUIRED)
find_package(CLI11 REQUIRED)

find_library(QUORATE_XXHASH_LIBRARY xxhash REQUIRED)
find_path(QUORATE_XXHASH_INCLUDE xxhash.h REQUIRED)
add_library(quorate_xxhash UNKNOWN IMPORTED)
set_target_properties(quorate_xxhash PROPERTIES
  IMPORTED_LOCATION "${QUORATE_XXHASH_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${QUORATE_XXHASH_INCLUDE}")

set(QUORATE_HAVE_TESTS OFF)
if(QUORATE_TESTS)
  find_package(GTest QUIET)
  find_package(rapidcheck QUIET)
  if(TARGET GTest::gmock AND TARGET rapidcheck)
    set(QUORATE_HAVE_TESTS ON)
    include(GoogleTest)
  else()
    message(STATUS "Tests are left out: GoogleTest or RapidCheck is missing (scripts/setup test)")
  endif()
endif()

set(QUORATE_HAVE_BENCH OFF)
if(QUORATE_BENCH)
  find_package(benchmark QUIET)
  if(benchmark_FOUND)
    set(QUORATE_HAVE_BENCH ON)
  else()
    message(STATUS "Benchmarks are left out: Google Benchmark is missing (scripts/setup test)")
  endif()
endif()
