# Cross-builds for 64-bit RISC-V with clang and the C and C++ libraries that Debian has for its
# cross compilers; GCC 12 knows no vectors. The other libraries are compiled from the sources that
# tools/cross.sh unpacked (dependencies_from_source.cmake). Programs run under qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_CXX_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT -fuse-ld=lld-19)

get_filename_component(FRUGAL_DEPENDENCY_SOURCES
                       ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot/riscv64 ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH /usr/riscv64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-riscv64 -cpu rv64,v=true,vext_spec=v1.0,vlen=256 -L /usr/riscv64-linux-gnu)
