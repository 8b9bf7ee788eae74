"""What people are told before they verify themselves or need a code."""

import pytest
from support.identity import World


@pytest.mark.rule("ID-44", "ID-45")
async def test_apps_are_named_with_the_warnings_to_pay_nothing_and_to_keep_them(world: World) -> None:
    told = await world.get("/v1/otp/guidance")
    assert "Google Authenticator" in [app["name"] for app in told["apps"]]
    assert all(app["free"] for app in told["apps"])
    notices = "".join(told["notices"])
    assert "有料のアプリをインストールしない" in notices
    assert "設定は、削除しないでください" in notices


@pytest.mark.rule("ID-71", "ID-72")
async def test_the_method_with_photos_takes_five_documents_and_a_face(world: World) -> None:
    (photo,) = [one for one in (await world.get("/v1/ekyc/methods"))["methods"] if one["method"] == "photo"]
    assert photo["label"] == "写真付き書類+容貌画像を利用"
    assert photo["documents"] == [
        *("運転免許証", "マイナンバーカード", "在留カード", "住民基本台帳カード", "運転経歴証明書"),
    ]
    assert "顔写真" in "".join(photo["steps"])
    assert photo["app"] is None


@pytest.mark.rule("ID-71", "ID-73")
async def test_the_method_with_the_card_needs_the_app_and_says_where_it_comes_from(world: World) -> None:
    (card,) = [one for one in (await world.get("/v1/ekyc/methods"))["methods"] if one["method"] == "my_number_card"]
    assert card["label"] == "マイナンバーカードを利用"
    assert (card["app"], card["documents"]) == ("TRUSTDOCK", ["マイナンバーカード"])
    assert "ダウンロード" in "".join(card["steps"])
    assert "スマートフォン" in "".join(card["needs"])


@pytest.mark.rule("ID-48")
async def test_the_code_is_a_step_of_the_login_like_any_other_and_nobody_hears_of_pop_ups(world: World) -> None:
    member = await world.member()
    first = await world.give_password(member)
    assert first["next"] == "enrol_otp"  # the next page of the same flow, not a window beside it
    enrolment = await world.post("/v1/otp/enrolment", {"login_token": first["login_token"]})
    assert "ポップアップ" not in str(await world.get("/v1/otp/guidance")) + str(enrolment) + str(first)
