# Makes a guest that runs on another's memory a machine of its own. For any POSIX shell, as root.
#
# Arguments: the seconds since 1970; the host name, and the one that it takes the place of, empty
# for any; the machine's id; and for each card "old=new" with its addresses. After the first, none
# for a guest that is to stay what it is. What nobody else may see is read: 64 random bytes in hex,
# a line, empty for a guest whose memory no other has; the key that might log in and the one that may now, a line, perhaps empty; then, where the
# SSH server shall have another key, its public half, a line, and its private half.
#
# Says "clock" where the clock could not be set to the fraction of a second, and was not, and "ssh"
# where there is a server that has the key. Ends with 3, and nothing else is changed, where the
# kernel cannot be reseeded. Each program that it starts takes an emulated guest a while.
set -e
umask 022
now=$1
shift
read -r seed

# --- The clock, as long as it is true what was told.

# busybox's date(1) knows no fractions.
if [ /bin/date -ef /bin/busybox ] || ! date -s "@$now" >/dev/null 2>&1; then
    echo clock
fi

# --- Randomness. Until the kernel draws its key anew, it gives what every other copy gets.

# Whether the kernel hears from the hypervisor that it runs on a copy.
hears=
for fact in /sys/bus/*/drivers/vmgenid/*/modalias; do
    [ ! -e "$fact" ] || hears=yes
done

# RNDADDENTROPY and RNDRESEEDCRNG of random(4); what is only written may be heeded a minute later.
by_perl() {
    command -v perl >/dev/null && printf %s "$seed" | perl -e '
        my $to;
        open($to, ">", "/dev/random")
            && ioctl($to, 0x40085203, pack("iia*", 512, 64, pack("H*", <STDIN>)))
            && ioctl($to, 0x5207, 0) or die "/dev/random: $!\n"'
}
by_python() {
    command -v python3 >/dev/null && printf %s "$seed" | python3 -Ic '
import fcntl, struct, sys
with open("/dev/random", "wb") as to:
    fcntl.ioctl(to, 0x40085203, struct.pack("ii", 512, 64) + bytes.fromhex(sys.stdin.read()))
    fcntl.ioctl(to, 0x5207)'
}

if [ "$seed" ]; then
    printf %s "$seed" >/dev/urandom
    [ "$hears" ] || by_perl || by_python || exit 3
fi

# The kernel says each time that it has drawn its key anew because it runs on a copy, and counts the
# events (the fifth, for QEMU) that tell it so. One that it has heard of and not yet heeded takes it a
# moment; the second is for a log that has lost its beginning.
heed() {
    if [ "$seed" ] && [ "$hears" ] && read -r told _ 2>/dev/null </sys/firmware/acpi/interrupts/gpe05; then
        tries=0
        until heeded "$told" || [ "$tries" -ge 50 ]; do
            sleep 0.02
            tries=$((tries + 1))
        done
    fi
}
heeded() { # whether it has done so $1 times
    set -f
    left=$1 IFS='
'
    for line in $(dmesg); do
        case $line in *'due to virtual machine fork') left=$((left - 1)) ;; esac
    done
    unset IFS
    set +f
    [ "$left" -le 0 ]
}

if [ $# -eq 0 ]; then
    heed
    exit 0
fi

# --- Names.

renamed() { # let the line speak of the new name; its address comes first
    set -f
    words=
    for word in $line; do
        case $words/$word in
            /*) words=$word ;;
            */"$before") words="$words $name" ;;
            */"$before".*) words="$words $name${word#"$before"}" ;;
            *) words="$words $word" ;;
        esac
    done
    line=$words
    set +f
}

name=$1 machine=$3
read -r before </proc/sys/kernel/hostname
before=${before%%.*}
[ -z "$2" ] || [ "$2" = "$before" ] || name=$before
shift 3
echo "$name" >/proc/sys/kernel/hostname
echo "$name" >/etc/hostname
if [ -f /etc/hosts ] && [ "$before" != "$name" ] && [ "$before" != localhost ]; then
    hosts=
    while IFS= read -r line || [ "$line" ]; do
        case "$line " in *[[:blank:]]"$before"[.[:blank:]]*) renamed ;; esac
        hosts="$hosts$line
"
    done </etc/hosts
    printf %s "$hosts" >/etc/hosts
fi
echo "$machine" >/etc/machine-id
dbus=/var/lib/dbus/machine-id
if [ -f $dbus ] && [ ! -L $dbus ]; then
    echo "$machine" >$dbus
fi

# --- The key that may log in.

admit() { # let the file $1 speak of the new key where it speaks of the old one
    text= found=
    while IFS= read -r line || [ "$line" ]; do
        case $line in *"$old"*) found=yes line=${line%%"$old"*}$new${line#*"$old"} ;; esac
        text="$text$line
"
    done <"$1"
    [ -z "$found" ] || printf %s "$text" >"$1"
}

read -r old new
if [ "$new" ]; then
    for file in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do
        [ ! -f "$file" ] || admit "$file"
    done
fi

# --- The SSH server's key: for those who log in from now on.

if [ -e /etc/ssh/sshd_config ] && read -r public; then
    key=/etc/ssh/ssh_host_ed25519_key private= others=
    while IFS= read -r line || [ "$line" ]; do
        private="$private$line
"
    done
    umask 077
    printf %s "$private" >$key
    umask 022
    echo "$public" >$key.pub
    for file in /etc/ssh/ssh_host_*_key*; do
        case $file in $key | $key.pub) ;; *) others="$others $file" ;; esac
    done
    [ -z "$others" ] || rm -f $others
    if read -r pid && read -r program <"/proc/$pid/comm" && [ "$program" = sshd ]; then
        kill -HUP "$pid"
    fi 2>/dev/null </run/sshd.pid || :
    echo ssh
fi

# --- Cards.

readdress() { # $1 the device, $2 its new address
    if ! ip link set dev "$1" address "$2" 2>/dev/null; then
        ip link set dev "$1" down
        ip link set dev "$1" address "$2"
        ip link set dev "$1" up
    fi
    # Its addresses of IPv6 are made from the old one.
    off=/proc/sys/net/ipv6/conf/$1/disable_ipv6
    if [ -e "$off" ] && [ "$(cat "$off")" = 0 ]; then
        echo 1 >"$off"
        echo 0 >"$off"
    fi
}

refer() { # let files that speak of the card of address $1 speak of $2
    for place in /etc/netplan /etc/network /etc/NetworkManager/system-connections \
        /etc/sysconfig/network-scripts /etc/systemd/network /etc/udev/rules.d /run/systemd/network
    do
        [ ! -d $place ] || grep -rlis "$1" $place
    done | while read -r file; do
        # What is called the permanent one stays the old until the next boot.
        sed -i -e "s/$1/$2/Ig" -e "s/Permanent\(MACAddress=$2\)/\1/" "$file"
    done
}

ask_again() { # $1 a DHCP client; another takes its place, that has the new name and address
    words=$(tr '\0' '\n' <"/proc/$1/cmdline")
    set -- "$1"
    while IFS= read -r word; do
        case $word in hostname:*) word=hostname:$name ;; esac
        set -- "$@" "$word"
    done <<END
$words
END
    pid=$1
    shift
    kill "$pid"
    tries=0
    while [ -d "/proc/$pid" ] && [ "$tries" -lt 500 ]; do
        sleep 0.01
        tries=$((tries + 1))
    done
    read -r self _ </proc/self/stat
    renice 0 "$self"
    exec setsid "$@"
}

lease() { # ask for addresses, by whatever does it here; nobody shall wait for that
    exec </dev/null >/dev/null 2>&1
    read -r self _ </proc/self/stat
    renice 19 "$self"
    for client in $(pidof udhcpc dhclient); do
        ask_again "$client" &
    done
    if command -v systemctl; then
        for service in systemd-networkd NetworkManager; do
            systemctl --no-block try-restart $service || :
        done
    fi
}

moved=
for card in /sys/class/net/*; do
    [ -e "$card/device" ] && read -r old <"$card/address" || continue
    for pair; do
        case $pair in
            "$old="*)
                moved=yes
                readdress "${card##*/}" "${pair#*=}"
                refer "$old" "${pair#*=}"
                ;;
        esac
    done
done

heed
if [ "$moved" ]; then lease & fi
