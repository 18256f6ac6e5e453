"""Networks and browsers as classrooms have them, made inside a page."""

from playwright.async_api import BrowserContext

# Every candidate of the server becomes an address of RFC 5737's documentation block: packets leave
# and nothing ever answers, as behind a firewall that drops UDP.
_NO_UDP = """
(() => {
  const take = RTCPeerConnection.prototype.setRemoteDescription;
  window.udpBlocked = true;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sdp = window.udpBlocked
      ? description.sdp.replace(/^(a=candidate:\\S+ \\d+ \\S+ \\d+) \\S+/gm, "$1 192.0.2.1")
      : description.sdp;
    return take.call(this, { type: description.type, sdp });
  };
})();
"""


# Looking into a page through the debugger counts as a gesture, so the browser's own rule cannot be
# relied on here: this is the same rule, kept until somebody really clicks.
_NO_SOUND_UNASKED = """
(() => {
  const play = HTMLMediaElement.prototype.play;
  let asked = false;
  addEventListener("click", () => { asked = true; }, true);
  HTMLMediaElement.prototype.play = function () {
    if (asked || this.muted) return play.call(this);
    this.pause();
    return Promise.reject(new DOMException("no gesture", "NotAllowedError"));
  };
})();
"""


async def play_no_sound_unasked(context: BrowserContext) -> None:
    """For pages opened afterwards: sound starts only after a click."""
    await context.add_init_script(_NO_SOUND_UNASKED)


async def block_udp(context: BrowserContext) -> None:
    """For pages opened afterwards; a page lets UDP through again with ``udpBlocked = false``."""
    await context.add_init_script(_NO_UDP)
