"""`make run`: servers, then migrations, then what the broker forgot, then the services."""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

from madoguchi_stack.case import bond, green_loan, loan, timeline
from madoguchi_stack.case.office import Say, kept
from madoguchi_stack.case.people import Person
from madoguchi_stack.case.web import Unexpected, Web
from madoguchi_stack.clamd import MISSING
from madoguchi_stack.layout import OFFSETS, SERVICES, Ports
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment, service_processes, simulators, write_environments
from madoguchi_stack.supervisor import StackFailed, refuse_taken_ports, together

ACCOUNTS = "office-accounts.json"
MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")


class Case(StrEnum):
    """The programmes of which a case can be played."""

    BOND = "bond"
    GREEN_LOAN = "green_loan"


@dataclass(frozen=True)
class Played:
    """A case that went through: its application, and who may be logged in as."""

    application_id: str
    people: Mapping[str, Person]


async def up(folder: Path, ports: Ports, *, case: Case | None, logs: bool) -> None:
    """Run the whole stack on the data in `folder` until cancelled; a `case` is played first, with `logs` every process
    writes to the screen too.

    Raises StackFailed when a process fails, or the case does not go through.
    """
    print(f"starting; logs are in {folder / 'logs'}", flush=True)
    started = time.monotonic()
    refuse_taken_ports((name, ports[name]) for name in OFFSETS)  # before anything is started and stopped for nothing
    async with Servers(folder, ports=ports, echo=logs) as servers:
        if servers.clamd is None:
            print(f"\n  NO MALWARE SCANNER: {MISSING}.\n  Files are stored unscanned.\n", file=sys.stderr, flush=True)
        print("servers are up; migrating and starting the services", flush=True)
        write_environments(servers)
        await bring_up(servers)
        print(f"ready after {time.monotonic() - started:.0f} s", flush=True)
        if case is not None:
            await servers.supervisor.unless_failed(play_case(servers, case))
        print(addresses(servers), flush=True)
        await servers.supervisor.until_failed()


async def play_case(servers: Servers, case: Case) -> None:
    """A case, with its steps and then its events on the screen. Raises StackFailed."""
    if case is Case.GREEN_LOAN and not loan.counter_is_open():
        print("\nNo case: the green loan's counter is closed from 2:00 to 6:00 in Japan (GL-061).", flush=True)
        return
    web = Web(servers.ports)
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f}s  {what}", flush=True)

    try:
        environment = service_environment("identity", servers)
        played = await CASES[case](web, environment, servers.folder / ACCOUNTS, say)
        accounts = [await person.account_id() for person in played.people.values()]
        lines = await timeline.read(servers.kafka_bootstrap, (played.application_id, *accounts))
    except (Unexpected, httpx.HTTPError) as error:
        raise StackFailed(f"the case did not go through: {type(error).__name__}: {error}") from error
    finally:
        await web.close()
    print(f"\nWhat happened, read from the topics:\n{timeline.printable(lines)}\n")
    people = {who: person.account for who, person in played.people.items()}
    for who, account in {**people, **kept(servers.folder / ACCOUNTS)}.items():
        print(f"{who}: user ID {account.user_id}, password {account.password},")
        print(f"key for an authenticator app {account.otp_secret}.")


async def _bond(web: Web, environment: dict[str, str], book: Path, say: Say) -> Played:
    played = await bond.play(web, environment, book, say)
    return Played(played.application_id, {"The association": played.person})


async def _green_loan(web: Web, environment: dict[str, str], book: Path, say: Say) -> Played:
    played = await green_loan.play(web, environment, book, say)
    spouse, father = played.debtors
    people = {"The applicant": played.owner.person, "The spouse": spouse.person, "The father": father.person}
    return Played(played.application_id, people)


CASES: Mapping[Case, Callable[[Web, dict[str, str], Path, Say], Awaitable[Played]]] = {
    Case.BOND: _bond,
    Case.GREEN_LOAN: _green_loan,
}


async def bring_up(servers: Servers) -> None:
    """Everything on top of running servers, until the services are ready. Raises StackFailed."""
    await together(migrate_and_tell_again(servers, service) for service in SERVICES)
    processes = [process for service in SERVICES for process in service_processes(service, servers)]
    await servers.supervisor.start(*simulators(servers), *processes)


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
    lines = [f"{service:14} http://127.0.0.1:{ports[f'{service}_api']}/openapi.json" for service in SERVICES]
    return "\n".join(
        [
            "",
            "Madoguchi runs. ctrl-C stops it; the data stays in " + str(servers.folder),
            *lines,
            f"{'mail':14} http://127.0.0.1:{ports['mail_web']}/",
            f"{'eKYC provider':14} http://127.0.0.1:{ports['ekyc']}/",
            f"{'e-contracts':14} http://127.0.0.1:{ports['econtract']}/",
            f"{'danshin':14} http://127.0.0.1:{ports['danshin']}/",
            f"{'income service':14} http://127.0.0.1:{ports['income_service']}/",
            f"{'PostgreSQL':14} 127.0.0.1:{ports['postgres']}",
            f"{'Kafka':14} {servers.kafka_bootstrap}",
            f"{'S3':14} {servers.s3.url}",
            f"{'clamd':14} " + (":".join(map(str, servers.clamd)) if servers.clamd else f"none: {MISSING}"),
        ]
    )
