"""What Python's json makes of lines: json_lines.py IN OUT, a hexadecimal line in a line each way.

Out comes "-" where the line is not an object that JSON Lines tables accept, else the cells as JSON, in the order of keys.
"""

import json
import sys


class Number(str):
    """A number in its own spelling."""


def members(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def inner(pairs):
    # Only the line's own object is a row; keys of objects in it may stand twice.
    return Object(pairs)


class Object(list):
    """An object as its pairs."""


def refuse(name):
    raise ValueError(name)


def cell(value):
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, Object) and all(type(element) is str for element in value):
        return "" if any(";" in element for element in value) else ";".join(value)
    return ""


def cells(line):
    try:
        value = json.loads(
            line.decode("utf-8"), parse_int=Number, parse_float=Number, parse_constant=refuse, object_pairs_hook=inner)
        if not isinstance(value, Object):
            return "-"
        row = [[key, cell(content)] for key, content in members(value).items()]
        if any(key == "" for key, _ in row):
            return "-"
        text = json.dumps(row)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
        return text
    except (ValueError, UnicodeError):
        return "-"


with open(sys.argv[1]) as source, open(sys.argv[2], "w") as out:
    for line in source:
        out.write(cells(bytes.fromhex(line.strip())) + "\n")
