"""The whole way of one application through this service."""

import pytest
from madoguchi_contracts import Role
from support.counter import good_content


@pytest.mark.rule("AS-01", "AS-71", "AS-73", "AS-74", "AS-80", "AS-82")
async def test_an_association_applies_and_two_officers_approve(counter):
    owner = await counter.association()
    application = await owner.start()
    await counter.upload(application, "kanri_kiyaku", "sokai_gijiroku")
    assert (await owner.save(application, good_content())).status_code == 200
    check = await owner.check(application)
    assert check["findings"] == []
    assert check["may_submit"]
    submitted = await owner.submit(application)
    assert submitted.status_code == 201
    assert submitted.json()["state"] == "applied"
    counter.clock.advance(minutes=1)
    await counter.hear_own()
    counter.clock.advance(minutes=1)

    reviewer, approver = counter.person(Role.OFFICE_REVIEWER), counter.person(Role.OFFICE_APPROVER)
    queue = (await reviewer.get("/v1/reviews")).json()["items"]
    review = next(item for item in queue if item["application_id"] == str(application))
    path = f"/v1/reviews/{review['review_id']}"
    seen = (await reviewer.get(path)).json()
    assert seen["content"]["name_kanji"] == good_content()["name_kanji"]
    for officer, command in ((reviewer, "claim"), (reviewer, "recommend"), (approver, "approve")):
        answer = await officer.post(f"{path}/{command}")
        assert answer.status_code == 200, answer.text
    assert (await owner.get(f"/v1/applications/{application}")).json()["state"] == "approved"
    assert await counter.events(application) == [
        "ApplicationStarted",
        "ApplicationSubmitted",
        "ReviewOpened",
        "ReviewClaimed",
        "ReviewRecommended",
        "ApplicationApproved",
    ]
    steps = (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert [step["step"] for step in steps] == ["入力を開始", "申請", "審査を受付", "承認"]
