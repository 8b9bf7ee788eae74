"""Running a program as a container would: on a read-only root, as a user without rights, in a bare environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

USER = 10_001
# A recursive bind of the root, of which the top is read-only: /proc and /dev stay what they are. The root of an image
# has none, and gets them.
_SCRIPT = """
set -eu
root=$1; of=$2; shift 2
mount --rbind "$of" "$root"
[ "$of" = / ] || { mount --rbind /proc "$root/proc"; mount --rbind /dev "$root/dev"; }
mount -o remount,bind,ro "$root"
PATH=$PATH:/usr/sbin:/sbin exec chroot "$root" "$@"
"""


def in_sandbox(root: Path, *command: str | Path, of: Path = Path("/")) -> tuple[str, ...]:
    """The command, made to run on a read-only root as user 10001 without capabilities.

    `root` is an empty folder to mount on, `of` the root that is mounted there: this machine's, or that of an image. For
    root the user is a real one; for anybody else, one of a user namespace.
    The program is the process itself, so that signals reach it.
    """
    for tool in ("unshare", "setpriv"):
        assert shutil.which(tool), f"{tool} is missing (Debian package util-linux)"
    if os.geteuid() == 0:
        unshare = ("unshare", "--mount")
        drop = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
    else:
        unshare = ("unshare", "--user", "--map-root-user", "--mount")
        drop = ("unshare", "--user", f"--map-user={USER}", f"--map-group={USER}")
    dies = ("setpriv", "--pdeathsig", "KILL", "--")
    return (*unshare, "sh", "-c", _SCRIPT, "sh", str(root), str(of), *drop, *dies, *map(str, command))


def output_of(command: tuple[str, ...], environment: dict[str, str]) -> str:
    """What a program prints that must succeed, with this environment and nothing else of ours."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)
    assert ended.returncode == 0, f"{command}:\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
