/**
 * What only one tab does at a time: with Web Locks where there are some (only at secure addresses), else
 * by a lease in localStorage. A lease that two tabs get in the same moment does no harm to words: the
 * server takes each key once.
 */

export interface Hold {
  release(): void;
}

const PREFIX = "tongke.hold.";
const LASTS_MS = 8000;
const RENEW_MS = 2000;
const LOOK_AGAIN_MS = 60;

interface Lease {
  id: string;
  until: number;
}

/** Null when another tab has it. */
export async function hold(name: string): Promise<Hold | null> {
  // Typed as if it were always there.
  const locks = navigator.locks as LockManager | undefined;
  return locks ? byLock(locks, name) : byLease(PREFIX + name);
}

function byLock(locks: LockManager, name: string): Promise<Hold | null> {
  return new Promise((resolve) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => resolve({ release }));
      })
      .catch(() => resolve({ release: () => undefined }));
  });
}

async function byLease(key: string): Promise<Hold | null> {
  const id = String(Math.random());
  const nothing = { release: () => undefined };
  if (taken(key, id)) return null;
  if (!write(key, id)) return nothing;
  await new Promise((done) => setTimeout(done, LOOK_AGAIN_MS * (0.5 + Math.random())));
  if (taken(key, id)) return null;
  const timer = setInterval(() => write(key, id), RENEW_MS);
  const release = (): void => {
    clearInterval(timer);
    removeEventListener("pagehide", release);
    if (!taken(key, id)) clear(key);
  };
  addEventListener("pagehide", release);
  return { release };
}

/** By another, whose lease has not run out. A clock that was set back does not keep it for ever. */
function taken(key: string, id: string): boolean {
  try {
    const lease = JSON.parse(localStorage.getItem(key) ?? "null") as Lease | null;
    const left = lease ? lease.until - Date.now() : 0;
    return lease !== null && lease.id !== id && left > 0 && left <= LASTS_MS;
  } catch {
    return false;
  }
}

function write(key: string, id: string): boolean {
  try {
    localStorage.setItem(key, JSON.stringify({ id, until: Date.now() + LASTS_MS }));
    return true;
  } catch {
    return false;
  }
}

function clear(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // There is none.
  }
}
