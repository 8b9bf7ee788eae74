"""Where things lie in the checkout, and on which ports the local stack listens.

The default ports are 18100 to 18149 and, for the gRPC side of the S3 server, 28133 to 28143, all on the loopback
address. `MADOGUCHI_PORT_BASE` moves all of them, `MADOGUCHI_PORT_<NAME>` (as in `MADOGUCHI_PORT_POSTGRES`) moves one.
"""

import importlib.util
import os
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
RUN_FOLDER = ROOT / ".run"
REAL_FOLDER = ROOT / ".real"

HOST = "127.0.0.1"
SERVICES = ("identity", "applications", "documents", "notifications")
OFFICE_MAILBOX = "office@madoguchi.example.jp"
PROVIDERS = ("ekyc", "econtract", "danshin")  # simulated: one process and one port each

DEFAULT_BASE = 18100
BLOCK = 50
GRPC_SHIFT = 10_000  # fixed by the S3 server from the wheel, as is where it keeps its sockets
SOCKETS = Path("/tmp")  # noqa: S108 (not ours to choose)
OFFSETS = {
    "identity_api": 1,
    "applications_api": 2,
    "documents_api": 3,
    "notifications_api": 4,
    "identity_worker": 11,
    "applications_worker": 12,
    "documents_worker": 13,
    "notifications_worker": 14,
    "ekyc": 20,
    "econtract": 21,
    "danshin": 22,
    "income_service": 23,
    "postgres": 30,
    "kafka": 31,
    "kafka_controller": 32,
    "s3": 33,
    "smtp": 34,
    "mail_web": 35,
    "imap": 36,
    "clamd": 37,
    # The S3 server from the wheel is several programs in one, each with a port for HTTP; see `with_grpc`.
    "s3_master": 40,
    "s3_volume": 41,
    "s3_filer": 42,
    "s3_admin": 43,
}


_claims: list[socket.socket] = []  # open until the process ends


@dataclass(frozen=True)
class Ports:
    """One port for each name of `OFFSETS`: `base` plus its offset, unless `moved` names another port."""

    base: int = DEFAULT_BASE
    moved: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        """The port for `name`; KeyError for a name that is not in `OFFSETS`."""
        return self.moved[name] if name in self.moved else self.base + OFFSETS[name]

    def with_grpc(self, prefix: str) -> tuple[int, ...]:
        """The ports of all names that start with `prefix`, and for each the one that gRPC takes beside it."""
        ports = [self[name] for name in OFFSETS if name.startswith(prefix)]
        return (*ports, *(port + GRPC_SHIFT for port in ports))


def ports_from_environment(environment: Mapping[str, str] = os.environ) -> Ports:
    """The ports that `make run` uses. Raises ValueError for a value that is no number."""
    moved = {name: f"MADOGUCHI_PORT_{name.upper()}" for name in OFFSETS}
    return Ports(
        base=int(environment.get("MADOGUCHI_PORT_BASE", DEFAULT_BASE)),
        moved={name: int(environment[key]) for name, key in moved.items() if key in environment},
    )


def package_folder(name: str) -> Path:
    """Where an installed package lies, without importing it: a wheel's programs are wanted, not its Python code."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(name)
    return Path(spec.submodule_search_locations[0])


def is_taken(port: int) -> bool:
    """Whether somebody already listens on this port of the loopback address."""
    with socket.socket() as probe:
        # Without this a port whose last connections are still in TIME_WAIT looks taken right after a stop.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def is_left_to_others(port: int) -> bool:
    """Whether a server of another user was killed here: the socket that it left stops ours, which cannot remove it."""
    left = SOCKETS.glob(f"seaweedfs-*-grpc-{port}.sock")
    return os.geteuid() != 0 and any(one.lstat().st_uid != os.geteuid() for one in left)


def free_ports() -> Ports:
    """A block of ports nobody listens on, for tests; no other process gets it while this one runs.

    They all lie below the range that the system hands to outgoing connections (32768 and up on Linux): a port from that
    range can be taken by any client between this look and the server's start. Raises RuntimeError when a hundred tries
    found none.
    """
    for _ in range(100):
        ports = Ports(base=random.randrange(11_000, 22_000, BLOCK))  # noqa: S311 (no secret)
        claim = socket.socket()
        try:
            # No server's: who is at the base owns the block, long before the last server of it listens.
            claim.bind((HOST, ports.base))
        except OSError:
            claim.close()
            continue
        every = (*map(ports.__getitem__, OFFSETS), *ports.with_grpc("s3"))
        if any(is_taken(port) or is_left_to_others(port) for port in every):
            claim.close()
            continue
        _claims.append(claim)
        return ports
    raise RuntimeError("no free block of ports between 11000 and 22000")
