"""Writes tests/data/jinja/*.jsonl: template snippets and what Jinja2 makes of them in the
environment of Hugging Face's apply_chat_template. Python 3.11; requirements-jinja.txt.

    python tools/reference/jinja_goldens.py

Each line is {"template", "text"} or {"template", "error": Python's exception class}; "raised" is
the message of a raise_exception. Snippets may use the variables of tests/data/jinja/variables.json.
The clock stands at 2026-01-15 13:05:09.
"""
import copy
import datetime
import json
import pathlib
import warnings

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

import jinja_snippets

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "jinja"
NOW = datetime.datetime(2026, 1, 15, 13, 5, 9)


class Generation(jinja2.ext.Extension):
    """Passes the text of {% generation %} through, as a call block like transformers does."""

    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("_render")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(lineno)

    def _render(self, caller):
        return caller()


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                          sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return env


def golden(env, template):
    line = {"template": template}
    try:
        line["text"] = env.from_string(template).render(**copy.deepcopy(jinja_snippets.VARIABLES))
    except jinja2.exceptions.TemplateError as e:
        line["error"] = type(e).__name__
        if type(e) is jinja2.exceptions.TemplateError:
            line["raised"] = str(e)
    except Exception as e:  # Python's own
        line["error"] = type(e).__name__
    if " at 0x" in line.get("text", "") or "<class " in line.get("text", ""):
        raise SystemExit(f"shows an address or a class, which is Python's own affair: {template}")
    return line


def main():
    assert jinja2.__version__ == "3.1.2", jinja2.__version__
    warnings.simplefilter("ignore")
    env = environment()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "variables.json").write_text(
        json.dumps(jinja_snippets.VARIABLES, indent=1, ensure_ascii=False) + "\n")
    total = 0
    for group, snippets in jinja_snippets.GROUPS.items():
        assert len(set(snippets)) == len(snippets), f"{group} repeats itself"
        lines = [json.dumps(golden(env, s), ensure_ascii=False) for s in snippets]
        (OUT / f"{group}.jsonl").write_text("\n".join(lines) + "\n")
        total += len(lines)
        print(f"{group}: {len(lines)}")
    print(f"{total} goldens")


if __name__ == "__main__":
    main()
