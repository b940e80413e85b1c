# Every src/kernels/*.isa.cc is compiled once per instruction set, into that set's own namespace
# (FRUGAL_ISA_NS), so that the linker can never mix two sets' code.
file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/kernels/*.isa.cc)

frugal_library(kernels DEPS base)

# frugal_isa_objects(NAME ENUMERATOR FLAGS SOURCES…): an object library of one set.
function(frugal_isa_objects target name enumerator flags)
  add_library(${target} OBJECT ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(${target} PRIVATE FRUGAL_ISA_NS=isa_${name} FRUGAL_ISA_${name}=1
                             FRUGAL_ISA_ENUM=${enumerator})
  # Kernels throw nothing; without unwinding tables no shared personality symbol either.
  target_compile_options(${target} PRIVATE -fno-exceptions ${flags})
endfunction()

# frugal_isa(ENUMERATOR FLAGS…): the set Isa::ENUMERATOR of kernels.h. Its name, as in IsaName, is
# the enumerator in lower case without the k.
function(frugal_isa enumerator)
  string(TOLOWER ${enumerator} name)
  string(SUBSTRING ${name} 1 -1 name)
  set(target frugal_kernels_${name})
  frugal_isa_objects(${target} ${name} ${enumerator} "${ARGN}" ${isa_sources})
  target_sources(frugal_kernels PRIVATE $<TARGET_OBJECTS:${target}>)
  set_property(GLOBAL APPEND_STRING PROPERTY FRUGAL_BUILT_ISAS "FRUGAL_ISA(${enumerator},${name}) ")
  # "set object" on each line, for tests/kernels/isa_symbols_test.cc.
  set_property(GLOBAL APPEND_STRING PROPERTY FRUGAL_ISA_OBJECTS
    "${name} $<JOIN:$<TARGET_OBJECTS:${target}>,\n${name} >\n")
endfunction()

frugal_isa(kScalar)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(avx2 -mavx2 -mfma -mf16c -mbmi -mbmi2)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mprefer-vector-width=512)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105593: its own AVX-512 headers start a vector from itself.
    list(APPEND avx512 -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
  frugal_isa(kAvx2 ${avx2})
  frugal_isa(kAvxVnni ${avx2} -mavxvnni)
  frugal_isa(kAvx512 ${avx512})
  frugal_isa(kAvx512Bf16 ${avx512} -mavx512bf16)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  # GCC's first scheduling moves loads far ahead and then runs out of registers: in the inner loop
  # over four rows of a K-quant, 121 spills for 128 dot products with it, 19 without.
  set(schedule $<$<CXX_COMPILER_ID:GNU>:-fno-schedule-insns>)
  frugal_isa(kNeon -march=armv8-a ${schedule})
  frugal_isa(kDotProd -march=armv8.2-a+dotprod ${schedule})
  frugal_isa(kI8mm -march=armv8.2-a+dotprod+i8mm ${schedule})
  frugal_isa(kArmBf16 -march=armv8.2-a+dotprod+i8mm+bf16 ${schedule})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "riscv64" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Vectors of a fixed size that run on registers of any length; GCC has no such thing.
  frugal_isa(kRvv -march=rv64gcv)
endif()
get_property(built_isas GLOBAL PROPERTY FRUGAL_BUILT_ISAS)
set_source_files_properties(kernels/dispatch.cc PROPERTIES COMPILE_DEFINITIONS
                            "FRUGAL_BUILT_ISAS=${built_isas}")
get_property(isa_objects GLOBAL PROPERTY FRUGAL_ISA_OBJECTS)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/isa_objects.txt CONTENT "${isa_objects}")
