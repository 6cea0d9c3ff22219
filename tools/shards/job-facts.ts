import { sha256Of } from '../../weights/file-hash';
import { locateWeights, requireWeights } from '../../weights/detectors/locate-weights';
import { namedModel } from '../config/model-name';
import { sayingDownloads } from '../run/downloads';
import type { GivenDetector } from '../run/open-detector';

/** What shares of one job have in common of their detector; its weights by what is in them, wherever they are. */
export async function detectorFactsOf(
  weights: string,
  { model, normEpsilon, minSize, maxSize, precision }: GivenDetector,
): Promise<Record<string, unknown>> {
  requireWeights(weights);
  const wanted = namedModel(model);
  const { file } = await sayingDownloads((finding) => locateWeights(weights, wanted, finding));
  return {
    weights: await sha256Of(file),
    '--model': model,
    '--norm-epsilon': normEpsilon,
    '--min-size': minSize,
    '--max-size': maxSize,
    '--precision': precision,
  };
}
