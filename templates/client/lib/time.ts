import { _, ngettext } from "./page";

/** 12:05 or 1:02:03 of seconds. */
export function timecode(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 45 minutes, 1 h 5 min, 20 seconds. */
export function lengthWords(seconds: number): string {
  if (seconds < 60) return ngettext("%(num)s second", "%(num)s seconds", Math.round(seconds));
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return ngettext("%(num)s minute", "%(num)s minutes", minutes);
  return _("%(hours)s h %(minutes)s min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
