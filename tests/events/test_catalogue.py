"""The readable catalogue: complete, up to date, and the page in order."""

import re
from html.parser import HTMLParser

import pytest
from madoguchi_contracts import EVENTS
from madoguchi_contracts.schema import flat, schema_of
from madoguchi_events import catalogue
from madoguchi_events.catalogue import markdown
from madoguchi_events.manifest import ROOT, Manifest, read_manifest
from madoguchi_events.page import page

MARKDOWN, PAGE = markdown(read_manifest()), page(read_manifest())


def test_every_form_is_up_to_date(tmp_path):
    catalogue.main([str(tmp_path)])
    for file in ("events.md", "events.html", "asyncapi.json"):
        assert (ROOT / "docs" / file).read_text("utf-8") == (tmp_path / file).read_text("utf-8"), "run make catalogue"


def test_there_is_a_chapter_for_every_event():
    chapters = re.findall(r"^### (\w+)\n\n`([\w.]+)`", MARKDOWN, re.MULTILINE)
    assert dict(chapters) == {event.__name__: event.type_name for event in EVENTS.values()}


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_a_chapter_tells_every_field_when_it_happens_and_an_example(event):
    in_markdown = MARKDOWN.split(f"\n### {event.__name__}\n")[1].split("\n### ")[0]
    on_page = PAGE.split(f'<section id="{event.__name__}">')[1].split("</section>")[0]
    for name in flat(schema_of(event))["properties"]:
        assert f"| `{name}` |" in in_markdown
        assert f"<td><code>{name}</code></td>" in on_page
    for chapter, when, an_example in ((in_markdown, "- When: ", "```json"), (on_page, "<dt>When</dt>", "<pre>")):
        assert event.type_name in chapter
        assert event.schema_name in chapter
        assert when in chapter
        assert event.aggregate_field in chapter.split(an_example)[1]


def test_no_sealed_string_is_shown_in_full():
    assert max(map(len, re.findall(r"eyJ[\w.-]+", MARKDOWN + PAGE))) < 40


def test_every_topic_tells_how_long_it_is_kept_and_which_teams_read_it():
    manifest = Manifest(
        cluster="madoguchi",
        topics=[
            topic.model_copy(update={"retention_days": days})
            for topic, days in zip(read_manifest().topics, (7, 0, 1, 2, 3, 4), strict=True)
        ],
        services={service: [] for service in read_manifest().services},
        teams={"planted": ["identity.accounts.v1"]},
    )
    for text in (markdown(manifest), page(manifest)):
        assert "Kept for 7 days. Teams that read it: planted." in text
        assert "Kept for ever. Teams that read it: none." in text


# The page


class Reader(HTMLParser):
    """Fails at a tag that closes another than the open one; keeps ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]
        self.loads += [value for name, value in attrs if name == "src"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_closed_links_within_itself_and_loads_nothing():
    reader = Reader()
    reader.feed(PAGE)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids)) > len(EVENTS)
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert reader.loads == []
    assert "url(" not in PAGE
    assert "<script" not in PAGE


def test_the_page_writes_what_could_be_taken_for_tags_as_text():
    assert "/madoguchi/&lt;service&gt;" in PAGE
    assert "<service>" not in PAGE
