interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Changes to a source text that keep every line where it is, so that what the compiler reports points at what the author wrote.
 */
export class Edits {
  private readonly edits: Edit[] = [];
  private readonly text: string;
  private tail = '';

  constructor(text: string) {
    this.text = text;
  }

  /** Puts one line of text in place of a range. */
  replace(start: number, end: number, text: string): void {
    const lines = this.text.slice(start, end).split('\n').length - 1;
    this.edits.push({ start, end, text: text + '\n'.repeat(lines) });
  }

  insert(at: number, text: string): void {
    this.edits.push({ start: at, end: at, text });
  }

  remove(start: number, end: number): void {
    this.replace(start, end, '');
  }

  /** Adds text after the end of the file. */
  append(text: string): void {
    this.tail += `\n${text}`;
  }

  apply(): string {
    let result = '';
    let position = 0;
    for (const edit of this.edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
      result += this.text.slice(position, edit.start) + edit.text;
      position = edit.end;
    }
    return result + this.text.slice(position) + this.tail;
  }
}
