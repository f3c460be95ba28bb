#!/usr/bin/env bash
# Inside the namespaces that root.sh made: mount what the arm64 system ROOT needs, and become its OpenSSH server on PORT.
set -euo pipefail
ROOT=$1 PORT=$2

mount -t proc proc "$ROOT/proc"
mount --rbind /sys "$ROOT/sys"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs -o mode=755 run "$ROOT/run"
mkdir "$ROOT/run/sshd"

# The kernel tells of the x86 processor; QNNPACK's library cpuinfo finds no ARM core there and does not start.
# These are the lines of a Cortex-A76, as in a Raspberry Pi 5.
for ((core = 0; core < $(nproc --all); core++)); do
    printf '%s\t: %s\n' processor "$core" BogoMIPS 108.00
    echo "Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
    printf '%s\t: %s\n' "CPU implementer" 0x41 "CPU architecture" 8 "CPU variant" 0x4 "CPU part" 0xd0b "CPU revision" 1
    echo
done >"$ROOT/run/cpuinfo"
mount --bind "$ROOT/run/cpuinfo" "$ROOT/proc/cpuinfo"

# QEMU_CPU: its default processor has every instruction that QEMU knows; libraries would take kernels no Pi has.
export QEMU_CPU=${QEMU_CPU:-cortex-a76}
cat >"$ROOT/run/sshd_config" <<END
ListenAddress 127.0.0.1
Port $PORT
HostKey /etc/ssh/edgebench/host_key
AuthorizedKeysFile /etc/ssh/edgebench/authorized_keys
AuthenticationMethods publickey
AllowUsers pi
UsePAM no
UseDNS no
PidFile none
Subsystem sftp internal-sftp
SetEnv QEMU_CPU=$QEMU_CPU
END
exec chroot "$ROOT" /usr/sbin/sshd -D -e -f /run/sshd_config
