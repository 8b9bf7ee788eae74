"""`madoguchi topics`: topics and access of every environment, from one manifest."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from madoguchi_events import broker
from madoguchi_events.manifest import MANIFEST, read_manifest
from madoguchi_events.strimzi import strimzi

commands = typer.Typer(help="Topics and access, from deploy/topics.yaml.", no_args_is_help=True)

Manifest = Annotated[Path, typer.Option(help="the manifest", exists=True, dir_okay=False)]
Bootstrap = Annotated[str, typer.Option(envvar="MADOGUCHI_KAFKA_BOOTSTRAP", show_envvar=True, help="host:port")]
CommandConfig = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="how to log in: lines of NAME=VALUE for librdkafka")
]
Access = Annotated[bool, typer.Option(help="with access, or topics only: for a broker without an authorizer")]


@commands.command("check")
def check(
    bootstrap: Bootstrap,
    command_config: CommandConfig = None,
    access: Access = True,
    manifest: Manifest = MANIFEST,
) -> None:
    """Say in what the broker is not as the manifest says; exit code 1 then, 2 without an answer. Changes nothing."""
    with _broker_errors():
        found = broker.differences(_admin(bootstrap, command_config), read_manifest(manifest), access=access)
    _tell(found)


@commands.command("apply")
def apply(
    bootstrap: Bootstrap,
    command_config: CommandConfig = None,
    access: Access = True,
    manifest: Manifest = MANIFEST,
    revoke: Annotated[bool, typer.Option("--revoke", help="also take away what the manifest does not allow")] = False,
) -> None:
    """Make the broker what the manifest says; exit code 1 if something is left for a person, 2 if it is refused."""
    admin = _admin(bootstrap, command_config)
    with _broker_errors():
        found = broker.differences(admin, read_manifest(manifest), access=access)
        left = broker.put_right(admin, found, revoke=revoke)
    for one in found:
        if one not in left:
            typer.echo(f"done: {one.what}")
    _tell(left)


@commands.command("strimzi")
def print_strimzi(manifest: Manifest = MANIFEST) -> None:
    """Print topics and users for Kubernetes with Strimzi."""
    typer.echo(strimzi(read_manifest(manifest)), nl=False)


@contextmanager
def _broker_errors() -> Iterator[None]:
    """The broker's own words, and exit code 2, when it cannot be asked or refuses."""
    try:
        yield
    except KafkaException as error:
        typer.echo(f"broker: {error.args[0].str()}", err=True)
        raise typer.Exit(2) from None


def _admin(bootstrap: str, command_config: Path | None) -> AdminClient:
    lines = command_config.read_text("utf-8").splitlines() if command_config else []
    login = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return AdminClient({"bootstrap.servers": bootstrap, **login})


def _tell(found: list[broker.Difference]) -> None:
    for one in found:
        typer.echo(one.what)
    if found:
        raise typer.Exit(1)
    typer.echo("the broker is as the manifest says")
