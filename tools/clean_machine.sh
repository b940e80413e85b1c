#!/usr/bin/env bash
# Proves that ./run and ./test work on a bare Debian 12: makes a fresh root folder that holds
# Debian's minimal system and git, clones the last commit into it, and runs the commands there.
# Wants root and the package debootstrap.
#
#   tools/clean_machine.sh [-m MIRROR] [-d FOLDER] [COMMAND…]
#
# MIRROR   where debootstrap and apt fetch Debian from (debootstrap's own default without it)
# FOLDER   the root folder, outside the checkout; kept afterwards, and used again when it is there.
#          Without it a temporary one is made, and removed at the end.
# COMMAND  run in the clone, each a line for bash; default: './run --help' './run --help' ./test
set -eu
TIMEFORMAT='== %R s'
checkout=$(cd "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd)
mirror=
folder=
while getopts 'm:d:h' option; do
  case $option in
    m) mirror=$OPTARG ;;
    d) folder=$OPTARG ;;
    *) sed -n '2,/^set/s/^# \?//p' "$0"; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
(($#)) || set -- './run --help' './run --help' './test'

((EUID == 0)) || { echo "chroot and debootstrap want root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "wants the package debootstrap" >&2; exit 1; }

temporary=
if [[ -z $folder ]]; then
  folder=$(mktemp -d)
  temporary=yes
fi
mounted=()
finish() {
  local point
  for point in "${mounted[@]}"; do umount "$point"; done
  # Never delete through a mount that would not go.
  if [[ -n $temporary ]]; then rm -rf --one-file-system "$folder"; fi
}
trap finish EXIT

if [[ ! -e $folder/etc/debian_version ]]; then
  echo "== debootstrap into $folder"
  debootstrap --variant=minbase --include=git bookworm "$folder" ${mirror:+"$mirror"} \
    >"$folder.log" 2>&1 || { tail -n 20 "$folder.log"; exit 1; }
  rm -f "$folder.log"
fi
mount -t proc proc "$folder/proc"
mounted+=("$folder/proc")
mount --bind /dev "$folder/dev"
mounted+=("$folder/dev")

rm -rf "$folder/src/frugal"
git clone --quiet --no-hardlinks "$checkout" "$folder/src/frugal"

echo "== packages before: $(chroot "$folder" dpkg-query -W | wc -l)"
for command in "$@"; do
  echo "== $command"
  status=0
  time chroot "$folder" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 \
    bash -c "cd /src/frugal && $command" </dev/null || status=$?
  echo "== exit $status"
  ((status == 0)) || exit "$status"
done
echo "== packages after: $(chroot "$folder" dpkg-query -W | wc -l)"
