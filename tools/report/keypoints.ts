import { KEYPOINT_ERRORS, type KeypointErrors } from '../../datasets/evaluation/errors/keypoint-errors';
import { bar, barTable } from '../html/bars';
import { html, type Markup } from '../html/html';

/** Where the keypoints of the objects lie that are found. */
export function keypointSection(
  { numObjects, similarities, keypoints }: KeypointErrors,
  scoreThreshold: number,
): Markup {
  const numFound = similarities.reduce((sum, count) => sum + count, 0);
  const bins = similarities.map((count, k) => ({
    name: `${(k / similarities.length).toFixed(1)} to ${((k + 1) / similarities.length).toFixed(1)}`,
    value: count / Math.max(1, numFound),
    count,
  }));
  return html`<h2>Keypoints</h2>
    <p class="muted">
      Of ${numObjects} objects with keypoints, ${numFound} are found by detections with a score of at least
      ${scoreThreshold}, at an OKS of 0.1 or more. Their labeled keypoints by where they lie, in the manner of
      Ronchi and Perona (2017). Good: a similarity, which OKS is the mean of, of 0.85 or more; jitter: 0.5 or
      more; inversion: at the place of its mirror image, left for right; swap: on another object; miss:
      anywhere else.
    </p>
    <div class="card scroll" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">keypoint</th>
            <th scope="col">labeled</th>
            ${KEYPOINT_ERRORS.map((kind) => html`<th scope="col">${kind}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${keypoints.map(row)}
        </tbody>
      </table>
    </div>
    <div class="columns">
      <div class="card">
        <h3>Objects that are found, by OKS</h3>
        ${barTable(['OKS', 'objects', 'share'], bins)}
      </div>
    </div>`;
}

function row({ name, ...counts }: KeypointErrors['keypoints'][number]): Markup {
  const labeled = KEYPOINT_ERRORS.reduce((sum, kind) => sum + counts[kind], 0);
  const share = (count: number): string => `${((100 * count) / Math.max(1, labeled)).toFixed(1)} %`;
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${labeled}</td>
    <td>${bar(counts.good / Math.max(1, labeled), share(counts.good))}</td>
    ${KEYPOINT_ERRORS.slice(1).map((kind) => html`<td>${share(counts[kind])}</td>`)}
  </tr>`;
}
