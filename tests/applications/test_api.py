"""What every route of the service has in common."""

from kit.errors import ServiceError
from madoguchi_contracts import Role
from support.counter import good_content


async def test_the_openapi_document_names_every_route_and_its_problems(counter):
    document = (await counter.client.get("/openapi.json")).json()
    assert {path for path in document["paths"] if path.startswith("/v1")} == {
        "/v1/programmes",
        "/v1/applications",
        "/v1/applications/{application_id}",
        "/v1/applications/{application_id}/draft",
        "/v1/applications/{application_id}/check",
        "/v1/applications/{application_id}/submit",
        "/v1/applications/{application_id}/steps/{command}",
        "/v1/applications/{application_id}/draft/set-aside",
        "/v1/applications/{application_id}/timeline",
        "/v1/applications/{application_id}/versions",
        "/v1/applications/{application_id}/versions/{submission}",
        "/v1/applications/{application_id}/contact-notes",
        "/v1/applications/{application_id}/balance-certificate",
        "/v1/applications/{application_id}/balance-certificate.pdf",
        *(f"/v1/applications/{{application_id}}/threads{last}" for last in ("", "/{thread_id}")),
        *(
            f"/v1/applications/{{application_id}}/threads/{{thread_id}}/{what}"
            for what in ("messages", "read", "settle", "participants")
        ),
        *(f"/v1/applications/{{application_id}}/corrections{last}" for last in ("", "/{correction_id}/withdraw")),
        "/v1/threads",
        "/v1/balance-certificates/imports",
        *(f"/v1/applications/{{application_id}}/balance-certificates{last}" for last in ("", "/{year}.pdf")),
        *(f"/v1/programmes/green_loan/balance-certificates/{{year}}{last}" for last in ("", "/posting")),
        *(f"/v1/applications/{{application_id}}/contract{last}" for last in ("", "/paper", "/place")),
        *(f"/v1/tasks{last}" for last in ("", "/{task_id}/claim", "/{task_id}/finish")),
        *("/v1/provisions", "/v1/applications/{application_id}/provisions", "/v1/disclosure"),
        "/v1/providers/{provider}/callbacks",
        "/v1/programmes/{programme}/help",
        "/v1/programmes/green_loan/rates",
        "/v1/programmes/green_loan/income-service",
        "/v1/programmes/green_loan/rates/imports",
        "/v1/programmes/green_loan/maintenance",
        *(
            f"/v1/programmes/green_loan/maintenance/announcements{last}"
            for last in ("", "/{window_id}", "/{window_id}/shorten", "/{window_id}/withdraw")
        ),
        "/v1/companies",
        "/v1/reviews",
        "/v1/reviews/{review_id}",
        *(f"/v1/reviews/{{review_id}}/{command}" for command in ("claim", "release", "{command}")),
        "/v1/postal-codes/{code}",
        "/v1/applications/{application_id}/parties/{party_id}",
        "/v1/applications/{application_id}/papers",
        "/v1/applications/{application_id}/repayment",
        "/v1/programmes/{programme}/trial",
        "/v1/programmes/{programme}/applications",
        "/v1/banks",
        "/v1/banks/{code}/branches",
        "/v1/simulations/{book}/{area}",
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "default" in operation["responses"]


async def test_the_rules_can_be_asked_without_login(counter):
    question = {"status": "不合格", "cannot_ekyc_ticked": True}
    answer = await counter.client.post("/v1/simulations/bond/ekyc_gate", json=question)
    assert (answer.status_code, answer.json()) == (200, {"submission": "allowed"})


async def test_the_programmes_are_shown_to_everybody_with_their_form_and_papers(counter):
    bond, loan = (await counter.client.get("/v1/programmes")).json()["items"]
    assert (loan["name"], loan["title"]) == ("green_loan", "グリーンリフォームローン 借入申込")
    assert bond["title"] == "マンションすまい・る債 管理組合情報の登録・変更"
    properties = bond["form"]["properties"]
    assert set(good_content()) <= set(properties)
    assert properties["number"]["title"] == "積立組合番号"
    assert [slot["label"] for slot in bond["documents"]["slots"]][:3] == ["管理規約", "総会議事録", "議会議案書"]


def errors(cls=ServiceError):
    for child in cls.__subclasses__():
        yield child
        yield from errors(child)


def test_every_error_of_the_service_has_its_own_code_and_a_japanese_title():
    ours = [error for error in errors() if error.__module__ == "applications.errors"]
    assert len({error.code for error in ours}) == len(ours) >= 10
    for error in ours:
        assert any("\u3040" <= char <= "\u9fff" for char in error.title)


async def test_a_refusal_tells_everything_in_one_problem(counter):
    owner = await counter.association(ekyc=None)
    application = await owner.start()
    answer = await owner.submit(application)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["code"], problem["title"]) == (409, "refused", "お申込み内容をご確認ください。")
    assert {"AS-02", "DO-02", "ID-79"} <= set(problem["rules"])
    assert len(problem["findings"]) >= 14
    for finding in problem["findings"]:
        assert finding["message"].endswith("。")
        assert finding["rule"]
        assert finding["field"]


async def test_no_log_line_holds_personal_data(counter, capfd):
    filed = await counter.applied()
    await counter.person(Role.OFFICE_REVIEWER).get(f"/v1/reviews/{filed.review_id}")
    await filed.owner.save(filed.application_id, good_content())
    output = capfd.readouterr()
    assert str(filed.application_id) in output.out + output.err
    for secret in ("青葉台", "見本", "花子", "hanako", "0358009479", "後楽", "0123456"):
        assert secret not in output.out + output.err
