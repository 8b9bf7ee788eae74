"""The kinds of works, as a table: what each is called, which category it falls into, and what it has to meet.

A is required energy-saving works, B is other energy-saving works, C is other renovation (GL-151). A kind that can be
required works and misses its criteria, or the menu, falls into its `otherwise`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Menu(StrEnum):
    """GL-004: the two menus. S is for works that reach the ZEH level."""

    STANDARD = "STANDARD"
    S = "S"


class Category(StrEnum):
    """GL-151."""

    A = "A"
    B = "B"
    C = "C"


class Subject(StrEnum):
    """What a kind of works is about; it decides which facts the criteria ask for."""

    INSULATION = "INSULATION"
    EQUIPMENT = "EQUIPMENT"
    OTHER_SAVING = "OTHER_SAVING"
    OTHER = "OTHER"
    INCIDENTAL = "INCIDENTAL"


class Proof(StrEnum):
    """What shows that a product meets the criteria (GL-169 to GL-172)."""

    PROGRAMME_LIST = "PROGRAMME_LIST"
    JIS_A_4111 = "JIS_A_4111"
    JIS_A_5532 = "JIS_A_5532"
    PORTAL_LIST = "PORTAL_LIST"
    EVALUABLE = "EVALUABLE"


PROOFS = {
    Proof.PROGRAMME_LIST: "子育てグリーン住宅支援事業または子育てエコホーム支援事業の対象設備",
    Proof.JIS_A_4111: "JIS A 4111の自然循環形太陽熱温水器で、エネルギー消費性能計算プログラムで評価できるもの",
    Proof.JIS_A_5532: "JIS A 5532の「高断熱浴槽」の性能を満たすもの",
    Proof.PORTAL_LIST: "温熱・省エネ設備機器等ポータルサイト(住宅版)の掲載設備",
    Proof.EVALUABLE: "エネルギー消費性能計算プログラムで評価できる設備(設計一次エネルギー消費量の削減に寄与するもの)",
}
"""What the form offers as proof of a product."""


@dataclass(frozen=True)
class Kind:
    """One kind of works.

    - `category`: A for what can be required works, else the category itself; None for incidental works, which follow
      the works that cause them (GL-155).
    - `otherwise`: the category when the criteria are missed; None: not financed then.
    - `proofs`: any one of them is needed; none is needed of a kind that has none.
    """

    code: str
    name: str
    rule: str
    subject: Subject
    category: Category | None
    otherwise: Category | None = None
    proofs: frozenset[Proof] = frozenset()


def _required(code: str, name: str, rule: str, subject: Subject, *proofs: Proof) -> Kind:
    # GL-179, example 1: insulation and equipment that miss the criteria are other energy-saving works.
    return Kind(code, name, rule, subject, Category.A, Category.B, frozenset(proofs))


def _saving(code: str, name: str, rule: str = "GL-180", otherwise: Category | None = None) -> Kind:
    return Kind(code, name, rule, Subject.OTHER_SAVING, Category.B, otherwise)


def _other(code: str, name: str) -> Kind:
    return Kind(code, name, "GL-183", Subject.OTHER, Category.C)


OPENINGS = "OPENINGS"
INSULATION = "INSULATION"
PV = "PV"
SOLAR_HEAT = "SOLAR_HEAT"
BATTERY = "BATTERY"
SEISMIC = "SEISMIC"
INCIDENTAL = "INCIDENTAL"

_TABLE = (
    _required(OPENINGS, "外気に接する開口部(窓・ドア)の断熱改修", "GL-158", Subject.INSULATION),
    _required(INSULATION, "外気に接する壁・天井・屋根・床の断熱材の工事", "GL-159", Subject.INSULATION),
    _required("ECOCUTE", "電気ヒートポンプ給湯機(エコキュート)", "GL-163", Subject.EQUIPMENT),
    _required("ECOJOZU", "潜熱回収型ガス給湯機(エコジョーズ)", "GL-164", Subject.EQUIPMENT),
    _required("ECOFEEL", "潜熱回収型石油給湯機(エコフィール)", "GL-165", Subject.EQUIPMENT),
    _required("HYBRID", "ヒートポンプ・ガス瞬間式併用型給湯機(ハイブリッド給湯機)", "GL-166", Subject.EQUIPMENT),
    _required(PV, "太陽光発電設備", "GL-167", Subject.EQUIPMENT),
    _required(
        SOLAR_HEAT,
        "太陽熱利用設備",
        "GL-169",
        Subject.EQUIPMENT,
        Proof.PROGRAMME_LIST,
        Proof.JIS_A_4111,
        Proof.EVALUABLE,
    ),
    _required(
        "BATHTUB",
        "高断熱浴槽",
        "GL-170",
        Subject.EQUIPMENT,
        Proof.PROGRAMME_LIST,
        Proof.JIS_A_5532,
        Proof.EVALUABLE,
    ),
    _required(
        "COGENERATION",
        "コージェネレーション設備(エネファーム)",
        "GL-171",
        Subject.EQUIPMENT,
        Proof.PORTAL_LIST,
        Proof.EVALUABLE,
    ),
    _saving("WATER_SAVING_TAP", "節湯水栓"),
    _saving("HEATING_COOLING", "暖冷房設備"),
    _saving("HEAT_EXCHANGE_VENTILATION", "熱交換換気設備"),
    _saving("LED", "LED照明"),
    # interpretation: without generation equipment it saves no energy, and is no renovation of the house either.
    _saving(BATTERY, "蓄電池"),
    _saving("WATER_SAVING_TOILET", "節水型トイレ"),
    # interpretation: seismic reinforcement for any other purpose is other renovation.
    _saving(SEISMIC, "耐震補強工事", "GL-181", otherwise=Category.C),
    _other("KITCHEN", "キッチンの取替え"),
    _other("WASHROOM", "洗面所の交換"),
    _other("HANDRAIL", "手すりの設置"),
    _other("LEVEL_DIFFERENCE", "段差解消工事"),
    _other("ROOM_LAYOUT", "間取りの変更"),
    _other("WALLPAPER", "クロスの貼替え"),
    _other("OUTSIDE_PAINTING", "外壁塗装"),
    _other("SHUTTER", "シャッターの取付け"),
    _other("EXTERIOR", "外構工事(塀、自転車置き場、植樹・造園)"),
    _other("OTHER", "その他のリフォーム工事"),
    Kind(INCIDENTAL, "付随工事・諸経費", "GL-155", Subject.INCIDENTAL, None),
)
KINDS = {kind.code: kind for kind in _TABLE}
"""All kinds by their code."""


def kind(code: str) -> Kind:
    """The kind with this code. Raises ValueError for an unknown one."""
    if code not in KINDS:
        raise ValueError(f"one of {', '.join(KINDS)} is needed")
    return KINDS[code]
