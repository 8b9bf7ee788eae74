"""The malware scanner: clamd, where this machine has it (Debian: clamav-daemon), with a signature base of one entry.

The real base is 200 MB, grows daily and takes a minute to load; what is tested here is that a file is scanned and that
a verdict is acted upon. The one entry is the EICAR test file (eicar.org), which every scanner knows and which does no
harm.
"""

import shutil
from pathlib import Path

from madoguchi_stack import readiness
from madoguchi_stack.layout import HOST, Ports
from madoguchi_stack.supervisor import Process, dies_with_launcher

# In two parts, so that no scanner takes this module for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE = "Eicar-Test-Signature"
MISSING = "clamd is not on this machine (Debian: apt-get install clamav-daemon)"

# Above the largest set of documents (6 MB): a longer stream gets no verdict, and its file is never stored.
_CONFIG = """\
TCPAddr {host}
TCPSocket {port}
DatabaseDirectory {database}
TemporaryDirectory {temporary}
Foreground yes
StreamMaxLength 8M
MaxFileSize 8M
MaxScanSize 32M
"""


def binary() -> str | None:
    """Where clamd is, or None. Ordinary users often do not have the folder of daemons in their path."""
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def process(program: str, folder: Path, ports: Ports) -> Process:
    """clamd on the loopback address; needs no rights and no network."""
    database, temporary = folder / "clamd" / "signatures", folder / "clamd" / "tmp"
    for one in (database, temporary):
        one.mkdir(parents=True, exist_ok=True)
    (database / "eicar.ndb").write_text(f"{SIGNATURE}:0:*:{EICAR.hex()}\n")
    config = folder / "clamd" / "clamd.conf"
    config.write_text(_CONFIG.format(host=HOST, port=ports["clamd"], database=database, temporary=temporary))
    return Process(
        "clamd",
        dies_with_launcher((program, f"--config-file={config}")),
        ready=lambda: readiness.scanner_finds(HOST, ports["clamd"], EICAR),
        ports=(ports["clamd"],),
        folder=folder / "clamd",
    )
