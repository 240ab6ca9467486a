import type { TextRange } from './source-file.js';

/** What an edit puts in: text made here, or a range copied from what the author wrote. */
export type Fragment = string | TextRange;

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly fragments: readonly Fragment[];
}

/** Where in the author's text something comes from. */
export interface Origin {
  readonly offset: number;
  /** False for text made by an edit: the offset is then the place of the edit. */
  readonly isWritten: boolean;
}

/** A stretch of an edited text. */
interface Stretch extends Origin {
  /** Where it ends in the edited text. */
  readonly end: number;
  readonly length: number;
}

/** A text with edits, which knows where each character comes from. */
export class EditedText {
  readonly original: string;
  readonly text: string;
  private readonly stretches: readonly Stretch[];

  constructor(original: string, text: string, stretches: readonly Stretch[]) {
    this.original = original;
    this.text = text;
    this.stretches = stretches;
  }

  /** Where an offset in the text comes from; `undefined` for what was added behind the author's text. */
  originOf(offset: number): Origin | undefined {
    const stretch = this.stretches.find(({ end }) => offset < end);
    if (!stretch?.isWritten) return stretch;
    return { offset: stretch.offset + offset - (stretch.end - stretch.length), isWritten: true };
  }
}

/** Changes to a source text that keep every line where it is. */
export class Edits {
  private readonly edits: Edit[] = [];
  private readonly text: string;
  private tail = '';

  constructor(text: string) {
    this.text = text;
  }

  /** Puts one line of text in place of a range. */
  replace(start: number, end: number, ...fragments: readonly Fragment[]): void {
    const lines = this.text.slice(start, end).split('\n').length - 1;
    this.edits.push({ start, end, fragments: [...fragments, '\n'.repeat(lines)] });
  }

  insert(at: number, ...fragments: readonly Fragment[]): void {
    this.edits.push({ start: at, end: at, fragments });
  }

  remove(start: number, end: number): void {
    this.replace(start, end, '');
  }

  /** Adds text after the end of the file. */
  append(text: string): void {
    this.tail += `\n${text}`;
  }

  apply(): EditedText {
    let result = '';
    const stretches: Stretch[] = [];
    const add = (text: string, offset: number, isWritten: boolean): void => {
      result += text;
      stretches.push({ end: result.length, length: text.length, offset, isWritten });
    };
    let position = 0;
    for (const edit of this.edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
      add(this.text.slice(position, edit.start), position, true);
      for (const fragment of edit.fragments) {
        if (typeof fragment === 'string') add(fragment, edit.start, false);
        else add(this.text.slice(fragment.start, fragment.end), fragment.start, true);
      }
      position = edit.end;
    }
    add(this.text.slice(position), position, true);
    return new EditedText(this.text, result + this.tail, stretches);
  }
}
