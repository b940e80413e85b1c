# Sourced by ./test after setup.sh: what cross-builds need besides packages of this machine. Wants
# $root, the checkout.
#
# Packages of another architecture are downloaded by an apt of our own, with this machine's sources
# of Debian but its own lists, and unpacked into build/sysroot/ARCHITECTURE: nothing foreign is
# installed, and the machine's apt stays as it is.

# cross_apt ARCHITECTURE FOLDER: writes FOLDER/apt.conf and fetches the lists.
cross_apt() {
  local architecture=$1 dir=$2 key=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
  : >"$dir/status"
  apt-get indextargets --format 'deb [signed-by='$key'] $(REPO_URI) $(CODENAME) $(COMPONENT)' \
    'Created-By: Packages' | grep -E ' bookworm(-[a-z]+)? main$' | sort -u >"$dir/sources.list"
  [[ -s $dir/sources.list ]] || return 1
  # Sources of Debian itself only: the others repeat them.
  sed -n 's/^deb \(.* bookworm main\)$/deb-src \1/p' "$dir/sources.list" >"$dir/deb-src.list"
  cat "$dir/deb-src.list" >>"$dir/sources.list"
  cat >"$dir/apt.conf" <<END
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "-";
APT::Architecture "$architecture";
APT::Architectures "$architecture";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
  APT_CONFIG=$dir/apt.conf apt-get update
}

# unpack FOLDER PACKAGE…: into FOLDER/root
unpack() {
  local dir=$1 deb
  shift
  mkdir -p "$dir/debs" "$dir/root"
  (cd "$dir/debs" && APT_CONFIG=$dir/apt.conf apt-get download "$@") || return 1
  for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root" || return 1; done
}

arm64_sysroot() {
  local dir=$1
  cross_apt arm64 "$dir" &&
    unpack "$dir" libfmt-dev libfmt9 libpcre2-dev libpcre2-8-0 libutf8proc-dev libutf8proc2 \
      libedit-dev libedit2 libbsd-dev libbsd0 libmd-dev libmd0 libncurses-dev libtinfo6 \
      libgtest-dev nlohmann-json3-dev libcli11-dev &&
    mv "$dir/root" "$dir/done"
}

# Debian 12 has no packages for riscv64: headers, and sources to compile.
riscv64_sysroot() {
  local dir=$1
  cross_apt amd64 "$dir" &&
    unpack "$dir" libfmt-dev nlohmann-json3-dev googletest &&
    (cd "$dir" && APT_CONFIG=$dir/apt.conf apt-get source --download-only --tar-only pcre2) &&
    mkdir -p "$dir/done/include" "$dir/done/pcre2" &&
    tar -xf "$dir"/pcre2_*.orig.tar.* -C "$dir/done/pcre2" --strip-components=1 &&
    mv "$dir/root/usr/include/fmt" "$dir/root/usr/include/nlohmann" "$dir/done/include/" &&
    mv "$dir/root/usr/src/googletest/googletest" "$dir/done/"
}

# cross_sysroot arm64|riscv64: makes build/sysroot/ARCHITECTURE unless it is there.
cross_sysroot() {
  local architecture=$1 log=$root/build/sysroot-$1.log work
  [[ -d $root/build/sysroot/$architecture ]] && return 0
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    fail "not a Debian system: cross-builds take their libraries from Debian's packages"
  lock
  say "fetching libraries for $architecture"
  mkdir -p "$root/build/sysroot"
  work=$(mktemp -d "$root/build/sysroot/tmp-XXXXXX")
  "${architecture}_sysroot" "$work" >"$log" 2>&1 </dev/null ||
    { rm -rf "$work"; fail "could not fetch the libraries for $architecture" "$log"; }
  mv "$work/done" "$root/build/sysroot/$architecture"
  rm -rf "$work"
  unlock
}
