"""The works and their inspection (groups 27 and 28)."""

from __future__ import annotations

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.conditions import works
from applications.programmes.green_loan.reading import TECHNICAL
from applications.programmes.green_loan.rows.who import INSPECTORS, OWNER, REVIEWER, row
from applications.workflow import NOTHING

ROWS = (
    row(TECHNICAL, "request", [NOTHING], "requested", OWNER, "適合証明を申請", "GL-087"),
    row(
        TECHNICAL,
        "confirm_plan",
        ["requested"],
        "plan_confirmed",
        INSPECTORS,
        "工事計画の内容を確認",
        *("GL-088", "GL-451", "GL-454"),
        guards=(works.plan_is_confirmed,),
        facts=steps.Plan,
    ),
    row(
        TECHNICAL,
        "start_works",
        ["plan_confirmed"],
        "started",
        OWNER,
        "着工",
        *("GL-089", "GL-458"),
        guards=(works.works_start_in_time,),
        facts=steps.Day,
    ),
    row(
        TECHNICAL,
        "complete",
        ["started"],
        "completed",
        OWNER,
        "工事完了",
        "GL-090",
        guards=(works.completion_has_a_day,),
        facts=steps.Completion,
    ),
    row(
        TECHNICAL,
        "report",
        ["completed"],
        "reported",
        OWNER,
        "工事完了を報告",
        *("GL-091", "GL-460", "GL-462"),
        guards=(works.report_is_whole,),
        facts=steps.Report,
    ),
    row(
        TECHNICAL,
        "certify",
        ["reported"],
        "certified",
        INSPECTORS,
        "適合証明書の交付",
        *("GL-092", "GL-469"),
        guards=(works.inspection_is_passed,),
        facts=steps.Certificate,
    ),
    # GL-093: a business group's paper takes the place of the inspection, wherever the works stand.
    row(
        TECHNICAL,
        "omit",
        [NOTHING, "requested", "plan_confirmed", "started", "completed", "reported"],
        "omitted",
        [REVIEWER],
        "工事内容確認住宅(検査を省略)",
        *("GL-093", "GL-094"),
        guards=(works.inspection_is_recorded,),
        facts=steps.Inspection,
    ),
)
