"""What the prepare scripts share: reading with errors that name file and row, and writing in one step."""

import contextlib
import json
import os
import sys
import tempfile


class BadInput(Exception):
    """A file that is not as it must be; the message names it and the row, and never quotes a text."""

    def __init__(self, path, row, problem):
        super().__init__(f"{path}, row {row}: {problem}" if row else f"{path}: {problem}")


def run(main):
    """Runs a script's main function; what is wrong with its files becomes one line and the exit status 1."""
    try:
        main()
    except BadInput as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")


@contextlib.contextmanager
def replacing(path):
    """A binary file that takes the place of `path` when all is written; after an error nothing has changed."""
    folder, name = os.path.split(os.path.abspath(path))
    descriptor, partial = tempfile.mkstemp(prefix=f".{name}.", suffix=".partial", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)
        raise


def csv_line(fields):
    """One line of CSV; Python's own writer leaves a lone carriage return unquoted."""
    return (",".join(quoted(field) for field in fields) + "\n").encode("utf-8")


def quoted(field):
    if any(character in field for character in ',"\r\n'):
        return '"' + field.replace('"', '""') + '"'
    return field


def text_of(value, path, row, column):
    """The value, which must be a string that UTF-8 can write and that holds more than white space."""
    if not isinstance(value, str) or not value.strip():
        raise BadInput(path, row, f'"{column}" is empty or no text; expected a text')
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadInput(path, row, f'"{column}" holds half a surrogate pair; expected whole characters') from None
    return value


def lines(path):
    """Every line with its number from one and without its end; a byte order mark is left out."""
    with open(path, "rb") as file:
        for row, line in enumerate(file, 1):
            if row == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            yield row, line.rstrip(b"\r\n")


def decoded(line, path, row):
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(path, row, "not UTF-8; save the file as UTF-8") from None


def json_lines(path):
    """Every line that is not blank: its number, its bytes and its object."""

    def object_of(members):
        result = dict(members)
        if len(result) < len(members):
            raise ValueError("a key occurs twice")
        return result

    def no_number(name):
        raise ValueError(f"{name} is not JSON")

    for row, line in lines(path):
        if not line.strip():
            continue
        text = decoded(line, path, row)
        try:
            value = json.loads(text, object_pairs_hook=object_of, parse_constant=no_number)
        except json.JSONDecodeError as error:
            raise BadInput(path, row, f"no JSON at character {error.colno}; expected one JSON object") from None
        except ValueError as error:
            raise BadInput(path, row, f"{error}; expected one JSON object") from None
        except RecursionError:
            raise BadInput(path, row, "nested too deeply; expected one JSON object") from None
        if not isinstance(value, dict):
            raise BadInput(path, row, "expected one JSON object")
        yield row, line, value
