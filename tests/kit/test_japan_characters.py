"""JIS X 0208, kana, money, and file names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.japan.filenames import display_name, extension, is_placeholder, is_standard_type, title
from kit.japan.jisx0208 import is_standard
from kit.japan.kana import to_half_width, to_large
from kit.japan.yen import format_yen

PLACEHOLDER = "6MBを超えたため書類を郵送します。"


@pytest.mark.rule("AS-17")
def test_the_standard_set_has_its_6879_characters_and_six_of_them_have_two_code_points() -> None:
    every = (chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
    assert sum(map(is_standard, every)) == 6879 + 6


@pytest.mark.rule("AS-17")
@pytest.mark.parametrize("char", [*"高崎亜熙Ａａ０あアーΑαЯ─　々〆", *"～〜－−∥‖￠¢￡£￢¬"])
def test_standard_characters_pass_in_either_code_point(char: str) -> None:
    assert is_standard(char)


@pytest.mark.rule("AS-17")
@pytest.mark.parametrize("char", [*"髙﨑𠮷①Ⅱ㈱㍻纊ｱaé한简", "\u3099", "\ufe0f", "\ue000"])
def test_vendor_foreign_and_half_width_characters_do_not(char: str) -> None:
    assert not is_standard(char)


@pytest.mark.rule("AS-29")
@pytest.mark.parametrize(
    ("full", "half"),
    [
        ("ガパヴヷ", "ｶﾞﾊﾟｳﾞﾜﾞ"),
        ("ァィゥェォャュョッ", "ｧｨｩｪｫｬｭｮｯ"),
        ("ヮヵヶ", "ﾜｶｹ"),
        ("カ\u3099ハ\u309a゛゜", "ｶﾞﾊﾟﾞﾟ"),
        ("ー・「」。、　", "ｰ･｢｣｡､ "),
        ("ＡｚＺ０９（）－．，／￥＼", "AzZ09()-.,/¥\\"),
        ("ヰヱあ漢①㌔", "ヰヱあ漢①㌔"),
    ],
)
def test_full_width_becomes_half_width_by_table(full: str, half: str) -> None:
    assert to_half_width(full) == half


@pytest.mark.rule("AS-28")
def test_small_kana_become_large_in_both_widths() -> None:
    assert to_large("ｧｨｩｪｫｬｭｮｯァィゥェォャュョッヮヵヶ") == "ｱｲｳｴｵﾔﾕﾖﾂアイウエオヤユヨツワカケ"


@given(
    st.text(alphabet=[chr(code) for code in range(0x30A1, 0x30F7)]).filter(
        lambda text: not set(text) & set("ヮヰヱヵヶ")
    )
)
def test_half_width_kana_mean_the_same_as_the_full_width_ones(text: str) -> None:
    assert unicodedata.normalize("NFKC", to_half_width(text)) == text


@given(st.text())
def test_converting_twice_is_converting_once(text: str) -> None:
    assert to_half_width(to_half_width(text)) == to_half_width(text)
    assert to_large(to_large(text)) == to_large(text)


@pytest.mark.parametrize(("amount", "text"), [(0, "0円"), (1234567, "1,234,567円"), (-1234, "-1,234円")])
def test_yen(amount: int, text: str) -> None:
    assert format_yen(amount) == text


@pytest.mark.rule("DO-06")
@pytest.mark.parametrize(
    ("name", "standard"),
    [
        *((f"a.{ending}", True) for ending in ["pdf", "csv", "gif", "jpg", "jpeg", "png", "zip", "PDF", "Jpeg"]),
        *((name, False) for name in ("kiyaku.docx", "kiyaku", "kiyaku.", "a.pdf.exe", "pdf", "a.ｐｄｆ", "")),
        (" kiyaku.pdf ", True),
    ],
)
def test_the_type_is_what_follows_the_last_full_stop(name: str, standard: bool) -> None:
    assert is_standard_type(name) is standard


@pytest.mark.rule("DO-13")
@pytest.mark.parametrize(
    ("name", "placeholder"),
    [
        (PLACEHOLDER + ".pdf", True),
        (PLACEHOLDER + ".docx", True),
        (PLACEHOLDER, True),
        ("　" + PLACEHOLDER + " .PDF", True),
        (PLACEHOLDER.removesuffix("。") + ".pdf", False),
        ("６ＭＢ" + PLACEHOLDER.removeprefix("6MB") + ".pdf", False),
        (PLACEHOLDER + ".old.pdf", False),
        ("規約.pdf", False),
    ],
)
def test_only_the_exact_title_stands_in_for_posted_papers(name: str, placeholder: bool) -> None:
    assert is_placeholder(name) is placeholder


@pytest.mark.rule("DO-13")
def test_names_from_macos_are_composed() -> None:
    decomposed = unicodedata.normalize("NFD", " 議事録ガ.pdf")
    assert display_name(decomposed) == "議事録ガ.pdf"
    assert title(decomposed) == "議事録ガ"
    assert extension(decomposed) == "pdf"
