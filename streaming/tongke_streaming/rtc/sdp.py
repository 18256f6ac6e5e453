"""Offers read and answers written (RFC 8866, RFC 9143 bundle, RFC 8853 simulcast, RFC 9725 WHIP).

Only what a relay needs: everything is bundled on one transport, ICE is lite, the answer carries all
candidates. aiortc's SDP classes know no rids and would drop them, so this is our own.
"""

import re
from dataclasses import dataclass, field

MAX_SDP = 64 << 10
_MAX_MEDIA = 16
_FINGERPRINTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}


class BadSdp(ValueError):
    """The offer cannot be read; the sentence says where."""


@dataclass
class Codec:
    payload_type: int
    name: str
    rate: int
    channels: int = 1
    fmtp: dict[str, str] = field(default_factory=dict)
    feedback: list[str] = field(default_factory=list)
    rtx: int | None = None


@dataclass
class Media:
    """One m-section of an offer."""

    kind: str
    protocol: str
    port: int
    formats: list[str]
    mid: str = ""
    direction: str = "sendrecv"
    rtcp_mux: bool = False
    codecs: dict[int, Codec] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    send_rids: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> bool:
        """Port 0 refuses a section, unless it is bundled with another (RFC 9143 §6)."""
        return self.port != 0 or "bundle-only" in self.attributes


@dataclass
class Offer:
    media: list[Media]
    ufrag: str
    password: str
    fingerprint: tuple[str, str]
    setup: str


_RTPMAP = re.compile(r"(\d{1,3}) ([^/ ]{1,40})/(\d{1,6})(?:/(\d{1,2}))?$")
_EXTMAP = re.compile(r"(\d{1,3})(?:/\w+)? (\S{1,200})")
_TOKEN = re.compile(r"[A-Za-z0-9+/_.\-]{1,256}$")


def _lines(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_SDP:
        raise BadSdp("the offer is larger than 64 KiB")
    lines = []
    for line in text.splitlines():
        if not line:
            continue
        if len(line) < 2 or line[1] != "=":
            raise BadSdp("a line of the offer is not of the form x=…")
        lines.append((line[0], line[2:].strip()))
    if not lines or lines[0] != ("v", "0"):
        raise BadSdp("the offer does not begin with v=0")
    return lines


def _media_line(value: str) -> Media:
    parts = value.split()
    if len(parts) < 4 or not parts[1].split("/")[0].isdecimal():
        raise BadSdp("an m= line is malformed")
    return Media(parts[0], parts[2], int(parts[1].split("/")[0][:6]), parts[3:])


def _codec(media: Media, number: str) -> Codec | None:
    return media.codecs.get(int(number)) if number.isdecimal() and len(number) < 4 else None


def _fmtp(media: Media, value: str) -> None:
    number, _, rest = value.partition(" ")
    codec = _codec(media, number)
    if codec is None:
        return
    for item in rest.split(";"):
        key, _, content = item.strip().partition("=")
        if key:
            codec.fmtp[key.lower()] = content


def _attribute(media: Media, name: str, value: str) -> None:
    if name == "rtpmap" and (found := _RTPMAP.match(value)):
        number, codec, rate, channels = found.groups()
        if int(number) < 128:
            media.codecs[int(number)] = Codec(
                int(number), codec.lower(), int(rate), int(channels or 1)
            )
    elif name == "fmtp":
        _fmtp(media, value)
    elif name == "rtcp-fb":
        number, _, kind = value.partition(" ")
        for codec_ in media.codecs.values():
            if number in ("*", str(codec_.payload_type)):
                codec_.feedback.append(kind)
    elif name == "extmap" and (found := _EXTMAP.match(value)):
        if 1 <= int(found[1]) <= 14:
            media.extensions[found[2]] = int(found[1])
    elif name == "rid":
        rid, _, direction = value.partition(" ")
        if direction.startswith("send") and re.match(r"[A-Za-z0-9]{1,16}$", rid):
            media.send_rids.append(rid)
    elif name in ("sendrecv", "sendonly", "recvonly", "inactive"):
        media.direction = name
    elif name == "mid":
        if not _TOKEN.match(value):
            raise BadSdp("a mid is malformed")
        media.mid = value
    elif name == "rtcp-mux":
        media.rtcp_mux = True
    else:
        media.attributes.setdefault(name, value)


def _link_rtx(media: Media) -> None:
    for codec in media.codecs.values():
        target = _codec(media, codec.fmtp.get("apt", "")) if codec.name == "rtx" else None
        if target is not None:
            target.rtx = codec.payload_type


def _fingerprint(value: str) -> tuple[str, str]:
    algorithm, _, digest = value.partition(" ")
    algorithm, digest = algorithm.lower(), digest.strip().upper()
    size = _FINGERPRINTS.get(algorithm)
    if size is None or not re.match(rf"[0-9A-F]{{2}}(:[0-9A-F]{{2}}){{{size - 1}}}$", digest):
        raise BadSdp("a=fingerprint is missing, malformed or of an algorithm older than SHA-256")
    return algorithm, digest


def parse_offer(text: str) -> Offer:
    """Read an offer. Raises BadSdp."""
    session: dict[str, str] = {}
    media: list[Media] = []
    for kind, value in _lines(text):
        if kind == "m":
            media.append(_media_line(value))
            if len(media) > _MAX_MEDIA:
                raise BadSdp("more than 16 m-sections")
        elif kind == "a":
            name, _, content = value.partition(":")
            if media:
                _attribute(media[-1], name, content)
            else:
                session.setdefault(name, content)
    if not media:
        raise BadSdp("the offer has no m-section")
    for section in media:
        _link_rtx(section)
    attributes = session | next((m.attributes for m in media if m.port or m.mid), {})
    ufrag, password = attributes.get("ice-ufrag", ""), attributes.get("ice-pwd", "")
    if not (4 <= len(ufrag) <= 256 and _TOKEN.match(ufrag)):
        raise BadSdp("a=ice-ufrag is missing or malformed")
    if not (22 <= len(password) <= 256 and _TOKEN.match(password)):
        raise BadSdp("a=ice-pwd is missing or malformed")
    setup = attributes.get("setup", "actpass")
    if setup not in ("actpass", "active", "passive"):
        raise BadSdp("a=setup is none of actpass, active, passive")
    return Offer(media, ufrag, password, _fingerprint(attributes.get("fingerprint", "")), setup)


def choose_h264(media: Media, profile: str = "42") -> Codec | None:
    """The H.264 we take: packetization-mode 1, the wanted profile_idc first, else as offered."""
    offered = [
        c
        for c in media.codecs.values()
        if c.name == "h264" and c.rate == 90000 and c.fmtp.get("packetization-mode", "0") == "1"
    ]
    constrained = [
        c for c in offered if c.fmtp.get("profile-level-id", "").lower().startswith("42e0")
    ]
    wanted = [c for c in offered if c.fmtp.get("profile-level-id", "").lower().startswith(profile)]
    return next(iter((constrained if profile == "42" else []) + wanted + offered), None)


def choose_opus(media: Media) -> Codec | None:
    return next((c for c in media.codecs.values() if c.name == "opus" and c.rate == 48000), None)


@dataclass
class Section:
    """One m-section of our answer. ``codec`` None rejects it."""

    media: Media
    codec: Codec | None
    direction: str = "inactive"
    extensions: dict[str, int] = field(default_factory=dict)
    feedback: list[str] = field(default_factory=list)
    rids: list[str] = field(default_factory=list)
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    track: str = ""


@dataclass(frozen=True)
class Local:
    """Our side of the transport, the same in every section."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: tuple[tuple[str, int], ...]
    cname: str


def candidate(entry: str, port: int) -> tuple[str, int]:
    """``host`` or, behind a router that maps ports, ``host:port``."""
    host, colon, mapped = entry.rpartition(":")
    return (host, int(mapped)) if colon and mapped.isdecimal() else (entry, port)


def _candidates(local: Local) -> list[str]:
    lines = []
    for number, (host, port) in enumerate(local.candidates):
        priority = (126 << 24) | ((65535 - number) << 8) | 255
        lines.append(f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host")
    return [*lines, "a=end-of-candidates"]


def _codec_lines(section: Section) -> list[str]:
    codec = section.codec
    assert codec is not None
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    name = {"h264": "H264"}.get(codec.name, codec.name)
    number = codec.payload_type
    lines = [f"a=rtpmap:{number} {name}/{codec.rate}{channels}"]
    if codec.fmtp:
        # sprop-parameter-sets are the sender's own and have no place in an answer.
        fmtp = ";".join(f"{k}={v}" for k, v in codec.fmtp.items() if not k.startswith("sprop"))
        if fmtp:
            lines.append(f"a=fmtp:{number} {fmtp}")
    lines += [f"a=rtcp-fb:{number} {kind}" for kind in section.feedback]
    if codec.rtx is not None:
        lines += [f"a=rtpmap:{codec.rtx} rtx/{codec.rate}", f"a=fmtp:{codec.rtx} apt={number}"]
    return lines


def _ssrc_lines(section: Section, cname: str) -> list[str]:
    if section.ssrc is None:
        return []
    lines = [f"a=msid:tongke {section.track}"]
    ssrcs = [section.ssrc]
    if section.rtx_ssrc is not None:
        ssrcs.append(section.rtx_ssrc)
        lines.append(f"a=ssrc-group:FID {section.ssrc} {section.rtx_ssrc}")
    for ssrc in ssrcs:
        lines += [f"a=ssrc:{ssrc} cname:{cname}", f"a=ssrc:{ssrc} msid:tongke {section.track}"]
    return lines


def _section_lines(section: Section, local: Local) -> list[str]:
    media, codec = section.media, section.codec
    if codec is None:
        first = media.formats[0] if media.formats else "0"
        lines = [f"m={media.kind} 0 {media.protocol} {first}", "c=IN IP4 0.0.0.0", "a=inactive"]
        return [*lines, f"a=mid:{media.mid}"] if media.mid else lines
    numbers = [codec.payload_type, *([codec.rtx] if codec.rtx is not None else [])]
    lines = [
        f"m={media.kind} 9 {media.protocol} {' '.join(map(str, numbers))}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        *([f"a=mid:{media.mid}"] if media.mid else []),
        f"a={section.direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{local.setup}",
        *_candidates(local),
        *_codec_lines(section),
        *(f"a=extmap:{number} {uri}" for uri, number in section.extensions.items()),
    ]
    if section.rids:
        lines += [f"a=rid:{rid} recv" for rid in section.rids]
        lines.append("a=simulcast:recv " + ";".join(section.rids))
    return lines + _ssrc_lines(section, local.cname)


def write_answer(session_id: int, sections: list[Section], local: Local) -> str:
    """The answer's text; sections in the offer's order, rejected ones with port 0."""
    bundled = " ".join(s.media.mid for s in sections if s.codec is not None and s.media.mid)
    lines = [
        "v=0",
        f"o=- {session_id} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        *([f"a=group:BUNDLE {bundled}"] if bundled else []),
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]
    for section in sections:
        lines += _section_lines(section, local)
    return "\r\n".join(lines) + "\r\n"


def write_fragment(mids: list[tuple[str, str]], local: Local) -> str:
    """New credentials and all candidates as a trickle-ice-sdpfrag (RFC 8840 §9, RFC 9725 §4.3.2).

    ``mids`` are the offer's (kind, mid); everything is bundled on the first.
    """
    kind, mid = mids[0]
    lines = [
        "a=ice-lite",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"m={kind} 9 UDP/TLS/RTP/SAVPF 0",
        *([f"a=mid:{mid}"] if mid else []),
        *_candidates(local),
    ]
    return "\r\n".join(lines) + "\r\n"


def parse_fragment(text: str) -> tuple[str, str] | None:
    """ICE credentials of a trickle-ice-sdpfrag (RFC 8840 §9), None if it has none. Raises BadSdp.

    Candidates are read past: ours is the controlled, lite side and learns addresses from checks.
    """
    if len(text) > MAX_SDP:
        raise BadSdp("the fragment is larger than 64 KiB")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line and not re.match(r"(a=[a-z\-]+(:.*)?|m=.*)$", line):
            raise BadSdp("a line of the fragment is neither a= nor m=")
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            found.setdefault(name, value.strip())
    if not found:
        raise BadSdp("the fragment has no attribute")
    if "ice-ufrag" not in found or "ice-pwd" not in found:
        return None
    if not (_TOKEN.match(found["ice-ufrag"]) and len(found["ice-pwd"]) >= 22):
        raise BadSdp("the fragment's ICE credentials are malformed")
    return found["ice-ufrag"], found["ice-pwd"]
