"""Networks as classrooms have them, seen from inside a page."""

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


async def block_udp(context: BrowserContext) -> None:
    """For pages opened afterwards; a page lets UDP through again with ``udpBlocked = false``."""
    await context.add_init_script(_NO_UDP)
