import { isId, idFault } from '../../coco/entries';
import { shownValue } from '../../coco/problems';

/**
 * The ids of a file's images or categories: numbers, or text. pycocotools takes both, but not a mixture. Text is numbered from 1
 * in its order, and as in Python true is 1.
 */
export class FileIds {
  private readonly numbers = new Map<unknown, number>();

  /** @param values those of the entries; what is no id is left out */
  constructor(values: readonly unknown[]) {
    const texts = values.filter((value) => typeof value === 'string');
    if (texts.length === 0) {
      for (const value of values) {
        const id = numberIn(value);
        if (id !== undefined) this.numbers.set(id, id);
      }
    } else {
      [...new Set(texts)].sort(byCodePoint).forEach((text, i) => this.numbers.set(text, i + 1));
    }
  }

  /** Whether they are text. */
  get areText(): boolean {
    const [first] = this.numbers.keys();
    return typeof first === 'string';
  }

  /** Those that are no whole numbers, text apart. */
  get fractions(): readonly number[] {
    return [...this.numbers.values()].filter((id) => !Number.isInteger(id));
  }

  /** The number of an id; undefined where there is no such id. */
  numberOf(value: unknown): number | undefined {
    return this.numbers.get(numberIn(value) ?? value);
  }

  /** What is wrong with an id of an entry. */
  faultOf(value: unknown): string {
    if (numberIn(value) !== undefined) return `the id is ${shownValue(value)}, but others are text`;
    return typeof value === 'string' ? `the id ${shownValue(value)} is text` : idFault(value);
  }
}

/** An id that is no text; undefined of what is none, and of whole numbers that JSON.parse has rounded. */
function numberIn(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  const isFraction = Number.isFinite(value) && !Number.isInteger(value);
  return isFraction || isId(value) ? (value as number) : undefined;
}

/** As Python sorts text, other than JavaScript beyond U+FFFF. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
