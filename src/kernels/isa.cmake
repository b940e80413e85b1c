# Every src/kernels/*.isa.cc is compiled once per instruction set, into that set's own namespace
# (FRUGAL_ISA_NS), so that the linker can never mix two sets' code.
file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/kernels/*.isa.cc)

frugal_library(kernels DEPS base)

function(frugal_isa name)
  if(NOT isa_sources)
    return()
  endif()
  add_library(frugal_kernels_${name} OBJECT ${isa_sources})
  target_include_directories(frugal_kernels_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(frugal_kernels_${name} PRIVATE FRUGAL_ISA_NS=isa_${name}
                             FRUGAL_ISA_${name}=1)
  # Kernels throw nothing; without unwinding tables no shared personality symbol either.
  target_compile_options(frugal_kernels_${name} PRIVATE -fno-exceptions ${ARGN})
  target_sources(frugal_kernels PRIVATE $<TARGET_OBJECTS:frugal_kernels_${name}>)
  # "set object" on each line, for tests/kernels/isa_symbols_test.cc.
  set_property(GLOBAL APPEND_STRING PROPERTY FRUGAL_ISA_OBJECTS
    "${name} $<JOIN:$<TARGET_OBJECTS:frugal_kernels_${name}>,\n${name} >\n")
endfunction()

frugal_isa(scalar)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(avx2 -mavx2 -mfma -mf16c -mbmi -mbmi2)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mprefer-vector-width=512)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105593: its own AVX-512 headers start a vector from itself.
    list(APPEND avx512 -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
  frugal_isa(avx2 ${avx2})
  frugal_isa(avx512 ${avx512})
  frugal_isa(avx512bf16 ${avx512} -mavx512bf16)
  target_compile_definitions(frugal_kernels PRIVATE FRUGAL_X86=1)
endif()
get_property(isa_objects GLOBAL PROPERTY FRUGAL_ISA_OBJECTS)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/isa_objects.txt CONTENT "${isa_objects}")
