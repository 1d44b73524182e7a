#!/bin/sh
# Runs a command in a root file system as an engine's container does, without an engine and without
# what engines hide of /proc: container.sh ROOT [FROM:TO[:ro]]... -- COMMAND...
# It dies with its caller. The machine's network is shared; name spaces of processes, mounts, names
# and control groups are new. CONSOLE, where set, is a terminal for /dev/console; READ_ONLY, where
# set, closes the root file system.
set -eu
[ -n "${INSIDE:-}" ] || INSIDE=1 exec unshare --mount --pid --fork --kill-child --uts --ipc --cgroup \
    --propagation private -- sh "$0" "$@"
unset INSIDE
root=$1
shift
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do
    : >"dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
if [ -n "${CONSOLE:-}" ]; then
    : >dev/console
    mount --bind "$CONSOLE" dev/console
fi
while [ "$1" != -- ]; do
    from=${1%%:*} to=${1#*:}
    mkdir -p ".${to%:ro}"
    mount --bind "$from" ".${to%:ro}"
    case $to in *:ro) mount -o remount,bind,ro ".${to%:ro}" ;; esac
    shift
done
shift
mkdir -p .old
# A chroot would not do: the kernel refuses user namespaces in one.
pivot_root . .old
cd /
umount -l .old
rmdir .old
[ -z "${READ_ONLY:-}" ] || mount -o remount,bind,ro /
exec "$@"
