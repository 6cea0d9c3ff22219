import { pluralize } from '../terminal/pluralize';
import { terminalLine } from '../terminal/terminal-text';
import type { FoundPicture } from './found-picture';

/** What has been found in a picture, for people: a line for the picture, and one for each object. */
export function foundText({ input, detections, categories }: FoundPicture): string {
  const lines = Array.from(detections.labels, (label, k) => {
    const corners = [...detections.boxes.subarray(4 * k, 4 * k + 4)].map((value) =>
      value.toFixed(1).padStart(7),
    );
    const name = terminalLine(categories.nameOf(label));
    return `  ${detections.scores[k].toFixed(3)} ${corners.join(' ')}  ${name}\n`;
  });
  return `${terminalLine(input.file)}: ${pluralize(lines.length, 'object')}\n${lines.join('')}`;
}
