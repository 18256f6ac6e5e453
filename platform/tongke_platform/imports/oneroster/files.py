"""The zip of a roster and its tables. Both versions are read; the manifest says which one it is."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tongke_platform.errors import N_
from tongke_platform.imports.table import BadFile

ZIP = "application/zip"
MAX_TABLE = 64 << 20
MAX_RECORDS = 200_000
TABLES = ("orgs", "academicSessions", "courses", "classes", "users", "roles", "userProfiles",
          "enrollments")  # fmt: skip
_BASE = "sourcedId status dateLastModified "
_OF_BOTH = {
    "orgs": "name type identifier parentSourcedId",
    "academicSessions": "title type startDate endDate parentSourcedId schoolYear",
    "courses": "schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes",
    "classes": "title grades courseSourcedId classCode classType location schoolSourcedId "
    "termSourcedIds subjects subjectCodes periods",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate",
}
_USERS = "username userIds givenName familyName middleName identifier email sms phone agentSourcedIds grades password"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "1.1": {**_OF_BOTH, "users": "enabledUser orgSourcedIds role " + _USERS},
    "1.2": {
        **_OF_BOTH,
        "users": "enabledUser " + _USERS + " userMasterIdentifier resourceSourcedIds "
        "preferredGivenName preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
        "roles": "userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId",
        "userProfiles": "userSourcedId profileType vendorId applicationId description "
        "credentialType username password",
    },
}

NOT_ROSTER = N_("This is not a OneRoster file: a zip with manifest.csv and its tables.")
BAD_VERSION = N_("This roster is OneRoster %(version)s. Versions 1.1 and 1.2 can be read.")
BAD_TABLE = N_("%(table)s cannot be read: it must be a CSV table in UTF-8 with a sourcedId column.")
MISSING = N_("The manifest names %(table)s, but the zip does not hold it.")
HUGE = N_("%(table)s is too large.")


@dataclass(frozen=True)
class Record:
    """A row of a table; ``line`` is its number in the file, titles counting as 1."""

    line: int
    values: Mapping[str, str]

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()

    @property
    def key(self) -> str:
        return self.get("sourcedId")

    @property
    def deleted(self) -> bool:
        return self.get("status").lower() == "tobedeleted"

    def keys(self, name: str) -> list[str]:
        """A list of sourcedIds, which 1.1 and 1.2 both write with commas in one cell."""
        return [one.strip() for one in self.get(name).split(",") if one.strip()]


@dataclass
class Roster:
    version: str
    tables: dict[str, Sequence[Record]] = field(default_factory=dict)

    def table(self, name: str) -> Sequence[Record]:
        return self.tables.get(name, ())


def looks_like_roster(data: bytes) -> bool:
    """A zip that is no workbook: content decides, never the name."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError):
        return False


def check_size(data: bytes, most: int) -> None:
    """What all of it unpacked takes. Raises BadFile."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > most:
        raise BadFile(HUGE, code="too_big", table=f"{size >> 20} MB")


def read_roster(data: bytes) -> Roster:
    """Raises BadFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadFile(NOT_ROSTER, code="not_a_roster") from error


def _read(archive: zipfile.ZipFile) -> Roster:
    # Some programs put the tables into a folder of the zip.
    parts = {part.filename.rpartition("/")[2]: part for part in archive.infolist()}
    if "manifest.csv" not in parts:
        raise BadFile(NOT_ROSTER, code="not_a_roster")
    manifest = dict(_cells(archive, parts["manifest.csv"])[1:])
    version = manifest.get("oneroster.version", "1.1")
    if version not in COLUMNS:
        raise BadFile(BAD_VERSION, code="bad_version", version=version[:20])
    roster = Roster(version)
    for name in TABLES:
        wanted = manifest.get(f"file.{name}", "bulk" if f"{name}.csv" in parts else "absent")
        if wanted == "absent":
            continue
        if f"{name}.csv" not in parts:
            raise BadFile(MISSING, code="missing_table", table=f"{name}.csv")
        roster.tables[name] = _records(archive, parts[f"{name}.csv"])
    return roster


def _records(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[Record]:
    titles, *rows = _cells(archive, part) or [[]]
    if "sourcedId" not in titles:
        raise BadFile(BAD_TABLE, code="bad_table", table=part.filename)
    return [
        Record(line, dict(zip(titles, cells, strict=False)))
        for line, cells in enumerate(rows, start=2)
        if any(cells)
    ]


def _cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[list[str]]:
    if part.file_size > MAX_TABLE:
        raise BadFile(HUGE, code="too_big", table=part.filename)
    try:
        text = archive.read(part).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFile(BAD_TABLE, code="bad_table", table=part.filename) from error
    if len(rows) > MAX_RECORDS:
        raise BadFile(HUGE, code="too_big", table=part.filename)
    return [[cell.replace("\0", "") for cell in row] for row in rows]


def write_roster(version: str, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> bytes:
    """A zip of the tables there are; every column of the version, empty where nothing is known."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", _manifest(version, tables))
        for name, rows in tables.items():
            titles = (_BASE + COLUMNS[version][name]).split()
            lines = [titles, *([row.get(title, "") for title in titles] for row in rows)]
            archive.writestr(f"{name}.csv", _csv(lines))
    return out.getvalue()


def _manifest(version: str, tables: Mapping[str, object]) -> bytes:
    files = (
        "academicSessions categories classes classResources courses courseResources demographics "
    )
    files += "enrollments lineItems orgs resources results users"
    if version == "1.2":
        files += " roles userProfiles userResources scoreScales lineItemLearningObjectiveIds "
        files += "lineItemScoreScales resultLearningObjectiveIds resultScoreScales"
    lines = [["propertyName", "value"], ["manifest.version", "1.0"], ["oneroster.version", version]]
    lines += [[f"file.{name}", "bulk" if name in tables else "absent"] for name in files.split()]
    lines += [["source.systemName", "Tongke"], ["source.systemCode", "tongke"]]
    return _csv(lines)


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    """No byte-order mark, and no quoting of formulas: rosters are read by programs, cell by cell."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue().encode()
