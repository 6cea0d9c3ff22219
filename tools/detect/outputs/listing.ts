import { pluralize } from '../../terminal/pluralize';
import { terminalLine } from '../../terminal/terminal-text';
import { objectsIn, type DetectionOutput, type FoundPicture } from './found-picture';

/** What has been found, for people: a line for each picture, and one for each object. */
export class Listing implements DetectionOutput {
  private readonly parts: string[] = [];

  add(found: FoundPicture): void {
    const lines = objectsIn(found).map(({ box, score, category }) => {
      const corners = box.map((value) => value.toFixed(1).padStart(7));
      return `  ${score.toFixed(3)} ${corners.join(' ')}  ${terminalLine(category.name)}\n`;
    });
    const file = terminalLine(found.input.file);
    this.parts.push(`${file}: ${pluralize(lines.length, 'object')}\n${lines.join('')}`);
  }

  finish(): string {
    return this.parts.join('');
  }
}
