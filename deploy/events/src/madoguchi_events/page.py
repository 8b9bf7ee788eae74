"""The catalogue as one HTML page that needs nothing else: no script, no style sheet, no font from anywhere."""

import re
from collections.abc import Iterator
from html import escape

from madoguchi_events.catalogue import HEADERS, INTRODUCTION, PROMISES, Entry, chapters, contents, one_line
from madoguchi_events.manifest import Manifest

_STYLE = """
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: #1c1c1c; background: #fff; display: flex; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; flex: 0 0 17rem; padding: 1rem; background: #f3f5f7; }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; }
main { flex: 1; min-width: 0; max-width: 62rem; padding: 1rem 2rem; }
a { color: #0b57a4; }
code { font: .88em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: #f3f5f7; padding: .8rem; overflow: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d5d9de; }
dt { font-weight: 600; }
section { border-top: 1px solid #d5d9de; margin-top: 2rem; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; } main { padding: 1rem; } }
"""


def page(manifest: Manifest) -> str:
    """The whole catalogue as an HTML document."""
    return "\n".join(_lines(manifest)) + "\n"


def _lines(manifest: Manifest) -> Iterator[str]:
    all_chapters = chapters(manifest)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Events of Madoguchi</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield '<nav aria-label="Events">\n<p><a href="#top">Events</a></p>'
    for chapter in all_chapters:
        yield f"<p>{_link(chapter.topic.name)}</p>\n<ul>"
        for entry in chapter.entries:
            yield f"<li>{_link(entry.name)}</li>"
        yield "</ul>"
    yield f'<p>{_link("sealed")}</p>\n</nav>\n<main id="top">'
    yield f"<h1>Events of Madoguchi</h1>\n<p>{_text(INTRODUCTION)}</p>"
    yield "<h2>What is promised</h2>\n<dl>"
    for catchword, promise in PROMISES.items():
        yield f"<dt>{catchword}</dt>\n<dd>{_text(one_line(promise))}</dd>"
    yield "</dl>\n<h2>Headers</h2>"
    yield from _table(("header", "value"), ((f"`{header}`", value) for header, value in HEADERS.items()))
    for chapter in all_chapters:
        name = chapter.topic.name
        yield f'<h2 id="{name}"><code>{name}</code></h2>\n<p>{_text(chapter.facts)}</p>'
        for entry in chapter.entries:
            yield f'<section id="{entry.name}">\n<h3>{entry.name}</h3>\n<p>{escape(entry.meaning)}</p>\n<dl>'
            yield f"<dt>Type</dt>\n<dd><code>{entry.type_name}</code></dd>"
            yield f"<dt>Schema</dt>\n<dd><code>{entry.schema_file}</code>, <code>{entry.schema_name}</code></dd>"
            yield f"<dt>When</dt>\n<dd>{escape(entry.when.removeprefix('When: '))}</dd>"
            yield f"<dt>Read by</dt>\n<dd>{entry.readers}</dd>\n</dl>"
            yield from _fields(entry)
            yield f"<pre><code>{escape(entry.example)}</code></pre>\n</section>"
    yield '<h2 id="sealed">What is inside sealed fields</h2>'
    yield "<p>Only the service for which a field is sealed sees this.</p>"
    for content in contents():
        yield f'<section id="{content.name}">\n<h3>{content.name}</h3>\n<p>{escape(content.meaning)}</p>'
        yield from _fields(content)
        yield "</section>"
    yield "</main>\n</body>\n</html>"


def _link(target: str) -> str:
    return f'<a href="#{target}">{target}</a>'


def _fields(entry: Entry) -> Iterator[str]:
    yield from _table(("field", "type", "meaning"), ((f"`{path}`", kind, text) for path, kind, text in entry.rows))


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield "<table>\n<thead><tr>" + "".join(f'<th scope="col">{word}</th>' for word in head) + "</tr></thead>\n<tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody>\n</table>"


def _text(text: str) -> str:
    """A text as HTML, with what stands in backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
