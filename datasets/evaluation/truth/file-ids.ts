import { isId, idFault } from '../../coco/entries';
import { shownValue } from '../../coco/problems';

/**
 * The ids of a file's images or categories: whole numbers, or text. pycocotools takes both, but not a mixture. Text is numbered
 * from 1 in its order.
 */
export class FileIds {
  private readonly numbers = new Map<unknown, number>();

  /** @param values those of the entries; what is no id is left out */
  constructor(values: readonly unknown[]) {
    const texts = values.filter((value) => typeof value === 'string');
    if (texts.length === 0) {
      for (const value of values) if (isId(value)) this.numbers.set(value, value);
    } else {
      [...new Set(texts)].sort(byCodePoint).forEach((text, i) => this.numbers.set(text, i + 1));
    }
  }

  /** Whether they are text. */
  get areText(): boolean {
    const [first] = this.numbers.keys();
    return typeof first === 'string';
  }

  /** The number of an id; undefined where there is no such id. */
  numberOf(value: unknown): number | undefined {
    return this.numbers.get(value);
  }

  /** What is wrong with an id of an entry. */
  faultOf(value: unknown): string {
    if (isId(value)) return `the id is ${value}, but others are text`;
    return typeof value === 'string' ? `the id ${shownValue(value)} is text` : idFault(value);
  }
}

/** As Python sorts text, other than JavaScript beyond U+FFFF. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
