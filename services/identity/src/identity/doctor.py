"""What `madoguchi doctor` looks at in this service beside what all services share: what the vault has hidden, and
whether the key that signs tokens now is published."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db import Database
from kit.doctor.keys import published
from kit.doctor.practice import Hidden, NoDatabase, Organ, Patient, Practice, Symptom, ill, well
from kit.doctor.providers import Asked, providers
from kit.errors import Unavailable
from kit.vault import CannotDecrypt, Vault

from identity.commands.keys import HIDDEN as COLUMNS
from identity.keys import BlindIndex, Keyring
from identity.models import OtpToken
from identity.settings import Settings
from identity.signing import SigningKeys

# Every column that is re-encrypted when the vault's key is replaced, bound to its row as `Keyring.hide` does.
HIDDEN = tuple(
    Hidden(str(model.__tablename__), column, f"'{field}:' || {'account_id' if model is OtpToken else 'id'}")
    for model, columns in COLUMNS.items()
    for column, field in columns
)


async def signing(patient: Patient) -> Sequence[Symptom]:
    """Whether the key that signs now is among those at MADOGUCHI_IDENTITY_JWKS_URL."""
    settings: Settings = patient.settings
    ids, _ = await published(patient)
    if not ids:
        return []  # told by the shared examination
    if patient.database is None:
        raise NoDatabase
    try:
        keyring = Keyring(
            vault=Vault.from_json(settings.vault_keys.get_secret_value()),
            index=BlindIndex(settings.index_key()),
            seal_public_keys=settings.seal_public_keys,
        )
        keys = SigningKeys(settings.signing_jwks(), settings.token_issuer, keyring)
    except ValueError as error:
        return [ill(Organ.KEYS, str(error), "put the setting right, and roll")]
    database = Database(settings.database_url.get_secret_value(), pool_size=1)
    try:
        jwks = (await keys.signer(database, patient.clock())).jwks()
    except (CannotDecrypt, Unavailable) as error:
        said = f"the keys that sign tokens cannot be read ({type(error).__name__})"
        return [ill(Organ.KEYS, said, "docs/runbook.md, “Keys are replaced”: the vault's ring")]
    finally:
        await database.close()
    kid = str(jwks["keys"][0]["kid"])
    if kid not in ids:
        said = f"the JWKS at {settings.identity_jwks_url} does not hold '{kid}', which signs now: tokens are refused"
        then = f"another identity answers there: curl -s {settings.identity_jwks_url}; compare MADOGUCHI_SIGNING_KEYS"
        return [ill(Organ.KEYS, said, then)]
    return [well(Organ.KEYS, f"tokens: '{kid}', which signs now, is published")]


PROVIDERS = {"ekyc": Asked("/v1/verifications", "ekyc_attempts")}

PRACTICE = Practice(
    service="identity",
    settings=Settings,
    hidden=HIDDEN,
    examinations={
        Organ.KEYS: signing,
        Organ.PROVIDERS: providers(PROVIDERS),
    },
)
