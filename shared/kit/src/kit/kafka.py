"""How every connection to the broker is secured: the relay's, the consumers' and the commands'.

TLS checks the broker's certificate and name. A client shows no certificate of its own; it logs in by SASL.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from kit.settings import KafkaSettings

if TYPE_CHECKING:
    from faststream.security import BaseSecurity


def broker_security(settings: KafkaSettings) -> BaseSecurity | None:
    """For FastStream's KafkaBroker; None when nothing is secured. Raises ssl.SSLError for a CA file that is none."""
    # Here, because only workers and commands talk to a broker: an API starts without it.
    from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512  # noqa: PLC0415

    protocol = settings.kafka_security_protocol
    context = ssl.create_default_context(cafile=settings.kafka_ca_file) if protocol.endswith("SSL") else None
    if not protocol.startswith("SASL_"):
        return BaseSecurity(ssl_context=context) if context else None
    logins = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    password = settings.kafka_sasl_password.get_secret_value() if settings.kafka_sasl_password else ""
    return logins[settings.kafka_sasl_mechanism](
        username=settings.kafka_sasl_username or "", password=password, ssl_context=context
    )


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """The same for the clients of aiokafka, as keyword arguments."""
    from faststream.kafka.security import parse_security  # noqa: PLC0415

    return parse_security(broker_security(settings))
