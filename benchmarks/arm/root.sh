#!/usr/bin/env bash
# A Debian arm64 system in a folder of an x86-64 machine, run by qemu-user and reached over SSH. See README.md.
#   root.sh build DIR          make it, or finish what is there
#   root.sh start DIR [PORT]   start its OpenSSH server on 127.0.0.1, print the file for ssh -F
#   root.sh check DIR          run a small int8 network in it, over SSH
#   root.sh stop DIR           end the server and everything that was started through it
# Of the environment it takes DEBIAN_MIRROR (default http://deb.debian.org/debian), PYTHON (a host's Python with pip),
# QEMU_CPU (default cortex-a76, that of a Raspberry Pi 5), proxies, and pip's settings.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SUITE=bookworm PYTHON_VERSION=3.11
BINFMT=/proc/sys/fs/binfmt_misc
INSIDE=openssh-server,python3,python3-venv,ca-certificates

die() { echo "root.sh: $*" >&2; exit 2; }
say() { echo "root.sh: $*" >&2; }

host_tools() {
    [[ $(uname -m) == x86_64 ]] || die "this is for an x86-64 machine; an ARM machine needs no emulation"
    [[ $EUID == 0 ]] || die "run it as root: it mounts, and registers an interpreter with the kernel"
    local missing=()
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
    command -v ssh >/dev/null || missing+=(openssh-client)
    command -v unshare >/dev/null || missing+=(util-linux)
    [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
    [[ ${#missing[@]} == 0 ]] && return
    command -v apt-get >/dev/null || die "missing: ${missing[*]}"
    say "installing ${missing[*]}"
    { apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"; } >&2 \
        || die "apt-get could not install: ${missing[*]}"
}

register_qemu() {
    [[ -e $BINFMT/register ]] || mount -t binfmt_misc binfmt_misc $BINFMT \
        || die "the kernel has no binfmt_misc (CONFIG_BINFMT_MISC)"
    [[ -e $BINFMT/qemu-aarch64 ]] && return
    if [[ -e /usr/lib/binfmt.d/qemu-aarch64.conf ]]; then
        cat /usr/lib/binfmt.d/qemu-aarch64.conf > $BINFMT/register
        return
    fi
    # F: the kernel opens the interpreter now, so that it need not be in the root.
    local magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    printf '%s' ":qemu-aarch64:M::$magic:$mask:$(command -v qemu-aarch64-static):OF" > $BINFMT/register
}

build() {
    host_tools
    register_qemu
    mkdir -p "$DIR"
    if [[ ! -e $DIR/system ]]; then
        rm -rf --one-file-system "$DIR/root"
        say "debootstrap: some minutes; see $DIR/debootstrap.log"
        # In a namespace of its own, so that nothing stays mounted where it is stopped in the middle.
        unshare --mount --propagation private debootstrap --arch=arm64 --variant=minbase --include=$INSIDE $SUITE "$DIR/root" \
            "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$DIR/debootstrap.log" 2>&1 \
            || die "debootstrap failed: $(tail -n 1 "$DIR/debootstrap.log"); see $DIR/debootstrap.log"
        # No password fits '*'; the default '!' would lock the account, and sshd would refuse its key too.
        chroot "$DIR/root" useradd --create-home --shell /bin/bash --password '*' pi
        touch "$DIR/system"
    fi
    wheels
    keys
    say "$DIR is built"
}

wheels() {
    # pip inside would be emulated, and slow: the host's chooses the wheels for the root, and unpacks them there.
    cmp -s "$HERE/requirements.txt" "$DIR/wheels/installed.txt" && return
    local python=${PYTHON:-python3} platform=() tag site=$DIR/root/usr/local/lib/python$PYTHON_VERSION/dist-packages
    "$python" -m pip --version >/dev/null 2>&1 || die "missing: pip of $python (apt-get install python3-pip)"
    for tag in manylinux_2_28 manylinux_2_27 manylinux_2_26 manylinux_2_17 manylinux2014; do
        platform+=(--platform "${tag}_aarch64")
    done
    # No dependencies: pip would read their conditions as the host's. requirements.txt names them all.
    local choice=("${platform[@]}" --python-version "$PYTHON_VERSION" --implementation cp --only-binary=:all: --no-deps)
    "$python" -m pip download -qq "${choice[@]}" -r "$HERE/requirements.txt" -d "$DIR/wheels" \
        || die "pip could not download the wheels"
    rm -rf "$site"
    "$python" -m pip install -qq "${choice[@]}" --no-index --find-links "$DIR/wheels" --no-compile \
        --root-user-action ignore --target "$site" -r "$HERE/requirements.txt" || die "pip could not unpack the wheels"
    cp "$HERE/requirements.txt" "$DIR/wheels/installed.txt"
}

keys() {
    local ssh=$DIR/ssh
    mkdir -p "$ssh"
    chmod 700 "$ssh"
    [[ -e $ssh/user_key ]] || ssh-keygen -q -t ed25519 -N '' -C edgebench-arm -f "$ssh/user_key"
    [[ -e $ssh/host_key ]] || ssh-keygen -q -t ed25519 -N '' -C edgebench-arm -f "$ssh/host_key"
    install -D -m 600 "$ssh/host_key" "$DIR/root/etc/ssh/edgebench/host_key"
    install -D -m 644 "$ssh/user_key.pub" "$DIR/root/etc/ssh/edgebench/authorized_keys"
}

pid() { [[ -e $DIR/ssh/pid ]] && pgrep -F "$DIR/ssh/pid" unshare 2>/dev/null; }

start() {
    [[ -e $DIR/ssh/host_key && -e $DIR/wheels/installed.txt ]] || die "$DIR is not built: root.sh build $DIR"
    pid >/dev/null && die "it runs already: root.sh stop $DIR"
    host_tools
    register_qemu
    local port=${1:-2222} ssh=$DIR/ssh
    [[ $port =~ ^[0-9]+$ ]] && ((port >= 1024 && port < 65536)) || die "not a port above 1023: $port"
    (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && die "port $port is taken"
    echo "[127.0.0.1]:$port $(cut -d ' ' -f 1,2 "$ssh/host_key.pub")" >"$ssh/known_hosts"
    printf 'Host arm\n  HostName 127.0.0.1\n  Port %s\n  User pi\n  IdentityFile "%s"\n  IdentitiesOnly yes\n' \
        "$port" "$ssh/user_key" >"$ssh/config"
    printf '  UserKnownHostsFile "%s"\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n' \
        "$ssh/known_hosts" >>"$ssh/config"
    # The mounts are in a namespace of the server's own: when its first process ends, all of it is gone.
    setsid unshare --mount --pid --fork --kill-child --propagation private \
        "$HERE/serve.sh" "$DIR/root" "$port" </dev/null >"$ssh/log" 2>&1 &
    local server=$!
    echo $server >"$ssh/pid"
    disown
    until pid >/dev/null || ! kill -0 $server 2>/dev/null; do sleep 0.05; done  # it is still this script's name
    trap 'stop' EXIT
    local tries
    for tries in {1..60}; do
        ssh -F "$ssh/config" -o ConnectTimeout=20 arm true 2>/dev/null && break
        pid >/dev/null || die "the server ended: $(tail -n 1 "$ssh/log")"
        ((tries < 60)) || die "no answer on port $port: $(tail -n 1 "$ssh/log")"
        sleep 0.5
    done
    trap - EXIT
    echo "$ssh/config"
}

stop() {
    local running
    running=$(pid) || { say "nothing runs in $DIR"; return; }
    kill -KILL "$running"
    while kill -0 "$running" 2>/dev/null; do sleep 0.1; done
    rm -f "$DIR/ssh/pid"
}

check() {
    pid >/dev/null || die "nothing runs in $DIR: root.sh start $DIR"
    ssh -F "$DIR/ssh/config" arm python3 - <"$HERE/check.py"
}

[[ $# -ge 2 ]] || { sed -n '2,6s/^# \?//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
DIR=$(realpath -m "$2")
case $1 in
    build | stop | check) "$1" ;;
    start) start "${3:-}" ;;
    *) die "unknown: $1" ;;
esac
