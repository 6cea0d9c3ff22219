/**
 * Writes a detector with the formula's weights as a file of PyTorch's:
 *
 *     node dist/tools/benchmarks/formula-weights-file.js '{"model":"fasterrcnn_resnet50_fpn","file":"weights.pth"}'
 */
import { loadNativeBackend } from '../../detection/backend/node';
import { createDetector } from '../../detection/modeling/definitions';
import { writePytorch } from '../../weights/formats/pytorch/pytorch-writer';
import { saveStateDict } from '../../weights/state-dict';
import { BENCHMARK_CLASSES, BENCHMARK_SEED } from './detector-batch';
import { fillWithFormula } from './formula-weights';

/** What is written where. */
export interface FormulaWeightsFile {
  readonly model: string;
  readonly file: string;
}

async function main({ model, file }: FormulaWeightsFile): Promise<void> {
  await loadNativeBackend();
  const detector = createDetector(model, { numClasses: BENCHMARK_CLASSES, norm: 'frozen' });
  fillWithFormula(detector, BENCHMARK_SEED);
  writePytorch(file, saveStateDict(detector));
}

void main(JSON.parse(process.argv[2]) as FormulaWeightsFile);
