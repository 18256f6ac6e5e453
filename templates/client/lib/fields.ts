/** What a form says: its fields `text` and, if it has them, `title`, `reply_to` and `anchor` (JSON). */

export interface Said {
  title: string;
  text: string;
  replyTo: string | null;
  anchor: Record<string, unknown> | null;
}

export class Fields {
  /** What the words in the form are about, whatever its field `anchor` says: as long as that still says
   * what it said when they came.
   */
  private theirs: { anchor: Said["anchor"]; field: string } | null = null;

  constructor(private readonly form: HTMLFormElement) {}

  said(): Said {
    const value = (name: string): string => this.field(name)?.value ?? "";
    return {
      title: value("title"),
      text: value("text"),
      replyTo: value("reply_to") || null,
      anchor: this.anchor(value("anchor")),
    };
  }

  private anchor(field: string): Said["anchor"] {
    return this.theirs?.field === field ? this.theirs.anchor : parsed(field);
  }

  /** `replyTo` undefined: whom the form answers stays; `anchor` undefined: what it is about is what its
   * field says. The form hears of it as `filled`, with what the words are about.
   */
  fill({ title, text, replyTo, anchor }: { title: string; text: string; replyTo?: string | null | undefined; anchor?: Said["anchor"] | undefined }): void {
    this.theirs = anchor === undefined ? null : { anchor, field: this.field("anchor")?.value ?? "" };
    const values: Record<string, string> = { title, text };
    if (replyTo !== undefined) values["reply_to"] = replyTo ?? "";
    for (const [name, value] of Object.entries(values)) {
      const field = this.field(name);
      if (field && field.value !== value) field.value = value;
    }
    this.form.dispatchEvent(new CustomEvent("filled", { detail: this.said().anchor }));
  }

  /** What is on its way stays as it is. */
  lock(locked: boolean): void {
    for (const name of ["title", "text"]) {
      const field = this.field(name);
      if (field) field.readOnly = locked;
    }
  }

  clear(): void {
    this.lock(false);
    this.form.reset();
    this.fill({ title: "", text: "", replyTo: null });
  }

  private field(name: string): HTMLInputElement | null {
    return this.form.elements.namedItem(name) as HTMLInputElement | null;
  }
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return text ? (JSON.parse(text) as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
