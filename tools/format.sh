#!/usr/bin/env bash
# clang-format (Debian 12's, version 14) over every C++ file: tools/format.sh [--check]
set -eu
cd "$(dirname -- "$(readlink -f -- "$0")")/.."
command -v clang-format >/dev/null || {
  echo "clang-format is missing; as root: apt-get install clang-format" >&2
  exit 1
}
files=$(find src tests fuzz bench -name '*.cc' -o -name '*.h' -o -name '*.inc' 2>/dev/null | sort)
case ${1-} in
  '') xargs clang-format -i <<<"$files" ;;
  --check) xargs clang-format --dry-run --Werror --ferror-limit=20 <<<"$files" ;;
  *) echo "usage: tools/format.sh [--check]" >&2; exit 2 ;;
esac
