"""The files in what a learning platform lets one download: in folders, zips, and zips in them.

Nothing is unpacked: names of students' files never become paths.
"""

import os
import struct
import unicodedata
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from lectures_lib.assignments.times import zoned

__all__ = ["File", "files", "read"]

LIMIT = 100  # MB of a notebook or of a zip in a zip; with all its outputs a notebook has 20
DEPTH = 3  # of zips in zips
UNIX_TIME = 0x5455  # the field of an entry that holds its time in UTC


@dataclass(frozen=True)
class File:
    """Where a file is found, and how it got there.

    `levels` are names with their times, of the file on disk, then of what is in the zip that it
    is, and so on. Times are in UTC. Names use `/`, are in Unicode's form NFC, and begin with that
    of the download. `fault` is why it cannot be opened, or an empty text.
    """

    path: Path
    levels: tuple
    members: tuple = ()  # the entry of each zip
    fault: str = ""


def files(download, *, zone=None):
    """Yield a `File` for each file in a download.

    Args:
        download: A file, a zip or a folder.
        zone: Of the times in zips that name none; this computer's if None.

    Raises:
        ValueError: If there is no such download, or it is a damaged zip.
    """
    start = Path(download).absolute()
    if not start.exists():
        raise ValueError(f"There is no {download}. Give a zip, a folder or notebooks.")
    for path in [start] if start.is_file() else _inside(start):
        time = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        name = path.relative_to(start.parent).as_posix()
        first = File(path, ((unicodedata.normalize("NFC", name), time),))
        for file in _opened(first, zone):
            if file.fault and path == start and not file.members:
                raise ValueError(f"{download} {file.fault}. Download it again.")
            yield file


def read(file):
    """Return the bytes of a `File`.

    Raises:
        ValueError: If it is damaged, encrypted or too large.
    """
    try:
        stream = file.path.open("rb")
        for member in file.members:
            if member.flag_bits & 1:
                raise ValueError("is locked with a password")
            with closing(stream), ZipFile(stream) as archive, archive.open(member) as inner:
                stream = BytesIO(_bounded(inner))
        with stream:
            return _bounded(stream)
    except ValueError:
        raise
    # zipfile raises whatever it meets in a forged file, as struct.error or zlib.error.
    except Exception as error:
        raise ValueError(f"cannot be opened ({error})") from error


def _inside(folder):
    """Return the files of a folder, in order. A link could lead to another student's file."""
    found = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _bounded(stream):
    data = stream.read(LIMIT * 2**20 + 1)
    if len(data) > LIMIT * 2**20:
        raise ValueError(f"has more than {LIMIT} MB")
    return data


def _opened(file, zone):
    """Yield the file, or what is in it if it is a zip."""
    if not file.levels[-1][0].lower().endswith(".zip"):
        yield file
        return
    try:
        if len(file.members) == DEPTH:
            raise ValueError(f"is a zip in {DEPTH} others")
        # A download may have any size: it is not read as a whole.
        stream = BytesIO(read(file)) if file.members else file.path.open("rb")
        with closing(stream), ZipFile(stream) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        inner = [one.file_size for one in entries if one.filename.lower().endswith(".zip")]
        if file.members and sum(inner) > LIMIT * 2**20:
            raise ValueError(f"has zips of more than {LIMIT} MB")
    except ValueError as error:
        yield replace(file, fault=str(error))
        return
    except Exception as error:  # as in `read`
        yield replace(file, fault=f"cannot be opened ({error})")
        return
    for entry in entries:
        levels = (*file.levels, (_name(entry), _time(entry, zone)))
        yield from _opened(replace(file, levels=levels, members=(*file.members, entry)), zone)


def _name(entry):
    """Return the name of an entry. Some programs write UTF-8 and do not say so."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _time(entry, zone):
    """Return the time of an entry, or None where there is none."""
    extra = entry.extra
    while len(extra) >= 9:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == UNIX_TIME and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], UTC)
        extra = extra[4 + size :]
    try:
        time = datetime(*entry.date_time)
    except ValueError:
        return None
    return zoned(time, zone) if time.year > 1980 else None
