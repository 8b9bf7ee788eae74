"""`make run`: servers, then migrations, then what the broker forgot, then the services."""

import sys
from pathlib import Path

from madoguchi_stack.layout import OFFSETS, SERVICES, Ports
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import ekyc_simulator, service_environment, service_processes
from madoguchi_stack.supervisor import refuse_taken_ports, together

MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")


async def up(folder: Path, ports: Ports) -> None:
    """Run the whole stack on the data in `folder` until cancelled. Raises StackFailed when a process fails."""
    refuse_taken_ports((name, ports[name]) for name in OFFSETS)  # before anything is started and stopped for nothing
    async with Servers(folder, ports=ports, echo=True) as servers:
        await bring_up(servers)
        print(addresses(servers), flush=True)
        await servers.supervisor.until_failed()


async def bring_up(servers: Servers) -> None:
    """Everything on top of running servers, until the services are ready. Raises StackFailed."""
    await together(migrate_and_tell_again(servers, service) for service in SERVICES)
    processes = [process for service in SERVICES for process in service_processes(service, servers)]
    await servers.supervisor.start(ekyc_simulator(servers), *processes)


async def migrate_and_tell_again(servers: Servers, service: str) -> None:
    """Bring the service's database to this release, and queue its event log again if the broker has forgotten it."""
    environment = service_environment(service, servers)
    await servers.supervisor.run(f"{service}-migrate", (MADOGUCHI, "migrate", service), environment)
    if servers.kind == "local":
        command = (MADOGUCHI, "replay", "--if-topic-empty", servers.kafka_bootstrap)
        await servers.supervisor.run(f"{service}-replay", command, environment)


def addresses(servers: Servers) -> str:
    """Where everything is, for people."""
    ports = servers.ports
    lines = [f"{service:14} http://127.0.0.1:{ports[f'{service}_api']}/docs" for service in SERVICES]
    return "\n".join(
        [
            "",
            "Madoguchi runs. ctrl-C stops it; the data stays in " + str(servers.folder),
            *lines,
            f"{'mail':14} http://127.0.0.1:{ports['mail_web']}/",
            f"{'eKYC provider':14} http://127.0.0.1:{ports['ekyc']}/",
            f"{'PostgreSQL':14} 127.0.0.1:{ports['postgres']}",
            f"{'Kafka':14} {servers.kafka_bootstrap}",
            f"{'S3':14} {servers.s3.url}",
        ]
    )
