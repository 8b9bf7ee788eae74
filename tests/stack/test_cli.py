"""`madoguchi stack`, as a person at a terminal meets it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from madoguchi_stack.layout import free_ports

MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")


def test_a_taken_port_ends_the_start_with_a_sentence_and_not_with_a_traceback():
    ports = free_ports()
    environment = {**os.environ, "MADOGUCHI_PORT_BASE": str(ports.base), "MADOGUCHI_PORT_SMTP": "2525"}
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        environment["MADOGUCHI_PORT_KAFKA"] = str(stranger.getsockname()[1])
        stranger.listen()
        ended = subprocess.run((MADOGUCHI, "stack", "up"), env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"port already taken: {environment['MADOGUCHI_PORT_KAFKA']} (kafka)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_versions_of_all_servers_are_told():
    told = subprocess.run((MADOGUCHI, "stack", "versions"), capture_output=True, text=True, check=True).stdout
    for server in ("PostgreSQL", "Kafka protocol", "S3", "SMTP", "Apache Kafka", "MinIO"):
        assert server in told
