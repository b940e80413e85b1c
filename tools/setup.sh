# Sourced by ./run and ./test: packages, configuring, building. Wants $root, the checkout.
# Progress goes to stderr in short lines; whole logs are in build/*.log. Standard input is never
# read, so that it reaches the program.

say() { printf '%s\n' "$*" >&2; }

# fail MESSAGE [LOG]: shows the end of the log too.
fail() {
  if [[ -n ${2-} ]]; then
    tail -n 40 "$2" >&2
    say "whole log: $2"
  fi
  say "$1"
  exit 1
}

# One set-up at a time in one checkout. Never held while the program or a test runs.
lock() {
  mkdir -p "$root/build"
  exec 9>"$root/build/lock"
  flock 9
}
unlock() { exec 9>&-; }

# install_packages GROUP…: what tools/packages.txt lists and dpkg does not know as installed.
install_packages() {
  local wanted=() missing=() admin=() package group installed
  while read -r group package; do
    [[ " $* " == *" $group "* ]] && wanted+=("$package")
  done <"$root/tools/packages.txt"

  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    [[ -f $root/build/release/build.ninja ]] ||
      say "not a Debian system; these must be there by their own names: ${wanted[*]}"
    return 0
  fi
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null)
  for package in "${wanted[@]}"; do
    grep -qx "installed $package" <<<"$installed" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "packages are missing and there is no sudo; as root: apt-get install ${missing[*]}"
    admin=(sudo)
    [[ -t 2 ]] || admin+=(-n)  # nobody is there to type a password
  fi
  lock
  say "installing ${#missing[@]} packages: ${missing[*]}"
  local log=$root/build/packages.log
  local apt=("${admin[@]}" env DEBIAN_FRONTEND=noninteractive
    PATH="$PATH:/usr/sbin:/sbin" apt-get)
  {
    # A broken third-party source must not stop us; the install says whether it mattered.
    "${apt[@]}" update || true
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null ||
    fail "could not install the packages; as root: apt-get install ${missing[*]}" "$log"
  unlock
}

# build PRESET [TARGET…]: configures when needed, builds, says so only when there is work.
build() {
  local preset=$1 dir=$root/build/$1 log=$root/build/$1.log
  shift
  lock
  if [[ ! -f $dir/build.ninja || $root/CMakePresets.json -nt $dir/build.ninja ]]; then
    say "configuring $preset"
    if ! cmake -S "$root" --preset "$preset" >"$log" 2>&1 </dev/null; then
      rm -f "$dir/build.ninja" "$dir/CMakeCache.txt"  # a half-made cache would hide the cure
      fail "could not configure $preset" "$log"
    fi
    touch "$dir/build.ninja"
  fi
  ninja -C "$dir" "$@" 2>&1 </dev/null | show_progress "$preset" "$log"
  [[ ${PIPESTATUS[0]} == 0 ]] || fail "could not build $preset" "$log"
  unlock
}

# Copies ninja's lines to the log; shows one line that counts on a terminal, else says it once.
show_progress() {
  local line said=
  while IFS= read -r line; do
    printf '%s\n' "$line"
    [[ $line =~ ^\[([0-9]+/[0-9]+)\]\ (.*) && ${BASH_REMATCH[2]} != Re-* ]] || continue
    if [[ -t 2 ]]; then
      printf '\rbuilding %s %s' "$1" "${BASH_REMATCH[1]}" >&2
    elif [[ -z $said ]]; then
      say "building $1"
    fi
    said=yes
  done >"$2"
  if [[ -n $said && -t 2 ]]; then printf '\r\033[K' >&2; fi
}
