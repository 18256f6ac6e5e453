/** WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) are the same exchange: offer up, answer down. */

import { problemOf } from "../lib/problem";

/** H.264 and its retransmissions first and only: it is what every classroom can play. */
export function preferH264(transceiver: RTCRtpTransceiver, capabilities: RTCRtpCapabilities | null): boolean {
  const codecs = capabilities?.codecs ?? [];
  const h264 = codecs.filter((codec) => codec.mimeType.toLowerCase() === "video/h264");
  if (h264.length === 0) return false;
  const rtx = codecs.filter((codec) => codec.mimeType.toLowerCase() === "video/rtx");
  const packetised = (codec: { sdpFmtpLine?: string }) =>
    codec.sdpFmtpLine?.includes("packetization-mode=1") ? 0 : 1;
  h264.sort((a, b) => packetised(a) - packetised(b));
  transceiver.setCodecPreferences([...h264, ...rtx]);
  return true;
}

/**
 * Exchange descriptions with the server; the address of the session made. The offer goes without
 * candidates: the server is ICE-lite and learns ours from the checks. Throws Problem when refused.
 */
export async function exchange(
  pc: RTCPeerConnection,
  address: string,
  token: string,
  signal: AbortSignal,
): Promise<string> {
  await pc.setLocalDescription(await pc.createOffer());
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
    body: pc.localDescription?.sdp ?? "",
    signal,
  });
  if (!response.ok) throw await problemOf(response);
  const session = new URL(response.headers.get("Location") ?? "", response.url).href;
  const sdp = await response.text();
  if (pc.signalingState === "closed") {
    leave(session, token);
    throw new DOMException("stopped", "AbortError");
  }
  await pc.setRemoteDescription({ type: "answer", sdp });
  return session;
}

/** End the session, also while the page goes away. */
export function leave(session: string, token: string): void {
  void fetch(session, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${token}` },
    keepalive: true,
  }).catch(() => undefined);
}
