/**
 * Words on this computer, until the server has them: in IndexedDB, or in localStorage where that does
 * not take them. Whoever asks is told whether they were really kept.
 */

export interface Words {
  /** The key they will be sent with, made once: the server takes the same key once. */
  sentAs: string;
  /** Whose they are: on a shared computer nobody sends the words of somebody else. */
  person: string;
  groupId: string;
  topicId: string | null;
  /** The address they are sent to. */
  sendTo: string;
  title: string;
  text: string;
  anchor: Record<string, unknown> | null;
  replyTo: string | null;
  /** Further members of what is sent. */
  more: Record<string, unknown>;
  /** Counts changes: no clock of any computer is asked what is newer. */
  edit: number;
  /** The `edit` that the server has, and the version of its draft that these words go on from. */
  kept: number;
  version: number | null;
  /** Marks of what was sent to be kept since and may have arrived without an answer. */
  tried: string[];
  /** `waiting`: to be sent. `gone`: the draft on the server is to be taken out. */
  state: "draft" | "waiting" | "gone";
  /** Why they could not be sent, in the person's words. */
  why: string;
}

const DATABASE = "tongke";
const STORE = "words";
const PREFIX = "tongke.words.";
const OPEN_WITHIN_MS = 3000;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("refused"));
  });
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "sentAs" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("refused"));
    setTimeout(() => reject(new Error("no answer")), OPEN_WITHIN_MS);
  });
}

export class Shelf {
  private database: Promise<IDBDatabase> | null = null;
  private line: Promise<unknown> = Promise.resolve();

  /** Whether they are on this computer now. */
  put(words: Words): Promise<boolean> {
    const copy = { ...words };
    return this.inLine(async () => {
      try {
        await this.write((store) => store.put(copy));
      } catch {
        return this.putNow(copy);
      }
      forget(copy.sentAs);
      return true;
    });
  }

  /** At once, for a page that is being closed. */
  putNow(words: Words): boolean {
    try {
      localStorage.setItem(PREFIX + words.sentAs, JSON.stringify(words));
      return true;
    } catch {
      return false;
    }
  }

  remove(sentAs: string): Promise<void> {
    return this.inLine(async () => {
      forget(sentAs);
      await this.write((store) => store.delete(sentAs)).catch(() => undefined);
    });
  }

  /** Of one person; what was changed last first. */
  all(person: string): Promise<Words[]> {
    return this.inLine(async () => {
      const found = new Map<string, Words>();
      const there = await this.read().catch(() => [] as Words[]);
      for (const words of [...there, ...inLocalStorage()]) {
        const other = found.get(words.sentAs);
        if (!other || other.edit < words.edit) found.set(words.sentAs, words);
      }
      return [...found.values()].filter((one) => one.person === person).sort((a, b) => b.edit - a.edit);
    });
  }

  /** One after another: what is taken off the shelf is not put back by an older word. */
  private inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = this.line.then(work, work);
    this.line = done.catch(() => undefined);
    return done;
  }

  private async open(): Promise<IDBDatabase> {
    this.database ??= opened();
    try {
      const database = await this.database;
      database.onclose = database.onversionchange = () => {
        database.close();
        this.database = null;
      };
      return database;
    } catch (error) {
      this.database = null;
      throw error;
    }
  }

  private async write(act: (store: IDBObjectStore) => IDBRequest): Promise<void> {
    const transaction = (await this.open()).transaction(STORE, "readwrite");
    const done = new Promise<void>((resolve, reject) => {
      // Only a transaction that is complete has left something.
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("refused"));
    });
    done.catch(() => undefined);
    act(transaction.objectStore(STORE));
    await done;
  }

  private async read(): Promise<Words[]> {
    const store = (await this.open()).transaction(STORE, "readonly").objectStore(STORE);
    return settled(store.getAll() as IDBRequest<Words[]>);
  }
}

function forget(sentAs: string): void {
  try {
    localStorage.removeItem(PREFIX + sentAs);
  } catch {
    // There is none.
  }
}

function inLocalStorage(): Words[] {
  const found: Words[] = [];
  try {
    for (let place = 0; place < localStorage.length; place++) {
      const key = localStorage.key(place) ?? "";
      if (key.startsWith(PREFIX)) found.push(JSON.parse(localStorage.getItem(key) ?? "") as Words);
    }
  } catch {
    // There is none, or something else wrote into it.
  }
  return found;
}
