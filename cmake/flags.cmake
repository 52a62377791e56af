# How project code is compiled. Everything here is directory-wide: all targets are ours.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_COLOR_DIAGNOSTICS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# NDEBUG stays undefined: a release with its assertions on is the release that is tested.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g -D_GLIBCXX_ASSERTIONS")
set(CMAKE_CXX_FLAGS_FUZZ "-O1 -g1 -D_GLIBCXX_ASSERTIONS")

add_compile_options(-Wall -Wextra -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 reports overlapping copies in plain `"text" + string` (GCC bug 105651).
  add_compile_options(-Wno-restrict)
endif()

# Messages that carry __FILE__ name src/raft/vote.cc, wherever the checkout lies.
add_compile_options("-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=")

# Unoptimized with lines only: GCC takes twice as long to optimize instrumented code and to
# describe its variables, and the tests gain less from it than the compiler loses.
set(QUORATE_SANITIZE "" CACHE STRING "What -fsanitize= is given, such as address,undefined")
if(QUORATE_SANITIZE)
  add_compile_options("-fsanitize=${QUORATE_SANITIZE}" -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g1)
  add_link_options("-fsanitize=${QUORATE_SANITIZE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The instrumented code confuses GCC's flow analysis; the plain builds keep the warning.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

option(QUORATE_COVERAGE "Count executed lines with gcov" OFF)
if(QUORATE_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

find_program(QUORATE_CCACHE ccache)
if(QUORATE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache asks for before it caches users of a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${QUORATE_CCACHE}")
endif()
