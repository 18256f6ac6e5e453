"""What each address is asked with: right in everything, so that only who asks can be wrong."""

from collections.abc import Callable
from typing import Any

from tests.makers import PASSWORD
from tests.rights.acting import PHOTO
from tests.rights.board_bodies import BOARDS
from tests.rights.objects import CHAT, PEOPLE_CSV
from tests.rights.reading_bodies import READING
from tests.rights.world import World

Parts = dict[str, Any]
Body = Callable[[World], Parts]

SDP = {"content": "v=0\r\n", "headers": {"content-type": "application/sdp"}}
FRAGMENT = {
    "content": "a=ice-ufrag:x\r\n",
    "headers": {"content-type": "application/trickle-ice-sdpfrag", "if-match": '"e"'},
}
TUS = {"tus-resumable": "1.0.0"}
NOTHING: Parts = {
    "content": "",
    "headers": {**TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream"},
}
LESSON = {
    "title": "圆的周长",
    "subject": "数学",
    "grade": "六年级",
    "planned_start": "2030-01-07T08:00:00+08:00",
}
COURSE = {"title": "古诗三首", "subject": "语文", "grade": "三年级"}
GROUP = {"kind": "planning_group", "name": "三年级语文备课组", "subject": "语文"}
ACTIVITY = {
    "kind": "lesson_refining",
    "title": "《山行》磨课",
    "starts_at": "2030-01-07T14:30:00+08:00",
    "ends_at": "2030-01-07T16:00:00+08:00",
}
ACTIVITY_FORM = {
    "kind": "lesson_refining",
    "title": "《山行》磨课",
    "day": "2030-01-07",
    "from": "14:30",
    "to": "16:00",
}
NEW = "桃李不言 下自成蹊"
DAY = "2030-01-07"
REASON = {"reason": "网络改造"}


def js(**fields: Any) -> Body:
    return lambda world: {"json": fields}


def form(**fields: Any) -> Body:
    return lambda world: {"data": fields}


def of_world(kind: str, make: Callable[[World], dict[str, Any]]) -> Body:
    return lambda world: {kind: make(world)}


def _credentials(world: World) -> dict[str, Any]:
    return {"username": world.owner.username, "password": PASSWORD}


def _upload(world: World) -> Parts:
    return {
        "data": {"school": world.code("own")},
        "files": {"file": ("people.csv", PEOPLE_CSV, "text/csv")},
    }


def _proposal(world: World) -> dict[str, Any]:
    return {
        "kind": "paired",
        "lead_id": world.school("own"),
        "partner_ids": [world.school("unrelated")],
        "starts_on": DAY,
    }


def _proposal_form(world: World) -> dict[str, Any]:
    return {
        "go": "propose",
        "step": "2",
        "kind": "paired",
        "lead": world.school("own"),
        "partner": world.school("unrelated"),
        "starts_on": DAY,
    }


def _chat(world: World) -> dict[str, Any]:
    return {"organisation_id": world.school("own"), "label": "数学组", "address": CHAT}


def _person(world: World) -> dict[str, Any]:
    post = {"role": "local_teacher", "organisation_id": world.school("own")}
    return {"name": "新同事", "phone": "13911112222", "post": post}


def _person_form(world: World) -> dict[str, Any]:
    place = f"o:{world.school('own')}"
    return {"name": "新同事", "phone": "13911112222", "role": "local_teacher", "place": place}


def _organisation(world: World) -> dict[str, Any]:
    return {"code": "NEW1", "name": "新学校", "region_id": world.ids["region_id"]}


def _year(world: World) -> dict[str, Any]:
    days = {"starts_on": "2031-09-01", "ends_on": "2032-08-31"}
    return {"name": "2031–2032", **days, "region_id": world.ids["region_id"]}


def _invitation(world: World) -> dict[str, Any]:
    return {"name": "李老师", "role": "local_teacher", "organisation_id": world.school("own")}


def _invited(world: World) -> dict[str, Any]:
    return {
        "display_name": world.ids["invited_name"],
        "sign_in_name": world.ids["invited_number"],
        "role": "observer",
    }


def _owed(world: World) -> dict[str, Any]:
    return {"item": "教案第二版", "person_id": world.ids["person_id"], "due_on": DAY}


_SETTINGS = {"quiet_from": "21:00", "quiet_until": "07:00", "digest_at": "18:00", "choices": []}

BODIES: dict[str, Body] = (
    {
        "POST /api/sessions": of_world("json", _credentials),
        "POST /login": of_world("data", _credentials),
        "POST /login/sms": of_world("data", lambda w: {"phone": w.owner.username}),
        "POST /login/sms/code": form(ticket="t", code="000000"),
        "POST /login/second": form(ticket="t", code="000000"),
        "POST /reset": form(name="13900000000", code="AAAA-AAAA", password=NEW),
        "POST /reset/sms": form(phone="13900000000"),
        "POST /join/{token}": form(display_name="王老师", username="13922223333", password=NEW),
        "PATCH /api/me": js(language="en"),
        "PUT /api/me/password": js(old=PASSWORD, new=NEW),
        "PUT /api/me/acting-for": of_world("json", lambda w: {"organisation_id": w.school("own")}),
        "POST /api/me/tokens": js(label="another", scopes=["read"]),
        "POST /me": form(display_name="某人", language="en"),
        "POST /me/password": form(old=PASSWORD, new=NEW),
        "POST /me/acting-for": of_world("data", lambda w: {"organisation_id": w.school("own")}),
        "POST /me/tokens": form(label="another", scope="read"),
        "POST /me/second/confirm": form(code="000000"),
        "POST /me/second/off": form(code="000000"),
        # Textbooks
        "POST /api/textbooks": of_world(
            "json",
            lambda w: {"parent_id": w.ids["empty_volume"], "kind": "unit", "name": "第一单元"},
        ),
        "GET /api/textbooks/resolve": lambda w: {"query": "?subject=%E8%AF%AD%E6%96%87"},
        "PATCH /api/textbooks/{node_id}": js(name="第一单元 校园"),
        "PUT /api/textbooks/{node_id}/contents": js(text="第一单元 有理数"),
        "POST /textbooks/{node_id}/contents": form(text="第一单元 有理数"),
        "POST /api/textbooks/{node_id}/points": js(name="有理数"),
        "POST /textbooks/{node_id}/points": form(name="有理数"),
        "PUT /api/classes/{class_id}/textbooks": of_world(
            "json", lambda w: {"volume_id": w.ids["volume"]}
        ),
        "POST /textbooks/{node_id}/class": of_world("data", lambda w: {"class": w.ids["class_id"]}),
        # Notices
        "POST /api/notices/read": of_world("json", lambda w: {"until": w.ids["notice_id"]}),
        "PUT /api/notices/settings": js(**_SETTINGS),
        "PATCH /api/notices/{notice_id}": js(read=True),
        "POST /me/notices/read": of_world("data", lambda w: {"until": w.ids["notice_id"]}),
        "POST /me/notices/settings": form(quiet_from="21:00"),
        "POST /me/notices/{notice_id}": form(what="read"),
        "POST /api/notices/chats": of_world("json", _chat),
        "POST /admin/chats": of_world(
            "data",
            lambda w: {"school": w.code("own"), "label": "数学组", "address": CHAT},
        ),
        # Lessons
        "POST /api/lessons ~for-oneself": js(**LESSON),
        "POST /api/lessons ~for-another": of_world(
            "json", lambda w: {**LESSON, "teacher_id": str(w.owner.id)}
        ),
        "POST /api/lessons/{lesson_id}/rooms": of_world(
            "json", lambda w: {"room_ids": [w.ids["room_id"]]}
        ),
        "PUT /api/lessons/{lesson_id}/teacher": of_world(
            "json", lambda w: {"teacher_id": w.ids["person_id"]}
        ),
        "POST /admin/lessons/{lesson_id}/teacher": of_world(
            "data", lambda w: {"teacher": w.ids["person_id"]}
        ),
        "POST /api/lessons/{lesson_id}/tokens": js(act="watch"),
        "PATCH /api/lessons/{lesson_id}": js(title="圆的周长"),
        # Courses
        "POST /api/courses": of_world("json", lambda w: {**COURSE, "school_id": w.school("own")}),
        "PATCH /api/courses/{course_id}": js(title="古诗", version=3),
        "POST /api/courses/{course_id}/units": js(title="第二单元"),
        "PUT /api/courses/{course_id}/units/order": of_world(
            "json", lambda w: {"ids": [w.ids["unit_id"]]}
        ),
        "PATCH /api/courses/{course_id}/units/{unit_id}": js(title="第二单元"),
        "PUT /api/courses/{course_id}/teachers/{person_id}": js(part="co"),
        "PUT /api/courses/{course_id}/cover": lambda _: {
            "files": {"file": ("cover.png", PHOTO, "image/png")}
        },
        "PUT /api/courses/{course_id}/lessons/order": of_world(
            "json", lambda w: {"ids": [w.ids["course_lesson"]]}
        ),
        "POST /api/courses/{course_id}/lessons": of_world(
            "json", lambda w: {"lesson_id": w.ids["lesson_id"]}
        ),
        "POST /api/approvals/{approval_id}/refuse": js(**REASON),
        "POST /courses/new": form(title="古诗三首", subject="语文", grade="三年级"),
        "POST /courses/{course_id}/follow": of_world(
            "data", lambda w: {"class": w.ids["class_id"]}
        ),
        "POST /courses/{course_id}/unfollow": of_world(
            "data", lambda w: {"class": w.ids["class_id"]}
        ),
        "POST /courses/{course_id}/links": of_world("data", lambda w: {"class": w.ids["class_id"]}),
        "POST /courses/{course_id}/edit/words": form(title="古诗"),
        "POST /courses/{course_id}/edit/teachers": of_world(
            "data", lambda w: {"act": "co", "person": w.ids["person_id"]}
        ),
        "POST /courses/{course_id}/edit/cover": lambda w: {
            "data": {"act": "put"},
            "files": {"file": ("cover.png", PHOTO, "image/png")},
        },
        "POST /courses/{course_id}/edit/book": form(book=""),
        "POST /courses/{course_id}/edit/materials": form(act="link", url="https://example.org/"),
        "POST /courses/{course_id}/units": form(title="第二单元"),
        "POST /courses/{course_id}/lessons": form(title="夜书所见"),
        "POST /courses/{course_id}/state": form(act="withdraw"),
        "POST /shelf/links": of_world("data", lambda w: {"class": w.ids["class_id"]}),
        "POST /lessons/{lesson_id}/links": of_world("data", lambda w: {"class": w.ids["class_id"]}),
        "POST /lessons/{lesson_id}/edit": form(title="山行"),
        "POST /lessons/{lesson_id}/edit/materials": form(act="link", url="https://example.org/"),
        "POST /admin/approvals/{approval_id}/refuse": form(**REASON),
        "POST /api/class-links": of_world("json", lambda w: {"class_id": w.ids["class_id"]}),
        "POST /api/packages": of_world(
            "json",
            lambda w: {"upload_id": w.ids["sent_upload"], "school_id": w.school("own")},
        ),
        "POST /api/uploads": lambda w: {"headers": {**TUS, "upload-length": "5"}},
        "PATCH /api/uploads/{upload_id}": lambda w: NOTHING,
        "POST /api/uploads/{upload_id}": lambda w: {
            **NOTHING,
            "headers": {**NOTHING["headers"], "x-http-method-override": "PATCH"},
        },
        "DELETE /api/uploads/{upload_id}": lambda w: {"headers": TUS},
        "POST /api/lessons/{lesson_id}/materials": js(url="https://example.org/"),
        "POST /api/courses/{course_id}/materials": js(url="https://example.org/"),
        "PATCH /api/materials/{material_id}": js(title="学习单"),
        "POST /api/materials/{material_id}/versions": of_world(
            "json", lambda w: {"upload_id": w.ids["sent_upload"]}
        ),
        "POST /live/{lesson}/whip": lambda w: SDP,
        "POST /live/{lesson}/whep": lambda w: SDP,
        "PATCH /live/{lesson}/whip/{session}": lambda w: FRAGMENT,
        "PATCH /live/{lesson}/whep/{session}": lambda w: FRAGMENT,
        # Organisations, years, classes
        "POST /api/regions": of_world(
            "json", lambda w: {"code": "NEW", "name": "新乡", "parent_id": w.ids["region_id"]}
        ),
        "PATCH /api/regions/{region_id}": js(name="云县"),
        "POST /admin/regions": of_world(
            "data", lambda w: {"code": "NEW", "name": "新乡", "parent_id": w.ids["region_id"]}
        ),
        "POST /admin/regions/{region_id}": form(name="云县"),
        "POST /api/organisations": of_world("json", _organisation),
        "PATCH /api/organisations/{organisation_id}": js(name="云县小学"),
        "POST /api/organisations/{organisation_id}/close": js(reason="撤并"),
        "POST /api/organisations/{organisation_id}/merge": of_world(
            "json", lambda w: {"into_id": w.school("partner")}
        ),
        "POST /admin/organisations": of_world("data", _organisation),
        "POST /admin/organisations/{organisation_id}/edit": form(name="云县小学"),
        "POST /admin/organisations/{organisation_id}/close": form(reason="撤并"),
        "POST /admin/organisations/{organisation_id}/merge": of_world(
            "data", lambda w: {"into": w.code("partner")}
        ),
        "POST /api/years": of_world("json", _year),
        "PATCH /api/years/{year_id}": js(
            name="新学年", starts_on="2031-09-02", ends_on="2032-08-30"
        ),
        "POST /admin/years": of_world("data", _year),
        "POST /admin/years/{year_id}": form(
            name="新学年", starts_on="2031-09-02", ends_on="2032-08-30"
        ),
        "POST /api/organisations/{organisation_id}/classes": js(grade=4, name="2班", size=40),
        "PATCH /api/classes/{class_id}": js(name="三年级一班", size=42),
        "POST /api/classes/{class_id}/pupils": js(pupils=[{"name": "小刚"}]),
        "POST /admin/classes": of_world(
            "data", lambda w: {"grade": "4", "name": "2班", "size": "40", "school": w.code("own")}
        ),
        "POST /admin/classes/{class_id}/edit": form(name="三年级一班", size="42"),
        "POST /admin/classes/{class_id}/pupils": form(names="小刚"),
        # Consent
        "POST /admin/consent/classes/{class_id}/ask": of_world(
            "data", lambda w: {"id": w.ids["pupil_id"], "purpose": "recording"}
        ),
        "POST /admin/consent/pupils/{pupil_id}/paper": lambda w: {
            "data": {"guardian": "李梅", "relation": "mother", "purpose": "recording"},
            "files": {"file": ("form.png", PHOTO, "image/png")},
        },
        "POST /admin/consent/pupils/{pupil_id}/withdraw": form(purpose="recording"),
        "POST /consent/{token}": form(guardian="李梅", relation="mother", agreed="recording"),
        "POST /consent/receipt/{token}/withdraw": form(purpose="recording"),
        # People and their posts
        "GET /api/people": lambda w: {"query": "?q=" + w.ids["colleague"]},
        "GET /admin/people": lambda w: {"query": "?q=" + w.ids["colleague"]},
        "POST /api/people": of_world("json", _person),
        "PATCH /api/people/{person_id}": js(name="郝老师"),
        "POST /api/people/{person_id}/names": js(value="hao2@school.example"),
        "POST /api/people/{person_id}/posts": of_world(
            "json", lambda w: {"role": "volunteer", "organisation_id": w.school("own")}
        ),
        "POST /api/posts/{post_id}/end": js(),
        "POST /api/posts/{post_id}/transfer": of_world(
            "json", lambda w: {"organisation_id": w.school("partner"), "day": DAY}
        ),
        "POST /api/posts/end": of_world("json", lambda w: {"ids": [w.ids["post_id"]]}),
        "POST /admin/people": of_world("data", _person_form),
        "POST /admin/people/end": of_world("data", lambda w: {"id": w.ids["person_id"]}),
        "POST /admin/people/move": of_world(
            "data", lambda w: {"id": w.ids["person_id"], "to": w.code("partner"), "day": DAY}
        ),
        "POST /admin/people/{person_id}/edit": form(name="郝老师"),
        "POST /admin/people/{person_id}/data": form(reason="本人申请"),
        "POST /admin/people/{person_id}/erasure": form(reason="本人申请"),
        "POST /admin/people/{person_id}/names": form(value="hao2@school.example"),
        "POST /admin/people/{person_id}/posts": of_world(
            "data", lambda w: {"role": "volunteer", "place": f"o:{w.school('own')}"}
        ),
        "POST /admin/posts/{post_id}/transfer": of_world(
            "data", lambda w: {"to": w.code("partner"), "day": DAY}
        ),
        "POST /api/invitations": of_world("json", _invitation),
        "POST /admin/invitations": of_world("data", _invitation),
        "POST /api/imports": _upload,
        "POST /admin/import": _upload,
        "POST /admin/import/export": of_world("data", lambda w: {"school": w.code("own")}),
        "POST /api/imports/{key}/confirm": js(),
        # Rooms and their PCs
        "POST /api/organisations/{organisation_id}/rooms": js(name="音乐教室", class_size=40),
        "PATCH /api/rooms/{room_id}": js(name="音乐教室"),
        "POST /api/rooms/revoke": of_world("json", lambda w: {"ids": [w.ids["room_id"]]}),
        "POST /admin/rooms": of_world(
            "data", lambda w: {"name": "音乐教室", "class_size": "40", "school": w.code("own")}
        ),
        "POST /admin/rooms/revoke": of_world("data", lambda w: {"id": w.ids["room_id"]}),
        "POST /admin/rooms/{room_id}/edit": form(name="音乐教室", class_size="40"),
        "POST /api/device-approvals": of_world(
            "json", lambda w: {"code": w.ids["code"], "room_id": w.ids["room_id"]}
        ),
        "POST /admin/devices": of_world("data", lambda w: {"code": w.ids["code"]}),
        "POST /admin/devices/approve": of_world(
            "data", lambda w: {"code": w.ids["code"], "room": w.ids["room_id"]}
        ),
        # Groups and their activities
        "POST /api/groups": of_world(
            "json", lambda w: {**GROUP, "organisation_id": w.school("own")}
        ),
        "PATCH /api/groups/{group_id}": js(about="每周三集体备课"),
        "POST /api/groups/{group_id}/requests": js(note="青山小学三年级"),
        "POST /api/groups/{group_id}/invitations": of_world("json", _invited),
        "POST /api/groups/{group_id}/joinings/{joining_id}": js(accept=True),
        "PATCH /api/groups/{group_id}/members/{person_id}": js(role="lead_planner"),
        "POST /api/groups/{group_id}/head": of_world(
            "json", lambda w: {"person_id": w.ids["person_id"]}
        ),
        "POST /api/groups/{group_id}/activities": js(**ACTIVITY),
        "PUT /api/activities/{activity_id}": js(**ACTIVITY, version=1),
        "POST /api/activities/{activity_id}/cancel": js(**REASON),
        "PUT /api/activities/{activity_id}/minutes": js(text="定了第二版教案", version=1),
        "POST /api/activities/{activity_id}/dues": of_world("json", _owed),
        "PATCH /api/activities/{activity_id}/dues/{due_id}": js(done=True),
        "POST /api/groups/{group_id}/files": of_world(
            "json", lambda w: {"upload_id": w.ids["sent_upload"], "name": "评课表.vtt"}
        ),
        "POST /groups/{group_id}/files": of_world(
            "data", lambda w: {"act": "remove", "file": w.ids["file_id"]}
        ),
        "POST /groups/new": of_world("data", lambda w: {**GROUP, "home": f"o:{w.school('own')}"}),
        "POST /groups/{group_id}/edit": form(about="每周三集体备课"),
        "POST /groups/{group_id}/ask": form(note="青山小学三年级"),
        "POST /groups/{group_id}/answer": of_world(
            "data", lambda w: {"act": "yes", "joining": w.ids["own_invitation"]}
        ),
        "POST /groups/{group_id}/head": of_world("data", lambda w: {"person": w.ids["person_id"]}),
        "POST /groups/{group_id}/calendar": form(act="make"),
        "POST /groups/{group_id}/people": of_world(
            "data", lambda w: {"act": "invite", **_invited(w)}
        ),
        "POST /groups/{group_id}/activities/new": form(**ACTIVITY_FORM),
        "POST /activities/{activity_id}/edit": form(**ACTIVITY_FORM, version="1"),
        "POST /activities/{activity_id}": of_world("data", lambda w: {"act": "owe", **_owed(w)}),
        # Partnerships
        "POST /api/partnerships": of_world("json", _proposal),
        "GET /api/partnerships/schools": lambda w: {"query": "?q=" + w.code("own")},
        "POST /admin/partnerships/new": of_world("data", _proposal_form),
        "POST /admin/partnerships/{partnership_id}/{act}": form(**REASON),
    }
    | {
        f"POST /api/partnerships/{{partnership_id}}/{act}": js(**REASON)
        for act in ("accept", "decline", "withdraw", "pause", "resume", "end")
    }
    | BOARDS
    | READING
)
