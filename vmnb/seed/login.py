"""How the guest is told to let its owner in by SSH."""

import shlex

__all__ = ["login_script"]

# It runs once, in cloud-init's last stage: after the users of the user data were made, so that it
# takes no name or number from them, and before their own runcmd. useradd is what most systems
# have, adduser what busybox has; an account without "*" as its password is locked for some sshd.
_SCRIPT = """#!/bin/sh
set -eu
user={user}
key={key}
shell=$(command -v bash || command -v sh)
if ! id "$user" >/dev/null 2>&1; then
  if command -v useradd >/dev/null; then
    useradd --create-home --shell "$shell" "$user"
  else
    adduser -D -s "$shell" "$user"
  fi
  echo "$user:*" | chpasswd -e
  if [ -d /etc/sudoers.d ]; then
    echo "$user ALL=(ALL) NOPASSWD:ALL" >/etc/sudoers.d/90-vmnb
    chmod 0440 /etc/sudoers.d/90-vmnb
  elif [ -d /etc/doas.d ]; then
    echo "permit nopass $user" >/etc/doas.d/vmnb.conf
  fi
fi
home=$(getent passwd "$user" | cut -d : -f 6)
group=$(id -g "$user")
install -d -m 0700 -o "$user" -g "$group" "$home/.ssh"
keys=$home/.ssh/authorized_keys
[ -e "$keys" ] || install -m 0600 -o "$user" -g "$group" /dev/null "$keys"
grep -qxF "$key" "$keys" || echo "$key" >>"$keys"
"""


def login_script(user: str, public_key: str) -> str:
    """Return a script for the guest that lets `user` in with that key.

    A user who is not there is made, with the right to become root without a password.
    """
    return _SCRIPT.format(user=shlex.quote(user), key=shlex.quote(public_key))
