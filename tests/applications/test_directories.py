"""Looking things up while filling in the form: postal codes, institutions, branches."""

import pytest
from applications.directories import kind_of
from madoguchi_contracts import Role


@pytest.fixture
def person(counter):
    return counter.person(Role.ASSOCIATION)


async def ask(person, path):
    answer = await person.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.rule("AS-38")
async def test_a_postal_code_gives_its_address_and_the_date_of_the_data(person):
    found = await ask(person, "/v1/postal-codes/1000001")
    assert found["items"] == [{"prefecture": "東京都", "city": "千代田区", "neighborhood": "千代田", "name": ""}]
    year, month = found["as_of"].split("-")
    assert int(year) >= 2026
    assert 1 <= int(month) <= 12


@pytest.mark.rule("AS-38")
async def test_a_code_of_several_places_gives_all_of_them(person):
    items = (await ask(person, "/v1/postal-codes/4980000"))["items"]
    assert {item["prefecture"] for item in items} == {"愛知県", "三重県"}


async def test_the_code_of_a_large_office_gives_its_name(person):
    (item,) = (await ask(person, "/v1/postal-codes/1128570"))["items"]
    assert "住宅金融支援機構" in item["name"]
    assert (item["prefecture"], item["city"], item["neighborhood"]) == ("東京都", "文京区", "後楽")


async def test_a_code_that_is_not_in_use_gives_nothing(person):
    assert (await ask(person, "/v1/postal-codes/0000000"))["items"] == []


@pytest.mark.rule("AS-24")
@pytest.mark.parametrize("code", ["112-8570", "112857", "１１２８５７０", "abc"])
async def test_what_is_no_postal_code_is_refused(person, code):
    assert (await person.get(f"/v1/postal-codes/{code}")).status_code == 422


@pytest.mark.rule("AS-26")
@pytest.mark.parametrize("query", ["みずほ", "みずほ銀行", "ミズホ", "ﾐｽﾞﾎ", "0001"])
async def test_an_institution_is_found_however_it_is_typed(person, query):
    items = (await ask(person, f"/v1/banks?query={query}"))["items"]
    assert {"code": "0001", "name": "みずほ", "kana": "ミズホ", "kind": "bank"} in items


@pytest.mark.rule("AS-26")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("網走信用金庫", "1031"),
        ("東京証券信用組合", "2215"),
        ("ゆうちょ銀行", "9900"),
        ("ちゅうおうろうきん", "2963"),
        ("中央労働金庫", "2963"),
    ],
)
async def test_long_names_and_hiragana_are_understood(person, query, code):
    items = (await ask(person, f"/v1/banks?query={query}"))["items"]
    assert code in {item["code"] for item in items}


@pytest.mark.rule("AS-26")
@pytest.mark.parametrize("query", ["野村證券", "見本生命保険", "大和証券"])
async def test_securities_and_insurance_companies_are_not_on_offer(person, query):
    assert (await ask(person, f"/v1/banks?query={query}"))["items"] == []


@pytest.mark.rule("AS-26")
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0001", "bank"),
        ("0999", "bank"),
        ("1031", "shinkin"),
        ("2004", "bank"),
        ("2215", "credit_cooperative"),
        ("2950", "labour_bank"),
        ("3011", "agricultural_cooperative"),
        ("9450", "fishery_cooperative"),
        ("9900", "japan_post_bank"),
        ("9999", "other"),
    ],
)
def test_the_kind_of_an_institution_follows_from_its_code(code, kind):
    assert kind_of(code) == kind


@pytest.mark.rule("AS-25")
async def test_branches_are_searched_in_their_institution(person):
    items = (await ask(person, "/v1/banks/0001/branches?query=丸の内"))["items"]
    assert items
    assert all("丸の内" in item["name"] for item in items)
    assert (await person.get("/v1/banks/9999/branches?query=丸")).status_code == 404


@pytest.mark.parametrize(("path", "more"), [("banks?query=農協", True), ("banks?query=みずほ銀行", False)])
async def test_a_search_gives_the_best_fifty_and_says_whether_there_are_more(person, path, more):
    found = await ask(person, f"/v1/{path}")
    assert found["more"] is more
    assert (len(found["items"]) == 50) is more


async def test_a_search_for_branches_says_whether_there_are_more(person):
    assert (await ask(person, "/v1/banks/0001/branches?query=ン"))["more"] is True
    assert (await ask(person, "/v1/banks/0001/branches?query=丸の内"))["more"] is False


@pytest.mark.parametrize("query", ["", "あ" * 51])
async def test_a_search_text_has_one_to_fifty_characters(person, query):
    assert (await person.get(f"/v1/banks?query={query}")).status_code == 422
