# What base, formats, kernels, model and their tests need, under the names that find_package would
# give, for a target without packages: fmt and nlohmann-json as headers, PCRE2 and GoogleTest
# compiled. FRUGAL_DEPENDENCY_SOURCES is the folder that tools/cross.sh made.
set(sources ${FRUGAL_DEPENDENCY_SOURCES})

add_library(fmt INTERFACE)
target_compile_definitions(fmt INTERFACE FMT_HEADER_ONLY=1)
target_include_directories(fmt SYSTEM INTERFACE ${sources}/include)
add_library(fmt::fmt ALIAS fmt)

add_library(json INTERFACE)
target_include_directories(json SYSTEM INTERFACE ${sources}/include)
add_library(nlohmann_json::nlohmann_json ALIAS json)

# Without the compiler to machine code, which patterns in configurations do not need.
file(GLOB pcre2_files ${sources}/pcre2/src/pcre2_*.c)
list(FILTER pcre2_files EXCLUDE REGEX
     "/pcre2_(dftables|jit_.*|fuzzsupport|printint|ucptables)\\.c$")
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/pcre2)
file(COPY_FILE ${sources}/pcre2/src/pcre2.h.generic ${CMAKE_BINARY_DIR}/pcre2/pcre2.h ONLY_IF_DIFFERENT)
file(COPY_FILE ${sources}/pcre2/src/config.h.generic ${CMAKE_BINARY_DIR}/pcre2/config.h ONLY_IF_DIFFERENT)
file(COPY_FILE ${sources}/pcre2/src/pcre2_chartables.c.dist
     ${CMAKE_BINARY_DIR}/pcre2/pcre2_chartables.c ONLY_IF_DIFFERENT)
add_library(pcre2 STATIC ${pcre2_files} ${CMAKE_BINARY_DIR}/pcre2/pcre2_chartables.c)
target_include_directories(pcre2 SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/pcre2)
target_include_directories(pcre2 PRIVATE ${sources}/pcre2/src)
target_compile_definitions(pcre2 PRIVATE HAVE_CONFIG_H=1 SUPPORT_UNICODE=1 PUBLIC
                           PCRE2_CODE_UNIT_WIDTH=8 PCRE2_STATIC=1)
target_compile_options(pcre2 PRIVATE -w)
add_library(PkgConfig::PCRE2 ALIAS pcre2)

if(FRUGAL_BUILD_TESTS)
  add_library(gtest STATIC ${sources}/googletest/src/gtest-all.cc)
  target_include_directories(gtest SYSTEM PUBLIC ${sources}/googletest/include)
  target_include_directories(gtest PRIVATE ${sources}/googletest)
  target_compile_options(gtest PRIVATE -w)
  target_link_libraries(gtest PUBLIC Threads::Threads)
  add_library(GTest::gtest ALIAS gtest)
  add_library(gtest_main STATIC ${sources}/googletest/src/gtest_main.cc)
  target_link_libraries(gtest_main PUBLIC gtest)
  add_library(GTest::gtest_main ALIAS gtest_main)
endif()
