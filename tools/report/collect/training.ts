import type { StatName } from '../../../datasets/evaluation/parameters';
import type { IouType } from '../../../detection/modeling/detector';
import type { Metrics } from '../../run/folder/metrics-file';
import { metricPrefix, taskNames } from '../../run/tasks';
import type { ReportData } from '../data';

/** What metrics tell of a training: parts of a report, also of a run that is not over. */
export function trainingData(metrics: Metrics): TrainingData {
  const curve = (name: string): ReportData['losses'][number] => ({
    name,
    points: metrics.points(name),
    validation: metrics.points(`val/${name}`),
  });
  return {
    losses: ['total_loss', ...metrics.lossNames].map(curve).filter(({ points }) => points.length > 0),
    learningRate: { name: 'learning rate', points: metrics.points('lr') },
    scores: scores(metrics),
  };
}

/** The parts of a report that tell of the training. */
export type TrainingData = Pick<ReportData, 'losses' | 'learningRate' | 'scores'>;

/** AP and AP50 of each task that has been evaluated, over the run. */
function scores(metrics: Metrics): ReportData['scores'] {
  const curves = (Object.keys(taskNames) as IouType[]).map((iouType) =>
    (['AP', 'AP50'] as const).map((stat) => ({
      stat,
      iouType,
      points: metrics.points(`${metricPrefix(iouType)}${stat}`),
    })),
  );
  const measured = curves.flat().filter(({ points }) => points.length > 0);
  const isOfBoxes = measured.every(({ iouType }) => iouType === 'bbox');
  return measured.map(({ stat, iouType, points }) => ({
    name: scoreName(stat, iouType, isOfBoxes),
    points,
  }));
}

/** What a score is called. @param isOfBoxes whether there are no scores but those of boxes */
export function scoreName(stat: StatName, iouType: IouType, isOfBoxes: boolean): string {
  return isOfBoxes ? stat : `${stat} of ${taskNames[iouType]}`;
}
